/** Maps every error of `oauth4webapi` to an `UpstreamError`. Only known error codes of an upstream are passed on. */
import { AuthorizationResponseError, ResponseBodyError, OperationProcessingError, UnsupportedOperationError } from 'oauth4webapi';
import { UpstreamError } from './contract.ts';

/** Error codes that may appear in an event (RFC 6749 §4.1.2.1, §5.2; OpenID Connect Core §3.1.2.6; GitHub, Slack). */
const KNOWN = new Set(
  (
    'access_denied invalid_request invalid_client invalid_grant unauthorized_client unsupported_grant_type unsupported_response_type ' +
    'invalid_scope server_error temporarily_unavailable interaction_required login_required consent_required account_selection_required ' +
    'bad_refresh_token invalid_refresh_token token_revoked account_inactive bad_verification_code incorrect_client_credentials redirect_uri_mismatch unverified_user_email application_suspended ' +
    'repair_failed bad_client_secret invalid_client_id bad_redirect_uri invalid_code code_already_used'
  ).split(' '),
);

/** Throws the error as an `UpstreamError`; an error that is not an upstream's response is thrown unchanged. */
export function failureOf(error: unknown): never {
  if (error instanceof AuthorizationResponseError) throw new UpstreamError('declined', deniedOr(error.error));
  if (error instanceof ResponseBodyError) throw new UpstreamError('broken', `token_${known(error.error)}`);
  if (error instanceof OperationProcessingError) {
    const inner: unknown = error.cause;
    if (inner instanceof UpstreamError) throw inner;
    throw new UpstreamError('broken', (error.code ?? 'oauth_invalid').toLowerCase());
  }
  if (error instanceof UnsupportedOperationError) throw new UpstreamError('broken', 'oauth_unsupported');
  if (error instanceof Error && error.name === 'WWWAuthenticateChallengeError') throw new UpstreamError('broken', 'token_challenge');
  throw error;
}

/** The error of a callback. Apple and LinkedIn have words of their own for a user who cancels: `user_cancelled_authorize`, `user_cancelled_login`. */
function deniedOr(code: string): string {
  return /^user_cancell?ed/.test(code) ? 'access_denied' : known(code);
}

function known(code: string): string {
  return KNOWN.has(code) ? code : 'other';
}
