/**
 * `verifyJwt`: access tokens that another authorization server signed (RFC 9068), checked against its published keys.
 * Order: size and form → type and algorithm → key → signature → issuer, audience, times → what the claims say.
 * No answer differs by what was wrong, which the operator alone is told; no header of a token makes us fetch anything.
 */
import { errors, jwtVerify, type JWTVerifyOptions } from 'jose';
import type { OwnTokens, Verifier } from '../guard/token-source.ts';
import type { Tell } from '../model/access.ts';
import { otherSpelling } from '../model/resource.ts';
import { checkNames } from '../lib/names.ts';
import { forLog } from '../lib/shown.ts';
import type { Seconds } from '../model/store.ts';
import { accessOf } from './access-of.ts';
import {
  mismatch,
  isSafeUrl,
  nullWith,
  refuse,
  SourceUnavailable,
  type Claims,
  type Reader,
  type SourceOptions,
  type TokenSource,
} from './contract.ts';
import { makeDiscovery } from './discovery.ts';
import { fetchJson } from './fetch-json.ts';
import { makeKeySet } from './key-set.ts';
import { makeTokenCache, tokenHash } from './memory.ts';
import { claimsIn, isOwn, signedClaims } from './own.ts';
import { tellJoseError } from './why-not.ts';

/** Options of {@link verifyJwt}. */
export interface JwtOptions extends SourceOptions {
  /** What `iss` must be, byte for byte: `https://acme.eu.auth0.com/` is not `https://acme.eu.auth0.com`. */
  readonly issuer: string;
  /** What `aud` must be or hold. Default: the guarded resource itself, as RFC 8707 and MCP want it. */
  readonly audience?: string | readonly string[];
  /** Where the keys are. Default: where the issuer's metadata says. */
  readonly jwksUri?: string;
  /** Signature algorithms that are accepted. Default: ES256, ES384, EdDSA, RS256, PS256. */
  readonly algorithms?: readonly string[];
  /** Values of the header `typ` that are accepted, without `application/`. Default: `at+jwt` alone, so that no ID token passes. */
  readonly types?: readonly string[];
  /** For an issuer with a name per tenant: says whether these claims' `iss` is one of its names. `issuer` is then not compared. */
  readonly acceptIssuer?: (claims: Claims) => boolean;
  /** Says whether a token without `aud` is meant for us all the same. Default: none is. */
  readonly withoutAudience?: (claims: Claims) => boolean;
  /** Reads user, client, scopes and permissions where the issuer puts them elsewhere than RFC 9068. */
  readonly read?: Reader;
}

const ALGORITHMS = ['ES256', 'ES384', 'EdDSA', 'Ed25519', 'RS256', 'PS256'];
const ASYMMETRIC = /^(?:ES(?:256|384|512)|EdDSA|Ed25519|[RP]S(?:256|384|512))$/;
const MAX_LENGTH = 8192;
/** Three parts; the signature, which nothing else covers, in the one way to write its bytes. */
const FORM = /^[\w-]+\.[\w-]+\.(?:[\w-]{4})*(?:[\w-]{4}|[\w-][AQgw]|[\w-]{2}[AEIMQUYcgkosw048])$/;
/** Seconds for which a checked token need not be checked anew: its signature cannot change, its keys can. */
const REMEMBERED: Seconds = 60;
/** Claims of tokens that were made for something else (OpenID Connect Core §2, Logout §2.4). */
const FOREIGN = ['nonce', 'at_hash', 'c_hash', 's_hash', 'events', 'htu', 'htm'];

/**
 * Tokens of one issuer that signs them.
 *
 * @returns what a guard needs: `guard({ resource, ...verifyJwt({ issuer }) })`.
 * @throws {TypeError} at start-up, naming the option and the fix.
 */
export function verifyJwt(options: JwtOptions): TokenSource {
  checkNames(
    'verifyJwt',
    options,
    'issuer audience jwksUri algorithms types acceptIssuer withoutAudience read fetch now clockSkew programs',
  );
  check(options);
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
  const memory = makeTokenCache();

  const claimsOf = async (token: string, resource: string, tell: Tell): Promise<Claims | null> => {
    const no = nullWith(tell);
    const rules: JWTVerifyOptions = {
      algorithms: [...algorithms],
      clockTolerance: clockSkew,
      currentDate: new Date(now() * 1000),
      requiredClaims: ['exp', 'iss'],
      ...(acceptIssuer ? {} : { issuer }),
    };
    try {
      const { payload, protectedHeader } = await jwtVerify(token, findKey, rules);
      const type = (protectedHeader.typ ?? '').toLowerCase().replace(/^application\//, '');
      if (!types.includes(type)) return no('type_wrong', mismatch('typ', types.join(' '), protectedHeader.typ));
      if (protectedHeader['zip'] !== undefined) return no('token_compressed');
      const audiences = [audience ?? [resource, otherSpelling(resource) ?? []]].flat(2);
      if (!isForUs(payload, audiences, options.withoutAudience))
        return no('audience_wrong', mismatch('aud', audiences.join(' '), payload.aud));
      const foreign = FOREIGN.find((name) => payload[name] !== undefined);
      if (foreign !== undefined) return no('token_for_another_use', `the token has ${forLog(foreign)}, as no access token has`);
      if (typeof payload.iat === 'number' && payload.iat > now() + clockSkew)
        return no('token_not_yet_valid', mismatch('iat before', now(), payload.iat));
      return !acceptIssuer || acceptIssuer(payload) ? payload : no('issuer_wrong', mismatch('an accepted iss for', issuer, payload.iss));
    } catch (error) {
      // WebCrypto throws a DOMException for a published key that is none.
      if (!(error instanceof errors.JOSEError || error instanceof DOMException)) throw error;
      tellJoseError(error, { issuer, algorithms, now: now(), header: claimsIn(token.split('.')[0] ?? '') }, tell);
      return null;
    }
  };

  const verify: Verifier = async (token, resource, tell = () => undefined) => {
    const no = nullWith(tell);
    if (token.length > MAX_LENGTH) return no('token_too_long');
    if (!FORM.test(token)) return no('token_not_signed', 'expected a signed JWT, the token is none');
    if (!isOwn(own, token)) return no('issuer_wrong', mismatch('iss', issuer, signedClaims(token)?.['iss']));
    const hash = await tokenHash(token, resource);
    const known = memory.find(hash);
    if (known && known.until > now()) return known.access;
    const claims = await claimsOf(token, resource, tell);
    const endsAt = Number(claims?.['exp']) + clockSkew;
    const access = claims && accessOf(claims, { resource, issuer, endsAt, read, programs, tell });
    if (access) memory.keep(hash, { access, until: Math.min(access.expiresAt, now() + REMEMBERED) });
    return access;
  };
  const fixed = [audience ?? [], options.withoutAudience ? 'none' : []].flat();
  return { authorizationServers: [issuer], verify, own: [own], fixedAudience: fixed.map((one) => `${issuer} ${one}`) };
}

/** `aud` is one text or a list of them (RFC 7519 §4.1.3). */
function isForUs(claims: Claims, wanted: readonly string[], withoutAudience: JwtOptions['withoutAudience']): boolean {
  const { aud } = claims;
  if (aud === undefined) return withoutAudience?.(claims) ?? false;
  return [aud].flat().some((one) => typeof one === 'string' && wanted.includes(one));
}

function check({ issuer, jwksUri, algorithms = [], clockSkew = 0, audience, types }: JwtOptions): void {
  if (!isSafeUrl(issuer))
    refuse(
      'verifyJwt',
      'issuer',
      `must be the issuer's https URL, exactly as its tokens have it in \`iss\`; it is ${JSON.stringify(issuer)}`,
    );
  if (jwksUri !== undefined && !isSafeUrl(jwksUri))
    refuse('verifyJwt', 'jwksUri', `must be an https URL; it is ${JSON.stringify(jwksUri)}`);
  const weak = algorithms.find((one) => !ASYMMETRIC.test(one));
  if (weak !== undefined)
    refuse('verifyJwt', 'algorithms', `holds ${JSON.stringify(weak)}; name signatures with public keys, such as "ES256"`);
  if (!Number.isInteger(clockSkew) || clockSkew < 0 || clockSkew > 60) refuse('verifyJwt', 'clockSkew', 'must be 0 to 60 seconds');
  if ((audience !== undefined && [audience].flat().some((one) => typeof one !== 'string' || one === '')) || [audience].flat().length === 0)
    refuse('verifyJwt', 'audience', 'must be the audience of your API, or a list of them; leave it out where it is the resource itself');
  if (types?.length === 0) refuse('verifyJwt', 'types', 'is empty; name a token type, such as "at+jwt"');
}
