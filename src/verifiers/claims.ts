/**
 * Claims of a token: while they are unverified they only decide which source it belongs to; verified, they become the access.
 */
import type { OwnTokens } from '../guard/token-source.ts';
import { fromBase64url, fromUtf8 } from '../lib/bytes.ts';
import { parseJson } from '../lib/json.ts';
import type { Checked, Tell } from '../model/access.ts';
import type { Seconds } from '../model/store.ts';
import { type Claims, listClaim, nullWith, type Reader, textClaim } from './contract.ts';

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
