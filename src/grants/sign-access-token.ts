/**
 * Signs the access token of a transition if its resource uses JWTs. It is signed within the transition: nothing is signed for a refused
 * request, and the grant stores the hash of the signed token.
 */
import type { AuthServer } from '../core/auth-server.ts';
import type { MintedTokens } from '../core/records/secrets.ts';
import type { Grant, GrantAccess } from '../model/grant.ts';
import { grantIdOf } from '../model/token.ts';
import { unwrap, wrap } from '../model/wrapped.ts';

/** A token with its grant. */
export interface SignedAccessToken {
  readonly grant: Grant;
  readonly access: GrantAccess;
  readonly accessToken: string;
}

/** The minted token, or a signed one in its place. @param access its entry in the grant (the same object). */
export async function signAccessToken(
  as: AuthServer,
  grant: Grant,
  access: GrantAccess,
  minted: Pick<MintedTokens, 'access' | 'accessToken'>,
): Promise<SignedAccessToken> {
  const alg = as.settings.resources.find(({ uri }) => uri === grant.resource)?.accessTokenSigning;
  if (alg === undefined) return { grant, access, accessToken: minted.accessToken };
  const { signAccess } = await import('../core/signing-keys.ts');
  const accessToken = await signAccess(as, alg, grant, access, grantIdOf('access', minted.accessToken) ?? grant.id);
  const key = unwrap(access, minted.access.pad);
  const next = { ...access, ...wrap(key, await as.secrets.proof(accessToken)) };
  return { grant: { ...grant, access: grant.access.map((one) => (one === access ? next : one)) }, access: next, accessToken };
}
