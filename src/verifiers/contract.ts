/**
 * What token sources have in common: their options and errors, and how they read the claims of a token. A source is everything that a guard needs to
 * accept tokens of another authorization server, as one value: `guard({ resource, ...auth0Tokens({ domain }) })`.
 */
import { forLog } from '../lib/untrusted-text.ts';
import { checkTypes } from '../lib/check-options.ts';
import { isLoopbackHost, parseUrl } from '../lib/url.ts';
import type { Checked, Tell } from '../model/access.ts';
import type { Seconds } from '../model/store.ts';
import type { OwnTokens } from '../guard/token-source.ts';
import { fromBase64url, fromUtf8 } from '../lib/bytes.ts';
import { parseJson } from '../lib/json.ts';

export type { TokenSource } from '../guard/token-source.ts';

/** Claims of a verified token. */
export type Claims = { readonly [claim: string]: unknown };

/** The caller, read from a token's claims. Omitted members are read as in RFC 9068. */
export interface Reading {
  readonly userId?: string | undefined;
  readonly clientId?: string | undefined;
  readonly scope?: readonly string[] | undefined;
  /** The user's permissions, for `props.permissions`. */
  readonly permissions?: readonly string[] | undefined;
  /** Whether a program acts for itself; by default if `sub` is the client. */
  readonly program?: boolean | undefined;
  /** More `props`, besides `claims`, `issuer` and `permissions`. */
  readonly props?: { readonly [name: string]: unknown } | undefined;
}

/** Reads a vendor's claims. Null rejects the token. */
export type Reader = (claims: Claims, resource: string) => Reading | null;

/** Options of every source. */
export interface SourceOptions {
  /** Fetches metadata and keys; the global `fetch` by default. */
  readonly fetch?: typeof fetch | undefined;
  /** The current time in seconds; the machine's clock by default. */
  readonly now?: (() => Seconds) | undefined;
  /** Allowed clock skew in seconds, at most 60; 30 by default. */
  readonly clockSkew?: Seconds | undefined;
  /** Whether to accept tokens of programs, which act for themselves; `access.program` marks them. False by default. */
  readonly programs?: boolean | undefined;
}

/**
 * Thrown by a verifier whose authorization server could not be asked. The guard answers 503, so that clients keep their tokens.
 *
 * @example
 * async function verify(token: string) {
 *   const response = await fetch('https://as.example/introspect', { method: 'POST', body: new URLSearchParams({ token }) });
 *   if (!response.ok) throw new SourceUnavailable('introspection', { retryAfter: 30 });
 * }
 */
export class SourceUnavailable extends Error {
  override readonly name = 'SourceUnavailable';

  /** Seconds to wait before a retry, if known; sent as `Retry-After`. */
  readonly retryAfter: Seconds | undefined;

  /** @param step what was tried, in one snake_case word; nothing from the response. */
  constructor(step: string, { cause, retryAfter }: { readonly cause?: unknown; readonly retryAfter?: Seconds } = {}) {
    super(`The authorization server could not be asked (${step}).`, cause === undefined ? {} : { cause });
    this.retryAfter = retryAfter;
  }
}

/** Types of {@link SourceOptions}. */
export const SOURCE_OPTIONS = 'fetch:function now:function clockSkew:number programs:boolean';

/** The options of a source, after a check of their names and types. @param own besides those of every source. @throws {TypeError} */
export function checked<Options extends SourceOptions>(source: string, options: Options, own: string): Options {
  checkTypes(source, options ?? null, `${own} ${SOURCE_OPTIONS}`);
  return options;
}

/** Rejects an option. @throws {TypeError} always. */
export function refuse(source: string, option: string, problem: string): never {
  throw new TypeError(`${source}: \`${option}\` ${problem}.`);
}

/** Checks the option `clockSkew`, for which an expired token is accepted. @throws {TypeError} */
export function checkSkew(source: string, skew: Seconds): void {
  if (!Number.isInteger(skew) || skew < 0 || skew > 60) refuse(source, 'clockSkew', 'must be 0 to 60 seconds');
}

/** Checks the option `audience`. @throws {TypeError} for an empty one, with which no token would be accepted. */
export function checkAudience(source: string, audience: string | readonly string[] = 'the resource'): void {
  if ([audience].flat().includes('') || audience.length === 0)
    refuse(source, 'audience', 'must be the audience of your API, or a list of them; leave it out where it is the resource itself');
}

/** Makes a function that reports a reason and returns null. */
export function nullWith(tell: Tell | undefined): (...why: Parameters<Tell>) => null {
  return (...why) => {
    tell?.(...why);
    return null;
  };
}

/** `expected X, token says Y`. */
export function mismatch(name: string, wanted: unknown, says: unknown): string {
  return `expected ${name} ${forLog(wanted)}, token says ${forLog(says)}`;
}

/** A string claim, or undefined. */
export function textClaim(claims: Claims, name: string): string | undefined {
  const value = claims[name];
  return typeof value === 'string' && value !== '' ? value : undefined;
}

/** A claim with several strings: an array, or one string separated by spaces (RFC 8693 §4.2). */
export function listClaim(claims: Claims, name: string): readonly string[] {
  const value = claims[name];
  if (typeof value === 'string') return value.split(' ').filter((one) => one !== '');
  return Array.isArray(value) ? value.filter((one): one is string => typeof one === 'string') : [];
}

/** Whether a URL may be requested: https, or loopback. */
export function isSafeUrl(text: unknown): text is string {
  const url = typeof text === 'string' ? parseUrl(text) : null;
  return url !== null && (url.protocol === 'https:' || (url.protocol === 'http:' && isLoopbackHost(url.hostname)));
}

/** Checks a host name: without scheme, path and port. @throws {TypeError} */
export function hostOf(source: string, option: string, text: unknown): string {
  const url = typeof text === 'string' ? parseUrl(`https://${text}`) : null;
  if (!url || url.host !== text || url.port !== '')
    refuse(source, option, `must be a host such as "acme.example", without https:// and path; it is ${JSON.stringify(text)}`);
  return url.host;
}

/** SHA-256, base64url. */
const JKT = /^[\w-]{43}$/;

/** Everything besides the claims. */
export interface AccessContext {
  readonly resource: string;
  /** If the claims have none. */
  readonly issuer: string;
  /** When the token expires. */
  readonly endsAt: Seconds;
  readonly read: Reader;
  /** Whether tokens of programs are accepted. */
  readonly programs: boolean | undefined;
  /** Gets the reason of a null. */
  readonly tell?: Tell;
}

/**
 * The caller, by the names of RFC 9068 unless the source's reader says otherwise; null without a user or client, for a program if those are not accepted, or for a token bound to something that cannot be
 * checked here, such as a certificate. With `cnf` it is bound to a key, and the guard requires a proof of it.
 */
export function accessOf(claims: Claims, { resource, issuer, endsAt, read, programs = false, tell }: AccessContext): Checked | null {
  const reject = nullWith(tell);
  const reading = read(claims, resource);
  if (reading && 'then' in reading) throw new TypeError('`read` of a token source must not be asynchronous.'); // its null would be overlooked
  const jkt = boundTo(claims);
  if (!reading) return reject('claims_refused', 'the claims are not those of an access token of this issuer');
  if (jkt === null) return reject('bound_otherwise', 'the token is bound to something other than a DPoP key');
  const userId = reading.userId ?? textClaim(claims, 'sub');
  const clientId = reading.clientId ?? textClaim(claims, 'client_id') ?? textClaim(claims, 'azp');
  if (userId === undefined) return reject('user_missing', 'the token names no user');
  if (clientId === undefined) return reject('client_missing', 'the token names no client');
  const program = reading.program ?? isOfClient(textClaim(claims, 'sub'), clientId);
  if (program && !programs) return reject('program_not_taken', 'the token is of a program, and `programs` is not set');
  const from = textClaim(claims, 'iss') ?? issuer;
  const scope = reading.scope ?? [...new Set([...listClaim(claims, 'scope'), ...listClaim(claims, 'scp')])];
  return {
    userId,
    clientId,
    grantId: `${from}#${textClaim(claims, 'sid') ?? textClaim(claims, 'jti') ?? `${clientId} ${userId}`}`,
    issuer: from,
    ...(program ? { program: true } : {}),
    scope,
    resource,
    ...(jkt === undefined ? {} : { cnf: { jkt } }),
    expiresAt: Math.floor(endsAt),
    props: { claims, ...(reading.permissions === undefined ? {} : { permissions: reading.permissions }), ...reading.props },
  };
}

/** Whether the user is the client itself (RFC 9068 §2.2), also for our own servers. */
function isOfClient(subject: string | undefined, clientId: string): boolean {
  return subject === clientId || subject === `client:${clientId}` || clientId === `workload:${subject}`;
}

/** Thumbprint of the key that a token is bound to (RFC 9449 §6); undefined for a bearer token, null for another binding (RFC 8705 §3.1). */
function boundTo({ cnf }: Claims): string | undefined | null {
  if (cnf === undefined) return undefined;
  const { jkt, ...others } = (typeof cnf === 'object' && cnf !== null ? cnf : {}) as { readonly jkt?: unknown };
  return typeof jkt === 'string' && JKT.test(jkt) && Object.keys(others).length === 0 ? jkt : null;
}

const MAX_DEPTH = 16;
const MAX_LENGTH = 8192;

/** Whether a token belongs to a source: first by prefix, a signed one by its issuer; any other is opaque. Nothing is verified here. */
export function isOwn({ prefix, issuers = [], opaque = false }: OwnTokens, token: string): boolean {
  if (prefix !== undefined && token.startsWith(prefix)) return true;
  const signed = signedClaims(token);
  if (signed) return typeof issuers === 'function' ? issuers(signed) === true : issuers.some((one) => one === signed['iss']);
  return opaque && prefix === undefined;
}

/** The unverified claims of a token that looks signed; null for any other. */
export function signedClaims(token: string): Claims | null {
  const parts = token.length <= MAX_LENGTH ? token.split('.') : [];
  const claims = parts.length === 3 ? claimsIn(parts[1] ?? '') : {};
  return Object.keys(claims).length === 0 ? null : claims;
}

/** The claims in a payload; empty if it is invalid. */
export function claimsIn(payload: string): Claims {
  const bytes = fromBase64url(payload);
  try {
    const claims = bytes && parseJson(fromUtf8(bytes), MAX_DEPTH);
    return typeof claims === 'object' && claims !== null && !Array.isArray(claims) ? (claims as Claims) : {};
  } catch {
    return {}; // not UTF-8, so not JSON
  }
}
