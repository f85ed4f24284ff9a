/** What the client gets by its retry is in `journeys/lost-answers.test.ts`. */
import { makeRuntime } from '#under-test';
import { expect, it } from 'vitest';
import type { AuthServer } from '../../src/core/auth-server.ts';
import { makeSecrets } from '../../src/core/records/secrets.ts';
import { keepForRetry } from '../../src/grants/repeated-answer.ts';
import { OAuthError } from '../../src/model/error.ts';

function keep(error: Error): Promise<void> {
  const changeGrant = (): Promise<never> => Promise.reject(error);
  const as = { secrets: makeSecrets(makeRuntime()), records: { changeGrant } } as unknown as AuthServer;
  return keepForRetry(as, 'g1', 'code', { access: 'a', refresh: null });
}

it('leaves the client with the first failure when the store is still down, and hides no fault of another kind (F-17)', async () => {
  await expect(keep(new OAuthError('temporarily_unavailable', 'store'))).resolves.toBeUndefined();
  await expect(keep(new RangeError('a fault'))).rejects.toThrow('a fault');
});
