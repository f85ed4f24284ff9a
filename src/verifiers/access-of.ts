/**
 * From verified claims to Access: RFC 9068 names where the vendor's reader says nothing else.
 */
import type { Checked, Tell } from '../model/access.ts';
import type { Seconds } from '../model/store.ts';
import { listClaim, nullWith, textClaim, type Claims, type Reader } from './contract.ts';

/** SHA-256, base64url. */
const JKT = /^[\w-]{43}$/;

/** What stands beside the claims. */
export interface AccessContext {
  readonly resource: string;
  /** Where the claims name none. */
  readonly issuer: string;
  /** When the token stops to be good. */
  readonly endsAt: Seconds;
  readonly read: Reader;
  /** Whether tokens of programs are taken. */
  readonly programs: boolean | undefined;
  /** Takes the reason of a null. */
  readonly tell?: Tell;
}

/**
 * Who called, as the claims say; null where they name no user or no client, are of a program and those are not taken, or are bound to what
 * we cannot check: a certificate. With `cnf` they are bound to a key, and good only with a proof of it, which the guard asks for.
 */
export function accessOf(claims: Claims, { resource, issuer, endsAt, read, programs = false, tell }: AccessContext): Checked | null {
  const no = nullWith(tell);
  const said = read(claims, resource);
  const jkt = boundTo(claims);
  if (!said) return no('claims_refused', 'the claims are not those of an access token of this issuer');
  if (jkt === null) return no('bound_otherwise', 'the token is bound to something else than a DPoP key');
  const userId = said.userId ?? textClaim(claims, 'sub');
  const clientId = said.clientId ?? textClaim(claims, 'client_id') ?? textClaim(claims, 'azp');
  if (userId === undefined) return no('user_missing', 'the token names no user');
  if (clientId === undefined) return no('client_missing', 'the token names no client');
  const program = said.program ?? isOfClient(textClaim(claims, 'sub'), clientId);
  if (program && !programs) return no('program_not_taken', 'the token is of a program, and `programs` is not set');
  const from = textClaim(claims, 'iss') ?? issuer;
  const scope = said.scope ?? [...new Set([...listClaim(claims, 'scope'), ...listClaim(claims, 'scp')])];
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
    props: { claims, ...(said.permissions === undefined ? {} : { permissions: said.permissions }), ...said.props },
  };
}

/** A client that acts for itself (RFC 9068 §2.2), a server of ours included. */
function isOfClient(subject: string | undefined, clientId: string): boolean {
  return subject === clientId || subject === `client:${clientId}` || clientId === `workload:${subject}`;
}

/** The thumbprint of the key that a token is bound to (RFC 9449 §6); undefined for a bearer token, null for a bond of another kind (RFC 8705 §3.1). */
function boundTo({ cnf }: Claims): string | undefined | null {
  if (cnf === undefined) return undefined;
  const { jkt, ...others } = (typeof cnf === 'object' && cnf !== null ? cnf : {}) as { readonly jkt?: unknown };
  return typeof jkt === 'string' && JKT.test(jkt) && Object.keys(others).length === 0 ? jkt : null;
}
