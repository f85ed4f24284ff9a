/**
 * Makes a signed access token (RFC 9068). Loaded when the first one is made.
 */
import { SignJWT } from 'jose';
import type { Grant, GrantAccess } from '../model/grant.ts';
import type { SigningAlg } from '../model/signing-key.ts';
import { formatTokenId } from '../model/token.ts';
import type { AuthServer } from './auth-server.ts';
import { signerFor } from './signing-keys.ts';

/** Signs the claims of one access token of a grant. */
export async function signAccess(as: AuthServer, alg: SigningAlg, grant: Grant, { scope, expiresAt, jkt }: GrantAccess): Promise<string> {
  const { kid, key } = await signerFor(as, alg);
  const claims = {
    client_id: grant.clientId,
    scope: as.settings.expandScopes(scope).join(' '),
    ...(jkt === undefined ? {} : { cnf: { jkt } }),
    ...(grant.act ? { act: grant.act } : {}),
  };
  return new SignJWT(claims)
    .setProtectedHeader({ alg, typ: 'at+jwt', kid })
    .setIssuer(as.settings.issuer)
    .setSubject(grant.userId)
    .setAudience(grant.resource)
    .setIssuedAt(as.now())
    .setExpirationTime(expiresAt)
    .setJti(formatTokenId(grant.id, as.secrets.id()))
    .sign(key);
}
