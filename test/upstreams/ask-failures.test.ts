/** What each error of `oauth4webapi` becomes: no word of an upstream gets into an event but the known codes. */
import { AuthorizationResponseError, OperationProcessingError, ResponseBodyError, UnsupportedOperationError } from 'oauth4webapi';
import { describe, expect, it } from 'vitest';
import { failureOf } from '../../src/upstreams/ask.ts';
import { UpstreamError } from '../../src/upstreams/contract.ts';

/** How the error goes on: `failure reason`, or the error itself. */
function becomes(error: unknown): unknown {
  try {
    return failureOf(error);
  } catch (thrown) {
    return thrown instanceof UpstreamError ? `${thrown.failure} ${thrown.reason}` : thrown;
  }
}
const denied = (error: string): unknown => becomes(new AuthorizationResponseError('no', { cause: new URLSearchParams({ error }) }));
const answered = (error: string): unknown =>
  becomes(new ResponseBodyError('no', { cause: { error }, response: new Response(null, { status: 400 }) }));

describe('upstreams/ask, failures of oauth4webapi', () => {
  it('names a known error code, and no other text of the upstream', () => {
    const known =
      'access_denied invalid_request invalid_client invalid_grant unauthorized_client unsupported_grant_type unsupported_response_type invalid_scope server_error temporarily_unavailable interaction_required login_required consent_required account_selection_required bad_refresh_token invalid_refresh_token token_revoked account_inactive bad_verification_code incorrect_client_credentials redirect_uri_mismatch unverified_user_email application_suspended repair_failed bad_client_secret invalid_client_id bad_redirect_uri invalid_code code_already_used'; // prettier-ignore
    for (const code of known.split(' ')) expect([denied(code), answered(code)]).toEqual([`declined ${code}`, `broken token_${code}`]);
    for (const code of ['secret-of-a-user', '', 'Access_denied']) expect([denied(code), answered(code)]).toEqual(['declined other', 'broken token_other']);
  }); // prettier-ignore

  it('takes a cancelled sign-in for a denial, as Apple and LinkedIn name it', () => {
    expect([denied('user_cancelled_authorize'), denied('user_canceled'), denied('not_user_cancelled')]).toEqual(['declined access_denied', 'declined access_denied', 'declined other']); // prettier-ignore
  });

  it('keeps our own error that was the cause, and names the check that failed otherwise', () => {
    const own = new UpstreamError('unavailable', 'deadline');
    expect(becomes(new OperationProcessingError('no', { cause: own }))).toBe('unavailable deadline');
    expect(becomes(new OperationProcessingError('no', { code: 'OAUTH_INVALID_RESPONSE', cause: new Error('x') }))).toBe('broken oauth_invalid_response'); // prettier-ignore
    expect(becomes(new OperationProcessingError('no'))).toBe('broken oauth_invalid');
  });

  it('calls what is not supported, and a challenge in place of an answer, broken', () => {
    expect(becomes(new UnsupportedOperationError('no'))).toBe('broken oauth_unsupported');
    expect(becomes(Object.assign(new Error('no'), { name: 'WWWAuthenticateChallengeError' }))).toBe('broken token_challenge');
  });

  it('throws on what is no answer of an upstream, unchanged', () => {
    for (const error of [new TypeError('`clientId` has no value'), new UpstreamError('broken', 'x'), { name: 'WWWAuthenticateChallengeError' }])
      expect(becomes(error)).toBe(error instanceof UpstreamError ? 'broken x' : error);
  }); // prettier-ignore
});
