/**
 * Tokens of an upstream: reads its token responses, as leniently as RFC 6749 §5.1 allows, and the JWTs in them; refreshes tokens (§6) and
 * revokes them (RFC 7009, or the upstream's own API). A refresh response without a refresh token means that the old one stays valid (§6).
 */
import * as oauth from 'oauth4webapi';
import { base64url, fromBase64url, fromUtf8, utf8 } from '../lib/bytes.ts';
import { isDownStatus } from '../lib/http.ts';
import { parseJson } from '../lib/json.ts';
import { isLoopbackHost } from '../lib/url.ts';
import type { Seconds } from '../model/store.ts';
import type { UpstreamTokens } from '../model/upstream.ts';
import { type Ask, type Credentials, failureOf } from './ask.ts';
import { type Body, bodyOf, type Provider, textOf, type Upstream, UpstreamError } from './contract.ts';
import type { Discover } from './discovery.ts';

const MAX_DEPTH = 32;
const MAX_JWT_DEPTH = 16;

interface Parts {
  readonly credentials: Credentials;
  readonly discover: Discover;
  readonly asker: () => Ask;
}

/** Makes the token operations for one upstream. */
export function makeTokenOperations(provider: Provider, { credentials, discover, asker }: Parts): Pick<Upstream, 'refresh' | 'revoke'> {
  const refresh: Upstream['refresh'] = async ({ tokens, now, env }) => {
    const ask = asker();
    const found = await discover(ask);
    const client = credentials.client(env, now);
    const refreshToken = textOf(tokens.refreshToken, 'refresh_token_missing');
    let answer: TokenAnswer | undefined;
    const response = await oauth.refreshTokenGrantRequest(found, client, credentials.auth(env, found), refreshToken, {
      [oauth.allowInsecureRequests]: isLoopbackHost(new URL(found.token_endpoint).hostname),
      [oauth.customFetch]: async (url, init) => {
        answer = await readAnswer(await credentials.through(ask)(url, init), provider, true);
        return answer.response;
      },
    });
    try {
      return merged(tokens, tokensOf(await oauth.processRefreshTokenResponse(found, client, response), now));
    } catch (error) {
      // If it was rotated, the old refresh token is spent: keep the new one before anything else is judged, with an expired access token.
      if (answer?.refreshToken === undefined || answer.refreshToken === refreshToken) throw error;
      return { ...tokens, refreshToken: answer.refreshToken, expiresAt: now };
    }
  };
  const revoke: Upstream['revoke'] = async ({ tokens, env }) => {
    const ask = asker();
    const found = await discover(ask);
    const client = credentials.client(env);
    if (provider.revoke) {
      await provider.revoke({ tokens, clientId: client.client_id, clientSecret: credentials.secret(env), ask });
      return true;
    }
    if (found.revocation_endpoint === undefined) return false;
    const token = tokens.refreshToken ?? tokens.accessToken; // revoking a refresh token ends its access tokens (RFC 7009 §2.1)
    const response = await oauth.revocationRequest(found, client, credentials.auth(env, found), token, {
      [oauth.allowInsecureRequests]: isLoopbackHost(new URL(found.revocation_endpoint).hostname),
      [oauth.customFetch]: credentials.through(ask),
    });
    const { error } = response.ok ? {} : bodyOf(parseJson(await response.clone().text(), MAX_DEPTH));
    if (!response.ok && error !== 'invalid_token') await oauth.processRevocationResponse(response); // Google's word for a token that is gone already
    return true;
  };
  return { refresh: (context) => refresh(context).catch(failureOf), revoke: (context) => revoke(context).catch(failureOf) };
}

/** The tokens of a response. */
export function tokensOf(answer: oauth.TokenEndpointResponse, now: Seconds): UpstreamTokens {
  const { access_token: accessToken, refresh_token: refreshToken, expires_in: expiresIn, scope } = answer;
  const expiresAt = expiresIn === undefined ? endIn(accessToken, now) : now + Math.floor(expiresIn);
  return {
    accessToken,
    ...(typeof refreshToken === 'string' && refreshToken !== '' ? { refreshToken } : {}),
    ...(expiresAt === undefined ? {} : { expiresAt }),
    ...(typeof scope === 'string' ? { scope: scope.split(/[ ,]+/).filter((one) => one !== '') } : {}), // GitHub uses commas
  };
}

/** The expiry in a JWT access token, if the response has none: an unverified hint. */
function endIn(accessToken: string, now: Seconds): Seconds | undefined {
  if (accessToken.split('.').length !== 3) return undefined;
  try {
    const { exp } = unverifiedClaims(accessToken);
    return typeof exp === 'number' && exp > now && Number.isFinite(exp) ? Math.floor(exp) : undefined;
  } catch {
    return undefined; // not a JWT
  }
}

/** Keeps what the response omits: a refresh token is never overwritten with nothing. */
function merged({ refreshToken, scope }: UpstreamTokens, next: UpstreamTokens): UpstreamTokens {
  return { ...(refreshToken === undefined ? {} : { refreshToken }), ...(scope === undefined ? {} : { scope }), ...next };
}

/** A longer lifetime than this is not a number of seconds. */
const MAX_LIFE: Seconds = 400 * 86_400;

/** A parsed token response. */
interface TokenAnswer {
  /** For `oauth4webapi`: 200 and valid members, or an error with its status. */
  readonly response: Response;
  /** The refresh token in it, even if nothing else is usable: with rotation, the old one is spent. */
  readonly refreshToken: string | undefined;
  /** The ID token as it was signed; in `response` its claims have the right types. */
  readonly idToken?: string;
}

/**
 * Parses a token response: anything with 2xx and an access token is a success. An odd member counts as unknown and is never fatal.
 *
 * @throws {UpstreamError} `refused` if it ends a grant, `broken` if it cannot be parsed.
 */
export async function readAnswer(
  response: Response,
  { repair = (body) => body, openid }: Provider,
  isRefresh: boolean,
): Promise<TokenAnswer> {
  const parsed = parsedOf(await response.text(), response.headers.get('content-type') ?? '');
  const isGood = response.status >= 200 && response.status < 300;
  if (parsed === null) throw new UpstreamError('broken', isGood ? 'token_answer_not_json' : `token_status_${response.status}`);
  const repaired = repairedBy(repair, parsed);
  const refreshToken = textIn(repaired, 'refresh_token') ?? textIn(parsed, 'refresh_token');
  const answer = (body: Body, status: number): TokenAnswer => ({
    response: Response.json(body, { status }),
    refreshToken: isGood ? refreshToken : undefined,
  });
  if (isGood && textIn(repaired, 'access_token') !== undefined) {
    const body = normalized(repaired);
    // An ID token that is not used needs no verification: sites of plain OAuth 2 send ones that do not conform.
    const idToken = isRefresh || !openid ? undefined : textIn(body, 'id_token')?.trim();
    return idToken === undefined
      ? answer({ ...body, id_token: undefined }, 200)
      : { ...answer({ ...body, id_token: withTypedClaims(idToken) }, 200), idToken };
  }
  const end = isRefresh ? endOf(repaired, response.status) : null;
  if (end !== null && refreshToken === undefined) throw new UpstreamError('refused', `refresh_${end}`);
  return answer(repaired, isGood && textIn(repaired, 'error') !== undefined ? 400 : response.status); // GitHub and Slack report errors with 200
}

/** If a repair throws, the response is an error, but its refresh token is not lost. */
function repairedBy(repair: (body: Body) => Body, body: Body): Body {
  try {
    return repair(body);
  } catch {
    return { error: 'repair_failed' };
  }
}

/** JSON, or a form, which old servers send. */
function parsedOf(text: string, type: string): Body | null {
  const parsed = parseJson(text, MAX_DEPTH);
  if (typeof parsed === 'object' && parsed !== null) return bodyOf(parsed);
  const isForm = /form-urlencoded|text\/plain/.test(type) && /^[\w.]+=[^\s<>]*$/.test(text.trim());
  return isForm ? Object.fromEntries(new URLSearchParams(text.trim())) : null;
}

function normalized(given: Body): Body {
  const { error: _error, token_type, refresh_token: _refresh, expires_in, scope, ...rest } = given;
  const life = lifeIn(expires_in);
  const scopes = Array.isArray(scope) ? scope.filter((one) => typeof one === 'string').join(' ') : scope;
  const refreshToken = textIn(given, 'refresh_token');
  return {
    ...rest,
    token_type: typeof token_type === 'string' && /^mac$/i.test(token_type) ? token_type : 'bearer', // we proved no key that a token could be bound to
    ...(refreshToken === undefined ? {} : { refresh_token: refreshToken }),
    ...(life === undefined ? {} : { expires_in: life }),
    ...(typeof scopes === 'string' ? { scope: scopes } : {}),
  };
}

function lifeIn(value: unknown): Seconds | undefined {
  const seconds = typeof value === 'string' && /^\d{1,9}(?:\.\d+)?$/.test(value) ? Number(value) : value;
  return typeof seconds === 'number' && seconds > 0 && seconds <= MAX_LIFE ? Math.ceil(seconds) : undefined;
}

function textIn(body: Body, name: string): string | undefined {
  const value = body[name];
  return typeof value === 'string' && value !== '' ? value : undefined;
}

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
const WITH_TEXT: ReadonlyMap<string, RegExp> = new Map([
  ['unauthorized_client', /refresh.?token is invalid/i],
  ['invalid_request', IS_DEAD],
  ['bad_request', IS_DEAD],
  ['invalid', /\brefresh.?token\b/i], // Strava, which names the resource
]);

/** A code. `Unauthorized` with a capital is HTTP's reason phrase, which any proxy returns too; `Bad Request` counts only with a text (Twitch). */
const WORD = /^(?:[a-z_]+|[A-Z_]+|Bad Request)$/;

/** Members in which upstreams put the code: HubSpot uses `status`, others `code`, an object `error` or a list `errors`. */
const MEMBERS = ['error', 'code', 'status', 'error_code', 'errorCode', 'errorType', 'type'] as const;
const TEXTS = ['resource', 'error_description', 'message', 'reason', 'error_message'] as const;

/**
 * The code of a failed refresh that ends the grant at the upstream; null for anything else. Only JSON with an error code that is known to mean
 * an invalid refresh token or a blocked account ends it. A page, an empty response or an unknown code may come from a proxy in front of the
 * upstream, or from an incident: the grant stays.
 */
function endOf(answer: Body, status: number): string | null {
  if (isDownStatus(status)) return null;
  const { errors } = answer;
  const objects = [answer, bodyOf(answer['error']), ...(Array.isArray(errors) ? errors.map(bodyOf) : [])];
  const words = objects
    .flatMap((object) => MEMBERS.map((name) => object[name]))
    .flatMap((one) => (typeof one === 'string' && WORD.test(one) ? [one.toLowerCase().replace(' ', '_')] : []));
  const text = objects.flatMap((object) => TEXTS.map((name) => object[name])).filter((one) => typeof one === 'string').join(' '); // prettier-ignore
  const found = words.find((word) => ENDS.has(word) || WITH_TEXT.get(word)?.test(text) === true);
  return found ?? null;
}

/** The unverified claims of a JWT: before its verification, or where TLS to the token endpoint is the proof (OIDC Core §3.1.3.7, 6). @throws {UpstreamError} if it is not one. */
export function unverifiedClaims(token: unknown): Body {
  return partOf(token, 1);
}

/** The unverified header of a JWT. @throws {UpstreamError} if it is not one. */
export function unverifiedHeader(token: unknown): Body {
  return partOf(token, 0);
}

/** The unverified claims of a text that looks like a signed JWT; undefined for any other. */
export function claimsIn(text: string): Body | undefined {
  return /^[\w-]+\.[\w-]+\.[\w-]+$/.test(text) ? unverifiedClaims(text) : undefined;
}

/**
 * An ID token with its claims in the types that the specification gives them: some sites write times as text, the subject as a number, or
 * `null`. Only to judge the claims: the signature is that of the original.
 */
export function withTypedClaims(token: string): string {
  const [header, , signature] = token.split('.');
  const claims: Record<string, unknown> | undefined = claimsIn(token);
  if (!claims) return token;
  for (const name of ['exp', 'iat', 'nbf', 'auth_time']) claims[name] = timeOf(claims[name]);
  claims['iat'] ??= 0; // OpenID Connect Core §2 requires it, and nothing here depends on it
  if (Number.isSafeInteger(claims['sub'])) claims['sub'] = String(claims['sub']);
  if (claims['azp'] === null || claims['azp'] === '') delete claims['azp'];
  return [header, base64url(utf8(JSON.stringify(claims))), signature].join('.');
}

function timeOf(value: unknown): unknown {
  const time = typeof value === 'string' && /^\d{1,12}$/.test(value) ? Number(value) : value;
  return time === null || (typeof time === 'number' && time < 0) ? undefined : time;
}

function partOf(token: unknown, part: 0 | 1): Body {
  let claims: unknown;
  try {
    const bytes = fromBase64url(String(token).split('.')[part] ?? '');
    claims = bytes && parseJson(fromUtf8(bytes), MAX_JWT_DEPTH);
  } catch {
    // not UTF-8, so not JSON
  }
  if (typeof claims !== 'object' || claims === null) throw new UpstreamError('broken', 'jwt_malformed');
  return bodyOf(claims);
}
