/**
 * From verified claims to Access: RFC 9068 names where the vendor's reader says nothing else.
 */
import type { Checked } from '../model/access.ts';
import { listClaim, textClaim, type Claims, type Reader } from './contract.ts';

/** Who called, as the claims say; null where they name no user or no client, have no end, or are bound to a key that a bearer does not prove. */
export function accessOf(claims: Claims, resource: string, read: Reader, issuer: string): Checked | null {
  const said = read(claims, resource);
  if (!said || claims['cnf'] !== undefined) return null; // RFC 9449 §7.1, RFC 8705 §3: not to be taken as a bearer token
  const userId = said.userId ?? textClaim(claims, 'sub');
  const clientId = said.clientId ?? textClaim(claims, 'client_id') ?? textClaim(claims, 'azp');
  const { exp } = claims;
  if (userId === undefined || clientId === undefined || typeof exp !== 'number') return null;
  const from = textClaim(claims, 'iss') ?? issuer;
  const scope = said.scope ?? [...new Set([...listClaim(claims, 'scope'), ...listClaim(claims, 'scp')])];
  return {
    userId,
    clientId,
    grantId: `${from}#${textClaim(claims, 'sid') ?? textClaim(claims, 'jti') ?? `${clientId} ${userId}`}`,
    issuer: from,
    scope,
    resource,
    expiresAt: Math.floor(exp),
    props: { claims, ...(said.permissions === undefined ? {} : { permissions: said.permissions }), ...said.props },
  };
}
