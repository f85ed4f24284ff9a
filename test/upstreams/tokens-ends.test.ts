/** Which failed refresh ends the grant: known codes in JSON, wherever a site puts them, and nothing else. */
import { describe, expect, it } from 'vitest';
import type { Provider } from '../../src/upstreams/contract.ts';
import { readAnswer } from '../../src/upstreams/tokens.ts';

/** The code that ends the grant; null if it stays. */
async function endOf(body: object, status = 400): Promise<string | null> {
  const response = Response.json(body, { status });
  return readAnswer(response, { openid: true } as Provider, true).then(
    () => null,
    ({ failure, reason }: { failure: string; reason: string }) => (failure === 'refused' ? reason.replace(/^refresh_/, '') : expect.unreachable(reason)),
  );
} // prettier-ignore

describe('upstreams/tokens, a failed refresh', () => {
  it('ends the grant for each known code', async () => {
    const codes =
      'invalid_grant access_denied unauthorized expired_token token_expired token_revoked invalid_refresh_token bad_refresh_token refresh_token_expired refresh_token_revoked refresh_token_invalid expired_refresh_token revoked_token interaction_required consent_required login_required sso_required saml_required mfa_required mfa_enrollment mfa_enrollment_required mfa_registration_required_for_device account_inactive account_suspended account_disabled account_deleted account_blocked user_inactive inactive_user user_suspended user_disabled user_deleted user_blocked inactive_org admin_policy_enforced user_removed_from_team unknown_or_invalid_refresh_token'; // prettier-ignore
    for (const code of codes.split(' ')) expect([await endOf({ error: code }), await endOf({ error: code.toUpperCase() })]).toEqual([code, code]); // prettier-ignore
  });

  it('finds the code where sites put it', async () => {
    for (const name of ['error', 'code', 'status', 'error_code', 'errorCode', 'errorType', 'type'])
      for (const body of [{ [name]: 'invalid_grant' }, { error: { [name]: 'invalid_grant' } }, { errors: [{ x: 1 }, { [name]: 'invalid_grant' }] }])
        expect(await endOf(body)).toBe('invalid_grant');
    expect(await endOf({ code: 7, error: null, type: 'invalid_grant' })).toBe('invalid_grant');
  }); // prettier-ignore

  it('needs a text about the refresh token beside a code that means other things too', async () => {
    for (const [code, text] of [
      ['unauthorized_client', 'refresh_token is invalid'], ['unauthorized_client', 'The refreshtoken is invalid'],
      ['invalid_request', 'invalid refresh token'], ['invalid_request', 'expired or unknown refreshtoken'], ['bad_request', 'The refresh token was revoked'],
      ['bad_request', 'RefreshToken expired'], ['invalid_request', 'invalid or missing refresh token'], ['invalid_request', 'Value passed for the token was invalid.'],
      ['invalid', 'refresh_token'], ['invalid', 'RefreshToken'],
    ])
      for (const name of ['resource', 'error_description', 'message', 'reason', 'error_message'])
        expect([code, text, name, await endOf({ error: code, [name]: text })]).toEqual([code, text, name, code]);
    for (const [code, text] of [
      ['unauthorized_client', 'client is invalid'], ['constructor', 'refresh token is invalid'], ['__proto__', 'invalid refresh token'], ['invalid_request', 'invalid client'], ['bad_request', 'refresh the page'], ['invalid', 'Application'],
      ['invalid_request', `invalid ${'x'.repeat(30)} refresh token`], ['invalid_client', 'refresh_token is invalid'], ['invalid', 'norefresh_tokens'],
    ])
      expect([code, text, await endOf({ error: code, message: text, reason: 7 })]).toEqual([code, text, null]);
  }); // prettier-ignore

  it('keeps the grant for any other word, and at an outage whatever it says', async () => {
    for (const error of ['server_error', 'Unauthorized', 'invalid_grant!', '1invalid_grant', 'Invalid_grant', 7, null, [], {}]) expect(await endOf({ error })).toBeNull();
    expect([await endOf({}), await endOf({ errors: 'invalid_grant' }), await endOf({ error: 'invalid_request', message: ['invalid refresh token'] })]).toEqual([null, null, null]);
    for (const status of [429, 500, 502, 503]) expect(await endOf({ error: 'invalid_grant' }, status)).toBeNull();
    expect(await endOf({ error: 'UNAUTHORIZED' }, 401)).toBe('unauthorized');
  }); // prettier-ignore
});
