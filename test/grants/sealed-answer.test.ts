import { makeRuntime } from '#under-test';
import { expect, it } from 'vitest';
import type { AuthServer } from '../../src/core/auth-server.ts';
import { makeSecrets } from '../../src/core/records/secrets.ts';
import { boundTo, sealTokens } from '../../src/grants/sealed-answer.ts';

it('seals tokens for the holder of what was presented, and for one grant only', async () => {
  const secrets = makeSecrets(makeRuntime());
  const given = { access: 'a', refresh: 'r' };
  const sealed = await sealTokens({ secrets } as AuthServer, 'g1', 'code', given);
  expect(await secrets.openUnder('code', sealed, boundTo('g1'))).toEqual(given);
  expect(await secrets.openUnder('code', sealed, boundTo('g2'))).toBeNull();
  expect(await secrets.openUnder('other', sealed, boundTo('g1'))).toBeNull();
});
