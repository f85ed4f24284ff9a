/**
 * What ends a grant at a site, and what is an outage. Only JSON with a word that is known to mean a dead refresh token or a blocked account
 * ends it, wherever the site puts that word. A page, an empty answer and an unknown word come from a wall in front of the site, or from its
 * bad day: the grant stays.
 */
import { type Body, bodyOf } from './contract.ts';

/** Words of RFC 6749 §5.2 and OpenID Connect Core §3.1.2.6, and those of sites: the person must sign in again. */
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

/** Where a word that elsewhere is about the application is about the refresh token: Atlassian's `unauthorized_client` with 403. */
const WITH_TEXT: { readonly [word: string]: RegExp } = {
  unauthorized_client: /refresh.?token is invalid/i,
  invalid_request: /(?:invalid|expired|revoked|unknown).{0,20}refresh.?token|refresh.?token.{0,20}(?:invalid|expired|revoked|unknown)/i,
  bad_request: /(?:invalid|expired|revoked|unknown).{0,20}refresh.?token|refresh.?token.{0,20}(?:invalid|expired|revoked|unknown)/i,
};

/** A code; `Unauthorized` with a capital is the reason phrase of HTTP, which any server in between says too. */
const WORD = /^(?:[a-z_]+|[A-Z_]+)$/;

/** Members in which sites put their word: HubSpot has `status`, others a `code`, an object `error`. */
const MEMBERS = ['error', 'code', 'status', 'error_code', 'errorCode', 'type'] as const;
const TEXTS = ['error_description', 'message', 'reason', 'error_message'] as const;

/** The word that ends a grant; null for anything else. A 429 and a 5xx never do. */
export function endOf(answer: Body, status: number): string | null {
  if (status === 429 || status >= 500) return null;
  const places = [answer, bodyOf(answer['error'])];
  const words = places
    .flatMap((place) => MEMBERS.map((name) => place[name]))
    .flatMap((one) => (typeof one === 'string' && WORD.test(one) ? [one.toLowerCase()] : []));
  const text = places.flatMap((place) => TEXTS.map((name) => place[name])).filter((one) => typeof one === 'string').join(' '); // prettier-ignore
  const found = words.find((word) => ENDS.has(word) || WITH_TEXT[word]?.test(text) === true);
  return found ?? null;
}
