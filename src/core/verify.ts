/**
 * Verify: from an access token to Access, with one read of the store. Null for whatever is not good,
 * without telling why: forged, expired, revoked and foreign tokens are one answer (RFC 6750 §3.1).
 */
import type { Access } from '../model/access.ts';
import { findAccess } from '../model/grant.ts';
import { grantIdOf } from '../model/token.ts';
import { unwrap } from '../model/transition.ts';
import type { AuthServer } from './auth-server.ts';

/**
 * Checks a token against the record of its grant.
 *
 * @param resource canonical URI the token must be for.
 * @throws whatever the store throws: a store that is down is not a bad token.
 */
export async function verifyAccess(as: AuthServer, token: string, resource: string): Promise<Access | null> {
  const grantId = grantIdOf('access', token);
  if (grantId === null) return null;
  const grant = await as.records.findGrant(grantId);
  if (!grant || grant.resource !== resource) return null;
  const proof = await as.keys.proof(token);
  const access = findAccess(grant, proof.hash, as.now());
  const props = access && (await as.keys.openWith(unwrap(access, proof.pad), grant.sealedProps, `grant:${grant.id}`));
  if (!access || props === null) return null;
  const { userId, clientId } = grant;
  return { userId, clientId, grantId, scope: access.scope, resource, expiresAt: access.expiresAt, props };
}
