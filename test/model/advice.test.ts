import { afterEach, expect, it, vi } from 'vitest';
import { adviceOn, refusalLine } from '../../src/model/advice.ts';

const refusal = { endpoint: 'token', code: 'invalid_grant', reason: 'code_expired', detail: 'after 60 seconds' };

afterEach(() => void vi.unstubAllGlobals());

it('says the reason and what to do', async () => {
  expect(await adviceOn(refusal)).toMatch(/^\[code_expired: after 60 seconds: The authorization code was not exchanged in time;.*\]$/);
  expect(await refusalLine(refusal)).toMatch(
    /^portcullis: token refused a request with invalid_grant: code_expired \(after 60 seconds\)\. The /,
  );
});

it.each([
  ['of a token request', refusal, 'token refused a request with invalid_grant: code_expired (after 60 seconds)'],
  ['of a sign-in', { login: 'own', reason: 'credentials_wrong' }, 'sign-in with own failed: credentials_wrong'],
])('says the reason alone %s where NODE_ENV is production', async (_, told, line) => {
  vi.stubGlobal('process', { env: { NODE_ENV: 'production' } });
  expect([await adviceOn(refusal), await refusalLine(told)]).toEqual(['[code_expired: after 60 seconds]', `portcullis: ${line}`]);
});

it('says what to do where there is no process', async () => {
  vi.stubGlobal('process', undefined);
  expect(await adviceOn(refusal)).toContain('The authorization code was not exchanged in time');
});
