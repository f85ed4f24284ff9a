/**
 * `verifyIntrospection`: verifies opaque tokens of another authorization server by introspection (RFC 7662). A result is cached for a few
 * seconds, during which a revoked token is still accepted.
 */
import type { OwnTokens, Verifier } from '../guard/token-source.ts';
import { isAhead } from '../lib/clock.ts';
import { makeSingleFlight } from '../lib/single-flight.ts';
import type { Checked, Tell } from '../model/access.ts';
import { otherSpelling } from '../model/resource.ts';
import type { Seconds } from '../model/store.ts';
import {
  accessOf,
  checkAudience,
  checked,
  checkSkew,
  type Claims,
  isOwn,
  isSafeUrl,
  listClaim,
  mismatch,
  nullWith,
  type Reader,
  refuse,
  signedClaims,
  type SourceOptions,
  SourceUnavailable,
  textClaim,
  type TokenSource,
} from './contract.ts';
import { fetchJson, makeDiscovery } from './discovery.ts';
import { makeTokenCache, type CachedResult, tokenHash } from './memory.ts';

/** Options of {@link verifyIntrospection}. */
export interface IntrospectionOptions extends SourceOptions {
  /** The issuer, exactly as it calls itself. */
  readonly issuer: string;
  /** Introspection endpoint; by default from the issuer's metadata. */
  readonly endpoint?: string | undefined;
  /** The client that is registered for this resource server. */
  readonly clientId: string;
  /** Secret of the client that introspects tokens. */
  readonly clientSecret: string;
  /** Required value in `aud`; the guarded resource by default. A response without `aud` is refused. */
  readonly audience?: string | readonly string[] | undefined;
  /** Skips the check of `aud`, and so accepts every token that the issuer made for anyone. */
  readonly dangerouslyAcceptAnyAudience?: boolean | undefined;
  /** Seconds for which a result is cached: 0 (ask on every request) to 300; 5 by default. */
  readonly cache?: Seconds | undefined;
  /** Prefix of its opaque tokens: required in `anyOf` together with another source of opaque tokens. */
  readonly prefix?: string | undefined;
  /** Reads user, client, scopes and permissions if the issuer does not follow RFC 7662. */
  readonly read?: Reader | undefined;
}

const MAX_LENGTH = 8192;
/** New tokens that turn out to be invalid, per window, before other new tokens must wait. */
const MAX_WORTHLESS = 200;
const WINDOW: Seconds = 10;

/**
 * Opaque tokens of one issuer, verified by introspection (RFC 7662). An answer of the issuer counts for five seconds, or as `cache` says.
 *
 * @throws {TypeError} at start-up, naming the option and the fix.
 * @example
 * const source = verifyIntrospection({ issuer: 'https://id.example', clientId: 'mcp', clientSecret: 'secret' });
 * guard({ resource: 'https://mcp.example/mcp', ...source });
 */
export function verifyIntrospection(options: IntrospectionOptions): TokenSource {
  checked(
    'verifyIntrospection',
    options,
    'issuer endpoint clientId:string clientSecret:string audience:string|string[] dangerouslyAcceptAnyAudience:boolean cache prefix:string read:function',
  );
  check(options);
  const {
    issuer,
    clientId,
    clientSecret,
    fetch: fetcher = fetch,
    cache = 5,
    read = () => ({}),
    clockSkew = 30,
    prefix,
    programs,
  } = options;
  const now = options.now ?? ((): Seconds => Math.floor(Date.now() / 1000));
  const discover = makeDiscovery(issuer, fetcher, now);
  const authorization = `Basic ${btoa(`${formEncoded(clientId)}:${formEncoded(clientSecret)}`)}`;
  const own: OwnTokens = { prefix, issuers: [issuer], opaque: true };
  const memory = makeTokenCache();
  const flight = makeSingleFlight<CachedResult>();
  const limit = makeLimit(now);

  const ask = async (token: string, resource: string, tell: Tell): Promise<Checked | null> => {
    const url = options.endpoint ?? (await discover()).introspectionEndpoint;
    if (url === undefined) throw new SourceUnavailable('introspection_endpoint_missing');
    const body = new URLSearchParams({ token, token_type_hint: 'access_token' }).toString();
    const headers = { authorization, 'content-type': 'application/x-www-form-urlencoded' };
    const claims = await fetchJson(fetcher, url, 'introspection', { method: 'POST', headers, body });
    if (!claims) throw new SourceUnavailable('introspection_not_found');
    const { exp } = claims; // optional (RFC 7662 §2.2); without it the token is valid as long as this response is cached
    const endsAt = typeof exp === 'number' ? exp + clockSkew : now() + Math.max(cache, 1);
    const problem = problemOf(claims, resource) ?? (endsAt > now() ? null : ['token_expired', mismatch('exp after', now(), exp)]);
    if (problem) tell(...problem);
    return problem ? null : accessOf(claims, { resource, issuer, endsAt, read, programs, tell });
  };
  const problemOf = (claims: Claims, resource: string): Parameters<Tell> | null => {
    if (claims['active'] !== true) return ['token_inactive', 'the authorization server says that the token is not active'];
    if (claims['iss'] !== undefined && claims['iss'] !== issuer) return ['issuer_wrong', mismatch('iss', issuer, claims['iss'])];
    if (/^dpop$/i.test(textClaim(claims, 'token_type') ?? '') && claims['cnf'] === undefined) return ['key_not_named']; // bound, but the key is missing
    if (typeof claims['nbf'] === 'number' && claims['nbf'] - clockSkew > now())
      return ['token_not_yet_valid', mismatch('nbf before', now(), claims['nbf'])];
    const wanted = [options.audience ?? [resource, otherSpelling(resource) ?? []]].flat(2);
    const isForUs = options.dangerouslyAcceptAnyAudience === true || audiencesOf(claims).some((one) => wanted.includes(one));
    return isForUs ? null : ['audience_wrong', mismatch('aud', wanted.join(' '), claims['aud'])];
  };

  const verify: Verifier = async (token, resource, tell) => {
    const reject = nullWith(tell);
    if (token.length > MAX_LENGTH) return reject('token_too_long');
    if (!isOwn(own, token)) return reject('issuer_wrong', mismatch('iss', issuer, signedClaims(token)?.['iss']));
    const { access, why } = await flight(`${resource}\n${token}`, async () => {
      const hash = await tokenHash(token, resource);
      const known = memory.find(hash);
      if (known && isAhead(known.until, cache, now())) return known;
      const wasGood = known !== undefined && known.access !== null;
      if (!wasGood) limit.take();
      let problem: Parameters<Tell> | undefined;
      const found = await ask(token, resource, (...reason) => (problem = reason));
      if (found && !wasGood) limit.giveBack();
      const until = Math.min(now() + cache, found?.expiresAt ?? Number.POSITIVE_INFINITY);
      const result = { access: found, until, ...(problem && { why: problem }) };
      memory.keep(hash, result);
      return result;
    });
    if (why) tell?.(...why);
    return access;
  };
  const fixed = options.dangerouslyAcceptAnyAudience === true ? ['*'] : [options.audience ?? []].flat();
  return { authorizationServers: [issuer], verify, own: [own], fixedAudience: fixed.map((one) => `${issuer} ${one}`) };
}

/** Limits callers that make us introspect invalid tokens. Tokens that were valid before never wait. */
function makeLimit(now: () => Seconds): { readonly take: () => void; readonly giveBack: () => void } {
  let [used, since] = [0, 0];
  return {
    take() {
      if (!isAhead(since + WINDOW, WINDOW, now())) [used, since] = [0, now()];
      if (used >= MAX_WORTHLESS) throw new SourceUnavailable('introspection_limited', { retryAfter: since + WINDOW - now() });
      used += 1;
    },
    giveBack() {
      used = Math.max(0, used - 1);
    },
  };
}

/** The audiences in `aud`: URIs without spaces, as a string or an array. */
function audiencesOf(claims: Claims): readonly string[] {
  const { aud } = claims;
  return typeof aud === 'string' ? [aud] : listClaim(claims, 'aud');
}

/** Form-encodes an id or secret before they are joined (RFC 6749 §2.3.1). */
function formEncoded(text: string): string {
  return new URLSearchParams({ x: text }).toString().slice(2);
}

function check({ issuer, endpoint, clientId, clientSecret, cache = 0, prefix, clockSkew = 0, audience }: IntrospectionOptions): void {
  if (!isSafeUrl(issuer)) refuse('verifyIntrospection', 'issuer', `must be the issuer's https URL; it is ${JSON.stringify(issuer)}`);
  if (endpoint !== undefined && !isSafeUrl(endpoint))
    refuse('verifyIntrospection', 'endpoint', `must be an https URL; it is ${JSON.stringify(endpoint)}`);
  if (!clientId || !clientSecret)
    refuse('verifyIntrospection', 'clientId', 'and `clientSecret` are needed: only clients that the issuer knows may ask (RFC 7662 §2.1)');
  if (prefix === '')
    refuse('verifyIntrospection', 'prefix', 'is empty; name what all opaque tokens of this issuer begin with, or leave it out');
  if (!Number.isInteger(cache) || cache < 0 || cache > 300) refuse('verifyIntrospection', 'cache', 'must be 0 to 300 seconds');
  checkSkew('verifyIntrospection', clockSkew);
  checkAudience('verifyIntrospection', audience);
}
