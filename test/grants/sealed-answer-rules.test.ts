/** Tokens that are derived from the one that they replace: the same ones again for who has it and the nonce, and the way back where it is wanted. */
import { makeRuntime } from '#under-test';
import { describe, expect, it } from 'vitest';
import type { AuthServer } from '../../src/core/auth-server.ts';
import { makeSecrets } from '../../src/core/records/secrets.ts';
import { deriveTokens } from '../../src/grants/sealed-answer.ts';
import { familyOf } from '../../src/model/token.ts';

const secrets = makeSecrets(makeRuntime());
const as = { secrets } as AuthServer;
const GRANT = 'G'.repeat(22);

describe('grants/sealed-answer: derived tokens', () => {
  it('are the same for the same token and nonce, of its family, and lead back to it only where that is wanted', async () => {
    const presented = (await secrets.mint(GRANT)).refreshToken ?? '';
    const proof = { ...(await secrets.refreshProof(presented)), familyHash: 'hash of the family' };
    const derive = (nonce: string, leadsBack: boolean) => deriveTokens(as, proof, presented, { nonce, grantId: GRANT, leadsBack } as never);
    const [one, same, other] = [await derive('n', false), await derive('n', false), await derive('m', false)];
    expect([one.accessToken, one.refreshToken]).toEqual([same.accessToken, same.refreshToken]);
    expect([one.accessToken === other.accessToken, one.refreshToken === other.refreshToken]).toEqual([false, false]);
    expect([familyOf(one.refreshToken ?? ''), one.refresh?.familyHash]).toEqual([familyOf(presented), proof.familyHash]);
    expect(await secrets.padBefore(one.refreshToken ?? '')).toBeNull();
    const back = await derive('n', true);
    expect([await secrets.padBefore(back.refreshToken ?? ''), back.refresh?.familyHash]).toEqual([proof.pad, proof.familyHash]);
  });
});
