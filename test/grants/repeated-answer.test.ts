/** What the client gets by its retry is in `journeys/lost-answers.test.ts`. */
import { makeRuntime } from '#under-test';
import { expect, it } from 'vitest';
import type { AuthServer } from '../../src/core/auth-server.ts';
import { makeSecrets } from '../../src/core/records/secrets.ts';
import { sealTokens } from '../../src/grants/token-request.ts';
import { keepForRetry, openSealedTokens, repeatAnswer } from '../../src/grants/repeated-answer.ts';
import { OAuthError } from '../../src/model/error.ts';
import type { Grant } from '../../src/model/grant.ts';

function keep(error: Error): Promise<void> {
  const changeGrant = (): Promise<never> => Promise.reject(error);
  const as = { secrets: makeSecrets(makeRuntime()), records: { changeGrant } } as unknown as AuthServer;
  return keepForRetry(as, 'g1', 'code', { access: 'a', refresh: null });
}

it('leaves the client with the first failure when the store is still down, and hides no fault of another kind (F-17)', async () => {
  await expect(keep(new OAuthError('temporarily_unavailable', 'store'))).resolves.toBeUndefined();
  await expect(keep(new RangeError('a fault'))).rejects.toThrow('a fault');
});

it('repeats the scope and the end of the access token that was given, not those of another', async () => {
  const as = { secrets: makeSecrets(makeRuntime()), now: () => 1000 } as unknown as AuthServer;
  const entry = async (token: string, scope: string) => ({ hash: await as.secrets.hash(token), scope: [scope], expiresAt: 2000 });
  const access = [await entry('first', 'read'), await entry('second', 'write'), await entry('third', 'read')];
  const grant = { access, refresh: null, scope: ['all'], resource: 'https://mcp.example/' } as unknown as Grant;
  const repeated = async (token: string) => repeatAnswer(as, grant, { access: token, refresh: null });
  expect(await repeated('second')).toMatchObject({ accessToken: 'second', refreshToken: null, scope: ['write'], expiresAt: 2000 });
  expect(await repeated('dropped')).toMatchObject({ accessToken: 'dropped', scope: ['all'], expiresAt: 1000 });
});

it('opens sealed tokens with the token that sealed them, and fails with any other', async () => {
  const as = { secrets: makeSecrets(makeRuntime()) } as unknown as AuthServer;
  const given = { access: 'a', refresh: 'r' };
  const sealed = await sealTokens(as, 'g1', 'old', given);
  expect(await openSealedTokens(as, 'g1', 'old', sealed)).toEqual(given);
  for (const [grantId, presented] of [['g1', 'other'], ['g2', 'old']] as const)
    await expect(openSealedTokens(as, grantId, presented, sealed)).rejects.toThrow('cannot be opened with the token that sealed them');
}); // prettier-ignore
