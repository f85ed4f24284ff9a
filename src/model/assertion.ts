/**
 * Assertions (RFC 7523): signed JWTs that authenticate a client, or by which another issuer names a user; and which other issuers are trusted with them. Here
 * they are parsed and their times checked; `core/signatures` checks the signature, `core/records/one-time` prevents replay.
 */
import { fromBase64url, fromUtf8 } from '../lib/bytes.ts';
import { parseJson } from '../lib/json.ts';
import { ASSERTION_ALGS, type Client } from './client.ts';
import type { Json, Seconds } from './store.ts';
import type { JwkSet } from './key-set.ts';
import type { Awaitable } from './runtime.ts';

/** Claims of a JWT, as received. */
export type Claims = { readonly [name: string]: unknown };

/** A well-formed JWT; nothing in it is verified yet. */
export interface Assertion {
  readonly text: string;
  readonly alg: string;
  readonly kid: string | undefined;
  /** Lower case, without `application/`. */
  readonly typ: string | undefined;
  /** A key in the header. It proves possession of that key and nothing else (RFC 9449 §4.2). */
  readonly jwk: unknown;
  readonly claims: Claims;
}

/** Allowed clock skew. */
export const SKEW: Seconds = 30;
/** Longest remaining lifetime of an assertion, which replay records must outlast. */
export const MAX_ASSERTION_LIFE: Seconds = 3600;

const MAX_LENGTH = 16_384;
const MAX_ID_LENGTH = 512;
const MAX_DEPTH = 16;

/**
 * Parses a JWT: three parts of strict base64url, strict JSON, an accepted algorithm, and no extension that changes what is signed. A key in
 * the header is not trusted (RFC 8725 §3.10). Null for anything else.
 */
export function parseAssertion(text: string, algs: readonly string[] = ASSERTION_ALGS): Assertion | null {
  if (text.length > MAX_LENGTH) return null;
  const parts = text.split('.');
  const header = objectIn(parts[0]);
  const claims = objectIn(parts[1]);
  if (parts.length !== 3 || !header || !claims || !bytesIn(parts[2])) return null;
  const { alg, kid, typ } = header;
  if (typeof alg !== 'string' || !algs.includes(alg)) return null;
  if (['crit', 'b64', 'zip'].some((name) => Object.hasOwn(header, name))) return null;
  if ((kid !== undefined && typeof kid !== 'string') || (typ !== undefined && typeof typ !== 'string')) return null;
  return { text, alg, kid, typ: typ?.toLowerCase().replace(/^application\//, ''), jwk: header['jwk'], claims };
}

/** The bytes of a part; null if it is not base64url. */
function bytesIn(part: string | undefined): Uint8Array | null {
  return part ? fromBase64url(part) : null;
}

function objectIn(part: string | undefined): Claims | null {
  const bytes = bytesIn(part);
  const value = bytes && parseJson(textOf(bytes), MAX_DEPTH);
  return typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as Claims) : null;
}

function textOf(bytes: Uint8Array): string {
  try {
    return fromUtf8(bytes);
  } catch {
    return ''; // not UTF-8, so not JSON
  }
}

/** The problem with an assertion's times as one word, or null. `exp` is required, and must not be far in the future. */
export function timeProblem({ exp, iat, nbf }: Claims, now: Seconds, skew: Seconds = SKEW): string | null {
  if (!isTime(exp)) return 'exp_missing';
  if (exp + skew <= now) return 'expired';
  if (exp > now + MAX_ASSERTION_LIFE + skew) return 'exp_far';
  for (const start of [iat, nbf]) {
    if (start !== undefined && !isTime(start)) return 'time_malformed';
    if (start !== undefined && start > now + skew) return 'not_yet';
  }
  return null;
}

/** From when on an assertion can no longer be presented. */
export function endOf({ exp }: Claims, skew: Seconds = SKEW): Seconds {
  return Math.ceil(Number(exp)) + skew;
}

function isTime(value: unknown): value is Seconds {
  return typeof value === 'number' && value > 0 && value < 1e11;
}

/**
 * Whether this issuer is the only audience of an assertion (RFC 7523bis §3). A trailing slash is ignored, because some clients pass every
 * URL through a parser that adds it.
 */
export function isFor({ aud }: Claims, issuer: string): boolean {
  const one: unknown = Array.isArray(aud) && aud.length === 1 ? aud[0] : aud;
  return one === issuer || one === `${issuer}/`;
}

/** A string claim of acceptable length, or null. */
export function textClaim(claims: Claims, name: string): string | null {
  const value = Object.hasOwn(claims, name) ? claims[name] : undefined;
  return typeof value === 'string' && value !== '' && value.length <= MAX_ID_LENGTH ? value : null;
}

/** A user or workload of a trusted issuer, as known here. */
export interface MappedUser {
  /** Your own user id. By default one of ours, the same for every assertion with this issuer and subject. */
  readonly userId?: string;
  /** `props` for tools. By default `claims` with `sub`, and `name` and `email` if the issuer sends them. */
  readonly props?: unknown;
  /** Fewer scopes than the issuer, the assertion and the request allow; also by the user's role. Default: all of those. */
  readonly scope?: readonly string[];
  /** What you note about the grant; readable, unlike its props. */
  readonly metadata?: Json;
  /** Lifetime of the access token. */
  readonly accessTokenTTL?: Seconds;
}

/** What a function of yours is told of the request. */
export interface AssertionRequest<Env = unknown> {
  /** The client that presents the assertion; null for a workload. */
  readonly client: Client | null;
  readonly request: Request;
  readonly env: Env;
}

/** The same, once the assertion was checked. */
export interface AssertedRequest extends AssertionRequest {
  readonly resource: string;
  /** The scopes that would be granted. */
  readonly scope: readonly string[];
}

/** Finds an issuer by the `iss` of an assertion, which is not verified yet. Null for one that is not trusted. */
export type IssuerFinder<Env = unknown> = (iss: string, asked: AssertionRequest<Env>) => Awaitable<FoundIssuer | null>;

/** An issuer that {@link IssuerFinder} found. Without `scope`, its function `user` says the scopes, within those of the assertion. */
export type FoundIssuer = Omit<TrustedIssuer, 'scope'> & {
  readonly scope?: readonly string[];
  /** Enterprise only: clients need not be registered for the grant type, except those of the option `clients`. They prove who they are all the same. */
  readonly anyClient?: boolean;
  /** How far its clock may differ from ours. Default: 30 seconds. */
  readonly clockSkew?: Seconds;
  /** How long keys from `jwksUri` are used before they are read again. Default: 10 minutes. */
  readonly jwksMaxAge?: Seconds;
};

/**
 * An issuer, and how far it is trusted: an enterprise identity provider says what its users allow a client (Enterprise-Managed Authorization); a platform
 * says which of its workloads is calling (workload identity federation).
 */
export interface TrustedIssuer {
  /** Exactly as in `iss`. */
  readonly issuer: string;
  /** `enterprise`: its assertions name users (ID-JAG). `workload`: they name programs. */
  readonly kind: 'enterprise' | 'workload';
  /** Its public keys. */
  readonly jwks?: JwkSet | undefined;
  /** URL of the keys instead. */
  readonly jwksUri?: string | undefined;
  /** The most that its assertions can get. */
  readonly scope: readonly string[];
  /** Enterprise only: clients that it may name. By default every client that is registered for the grant type. */
  readonly clients?: readonly string[] | undefined;
  /** Claims that must have this value, or one of these. A platform speaks for all its customers, so it needs such claims or `user`. */
  readonly claims?: { readonly [claim: string]: string | readonly string[] } | undefined;
  /** The `aud` of its assertions, instead of our issuer. */
  readonly audience?: string | undefined;
  /** Algorithms that it signs with. Default: every one that is accepted here. */
  readonly algorithms?: readonly string[] | undefined;
  /** The longest time in seconds from `iat` to `exp` of its assertions. */
  readonly maxAssertionLife?: Seconds | undefined;
  /** Maps verified claims to a user, or null to refuse. */
  readonly user?: ((claims: Claims, asked: AssertedRequest) => Awaitable<MappedUser | null>) | undefined;
}
