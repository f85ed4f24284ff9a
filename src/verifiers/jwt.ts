/**
 * `verifyJwt`: verifies signed access tokens of another authorization server (RFC 9068) with its published keys.
 * Checks: size and format → algorithm → key → signature → type → issuer, audience, times → claims.
 * Every failure looks the same to the caller; only the operator gets the reason. No header of a token causes a fetch.
 */
import { errors, type JWTPayload, jwtVerify, type JWTVerifyOptions } from 'jose';
import type { OwnTokens, Verifier } from '../guard/token-source.ts';
import { isAhead } from '../lib/clock.ts';
import { anyTenant } from '../lib/microsoft.ts';
import { forLog } from '../lib/untrusted-text.ts';
import type { Tell } from '../model/access.ts';
import { otherSpelling } from '../model/resource.ts';
import type { Seconds } from '../model/store.ts';
import {
  accessOf,
  checkAudience,
  checked,
  checkSkew,
  type Claims,
  claimsIn,
  isOwn,
  isSafeUrl,
  mismatch,
  nullWith,
  type Reader,
  refuse,
  signedClaims,
  type SourceOptions,
  SourceUnavailable,
  type TokenSource,
} from './contract.ts';
import { fetchJson, makeDiscovery, makeKeySet } from './discovery.ts';
import { makeTokenCache, tokenHash } from './memory.ts';

/** Options of {@link verifyJwt}. */
export interface JwtOptions extends SourceOptions {
  /** Required `iss`, byte for byte: `https://acme.eu.auth0.com/` is not `https://acme.eu.auth0.com`. */
  readonly issuer: string;
  /** Required value in `aud`; by default the guarded resource, as RFC 8707 and MCP require. */
  readonly audience?: string | readonly string[] | undefined;
  /** URL of the keys; by default from the issuer's metadata. */
  readonly jwksUri?: string | undefined;
  /** Accepted signature algorithms. Default: ES256, ES384, EdDSA, RS256, PS256. */
  readonly algorithms?: readonly string[] | undefined;
  /** Accepted values of `typ`, without `application/`. Only `at+jwt` by default, so that ID tokens are refused. */
  readonly types?: readonly string[] | undefined;
  /** For an issuer with one URL per tenant: whether the `iss` in these claims is one of them. `issuer` is then not compared. */
  readonly acceptIssuer?: ((claims: Claims) => boolean) | undefined;
  /** Whether a token without `aud` is meant for this server. By default it is refused. */
  readonly withoutAudience?: ((claims: Claims) => boolean) | undefined;
  /** Reads user, client, scopes and permissions if the issuer does not follow RFC 9068. */
  readonly read?: Reader | undefined;
}

const OPTIONS =
  'issuer audience:string|string[] jwksUri algorithms:string[] types:string[] acceptIssuer:function withoutAudience:function read:function';
const ALGORITHMS = ['ES256', 'ES384', 'EdDSA', 'Ed25519', 'RS256', 'PS256'];
const ASYMMETRIC = /^(?:ES(?:256|384|512)|EdDSA|Ed25519|[RP]S(?:256|384|512))$/;
const MAX_LENGTH = 8192;
/** Three parts; the signature, which nothing else covers, in canonical base64url. */
const FORM = /^[\w-]+\.[\w-]+\.(?:[\w-]{4})*(?:[\w-]{4}|[\w-][AQgw]|[\w-]{2}[AEIMQUYcgkosw048])$/;
/** Seconds for which a verified token is not verified again: its signature cannot change, but the keys can. */
const REMEMBERED: Seconds = 60;
/** Claims of tokens for another purpose (OpenID Connect Core §2, Logout §2.4). */
const FOREIGN = ['nonce', 'at_hash', 'c_hash', 's_hash', 'events', 'htu', 'htm'];

/**
 * Access tokens of one issuer that are JWTs (RFC 9068), verified with the keys that the issuer publishes.
 *
 * @returns a source for a guard.
 * @throws {TypeError} at start-up, naming the option and the fix.
 * @example
 * guard({ resource: 'https://mcp.example/mcp', ...verifyJwt({ issuer: 'https://id.example' }) });
 */
export function verifyJwt(options: JwtOptions): TokenSource {
  return signedTokens('verifyJwt', options);
}

/** The same for a vendor. @param source the name in messages. */
export function signedTokens(source: string, options: JwtOptions): TokenSource {
  checked(source, options, OPTIONS);
  check(source, options);
  const {
    issuer,
    audience,
    read = () => ({}),
    acceptIssuer,
    fetch: fetcher = fetch,
    clockSkew = 30,
    programs,
    algorithms = ALGORITHMS,
  } = options;
  const own: OwnTokens = { issuers: acceptIssuer ?? [issuer] };
  const now = options.now ?? ((): Seconds => Math.floor(Date.now() / 1000));
  const types = (options.types ?? ['at+jwt']).map((one) => one.toLowerCase());
  const discover = makeDiscovery(issuer, fetcher, now);
  const findKey = makeKeySet(
    async () => {
      const url = options.jwksUri ?? (await discover()).jwksUri;
      const document = url === undefined ? null : await fetchJson(fetcher, url, 'keys');
      if (!document) throw new SourceUnavailable('keys_missing');
      return document;
    },
    { now, boundToIssuer: acceptIssuer !== undefined },
  );
  const cache = makeTokenCache();

  const claimsOf = async (token: string, resource: string, tell: Tell): Promise<Claims | null> => {
    const reject = nullWith(tell);
    const rules: JWTVerifyOptions = {
      algorithms: [...algorithms],
      clockTolerance: clockSkew,
      currentDate: new Date(now() * 1000),
      requiredClaims: ['exp', 'iss'],
      ...(acceptIssuer ? {} : { issuer }),
    };
    try {
      const { payload, protectedHeader } = await jwtVerify(token, findKey, rules);
      const { typ = '' }: { readonly typ?: unknown } = protectedHeader;
      if (typeof typ !== 'string' || !types.includes(typ.toLowerCase().replace(/^application\//, '')))
        return reject('type_wrong', mismatch('typ', types.join(' '), protectedHeader.typ));
      if (protectedHeader['zip'] !== undefined) return reject('token_compressed');
      const audiences = [audience ?? [resource, otherSpelling(resource) ?? []]].flat(2);
      if (!isForUs(payload, audiences, options.withoutAudience))
        return reject('audience_wrong', mismatch('aud', audiences.join(' '), payload.aud));
      const foreign = FOREIGN.find((name) => payload[name] !== undefined);
      if (foreign !== undefined)
        return reject('token_for_another_use', `the token has ${forLog(foreign)}, which access tokens do not have`);
      if (typeof payload.iat === 'number' && payload.iat > now() + clockSkew)
        return reject('token_not_yet_valid', mismatch('iat before', now(), payload.iat));
      return !acceptIssuer || acceptIssuer(payload) === true // a promise, of an asynchronous function, is no yes
        ? payload
        : reject('issuer_wrong', mismatch('an accepted iss for', issuer, payload.iss));
    } catch (error) {
      // Web Crypto throws a DOMException for an invalid published key.
      if (!(error instanceof errors.JOSEError || error instanceof DOMException)) throw error;
      tellJoseError(error, { issuer, algorithms, now: now(), header: claimsIn(token.split('.')[0] ?? '') }, tell);
      return null;
    }
  };

  const verify: Verifier = async (token, resource, tell = () => undefined) => {
    const reject = nullWith(tell);
    if (token.length > MAX_LENGTH) return reject('token_too_long');
    if (!FORM.test(token)) return reject('token_not_signed', 'expected a signed JWT');
    if (!isOwn(own, token)) return reject('issuer_wrong', mismatch('iss', issuer, signedClaims(token)?.['iss']));
    const hash = await tokenHash(token, resource);
    const known = cache.find(hash);
    if (known && isAhead(known.until, REMEMBERED, now())) return known.access;
    const claims = await claimsOf(token, resource, tell);
    const endsAt = Number(claims?.['exp']) + clockSkew;
    const access = claims && accessOf(claims, { resource, issuer, endsAt, read, programs, tell });
    if (access) cache.keep(hash, { access, until: Math.min(access.expiresAt, now() + REMEMBERED) });
    return access;
  };
  const fixed = [audience ?? [], options.withoutAudience ? 'none' : []].flat();
  return { authorizationServers: [issuer], verify, own: [own], fixedAudience: fixed.map((one) => `${issuer} ${one}`) };
}

/** Checks `aud`, a string or an array (RFC 7519 §4.1.3). */
function isForUs(claims: Claims, wanted: readonly string[], withoutAudience: JwtOptions['withoutAudience']): boolean {
  const { aud } = claims;
  if (aud === undefined) return withoutAudience?.(claims) === true;
  return [aud].flat().some((one) => typeof one === 'string' && wanted.includes(one));
}

function check(source: string, { issuer, acceptIssuer, jwksUri, algorithms, clockSkew = 0, audience, types }: JwtOptions): void {
  if (!isSafeUrl(issuer))
    refuse(source, 'issuer', `must be the issuer's https URL, exactly as its tokens have it in \`iss\`; it is ${JSON.stringify(issuer)}`);
  if (!acceptIssuer && anyTenant(issuer) !== undefined)
    refuse(source, 'issuer', 'is for users of many tenants, each with an issuer of its own; use entraTokens({ tenant: [the ids], … })');
  if (jwksUri !== undefined && !isSafeUrl(jwksUri)) refuse(source, 'jwksUri', `must be an https URL; it is ${JSON.stringify(jwksUri)}`);
  const weak = algorithms?.find((one) => !ASYMMETRIC.test(one));
  if (weak !== undefined) refuse(source, 'algorithms', `holds ${JSON.stringify(weak)}; name signatures with public keys, such as "ES256"`);
  checkSkew(source, clockSkew);
  if (algorithms?.length === 0) refuse(source, 'algorithms', 'is empty; leave it out for the usual ones');
  checkAudience(source, audience);
  if (types?.length === 0) refuse(source, 'types', 'is empty; name a token type, such as "at+jwt"');
}

/** What was expected of a token. */
interface Expected {
  readonly issuer: string;
  readonly algorithms: readonly string[];
  readonly now: Seconds;
  /** Members of the unverified header, for the report only. */
  readonly header: { readonly alg?: unknown; readonly kid?: unknown };
}

/** Tells the operator why `jose` refused a token: what was expected, and what the token says. */
function tellJoseError(error: unknown, { issuer, algorithms, now, header }: Expected, tell: Tell): void {
  if (error instanceof errors.JWTExpired) return tell('token_expired', mismatch('exp after', now, error.payload.exp));
  if (error instanceof errors.JWTClaimValidationFailed) return tellClaim(error.claim, error.payload, now, tell);
  if (error instanceof errors.JOSEAlgNotAllowed) return tell('algorithm_not_allowed', mismatch('alg', algorithms.join(' '), header.alg));
  if (error instanceof errors.JWKSNoMatchingKey) return tell('key_unknown', `the issuer publishes no key ${forLog(header.kid)}`);
  if (error instanceof errors.JWKSMultipleMatchingKeys) return tell('key_ambiguous', 'the token names no `kid`, and several keys would do');
  if (error instanceof errors.JOSEError && !(error instanceof errors.JWSSignatureVerificationFailed)) return tell('token_malformed');
  return tell('signature_wrong', `no key of ${forLog(issuer)} signed the token`);
}

/** The issuer is not among these claims: `isOwn` has compared it. */
function tellClaim(claim: string, payload: JWTPayload, now: Seconds, tell: Tell): void {
  const value = payload[claim];
  if (value === undefined) return tell('claim_missing', `the token has no ${forLog(claim)}`);
  if (claim === 'nbf') return tell('token_not_yet_valid', mismatch('nbf before', now, value));
  return tell('claim_malformed', `the token's ${forLog(claim)} is ${forLog(value)}`);
}
