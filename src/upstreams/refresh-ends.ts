/**
 * Decides whether a failed refresh ends the grant at the upstream or is an outage. Only JSON with an error code that is known to mean an
 * invalid refresh token or a blocked account ends it, wherever the upstream puts that code. A page, an empty response or an unknown code
 * may come from a proxy in front of it, or from an incident: the grant stays.
 */
import { isDownStatus } from '../lib/host-down.ts';
import { type Body, bodyOf } from './contract.ts';

/** Codes of RFC 6749 §5.2 and OpenID Connect Core §3.1.2.6, and of upstreams: the user must sign in again. */
const ENDS = new Set(
  (
    'invalid_grant access_denied unauthorized expired_token token_expired token_revoked invalid_refresh_token bad_refresh_token ' +
    'refresh_token_expired refresh_token_revoked refresh_token_invalid expired_refresh_token revoked_token ' +
    'interaction_required consent_required login_required sso_required saml_required mfa_required mfa_enrollment mfa_enrollment_required ' +
    'mfa_registration_required_for_device account_inactive account_suspended account_disabled account_deleted account_blocked ' +
    'user_inactive inactive_user user_suspended user_disabled user_deleted user_blocked inactive_org admin_policy_enforced ' +
    'user_removed_from_team unknown_or_invalid_refresh_token'
  ).split(' '),
);

/** A text that says what is wrong with the refresh token. The last one is X's. */
const IS_DEAD =
  /(?:invalid|expired|revoked|unknown).{0,20}refresh.?token|refresh.?token.{0,20}(?:invalid|expired|revoked|unknown)|\btoken was invalid/i;

/** Codes that are about the refresh token only together with this text: for example Atlassian's `unauthorized_client` with 403. */
const WITH_TEXT: { readonly [word: string]: RegExp } = {
  unauthorized_client: /refresh.?token is invalid/i,
  invalid_request: IS_DEAD,
  bad_request: IS_DEAD,
  invalid: /\brefresh.?token\b/i, // Strava, which names the resource
};

/** A code. `Unauthorized` with a capital is HTTP's reason phrase, which any proxy returns too. */
const WORD = /^(?:[a-z_]+|[A-Z_]+)$/;

/** Members in which upstreams put the code: HubSpot uses `status`, others `code`, an object `error` or a list `errors`. */
const MEMBERS = ['error', 'code', 'status', 'error_code', 'errorCode', 'errorType', 'type'] as const;
const TEXTS = ['resource', 'error_description', 'message', 'reason', 'error_message'] as const;

/** The code that ends a grant; null for anything else. An outage never does. */
export function endOf(answer: Body, status: number): string | null {
  if (isDownStatus(status)) return null;
  const { errors } = answer;
  const objects = [answer, bodyOf(answer['error']), ...(Array.isArray(errors) ? errors.map(bodyOf) : [])];
  const words = objects
    .flatMap((object) => MEMBERS.map((name) => object[name]))
    .flatMap((one) => (typeof one === 'string' && WORD.test(one) ? [one.toLowerCase()] : []));
  const text = objects.flatMap((object) => TEXTS.map((name) => object[name])).filter((one) => typeof one === 'string').join(' '); // prettier-ignore
  const found = words.find((word) => ENDS.has(word) || WITH_TEXT[word]?.test(text) === true);
  return found ?? null;
}
