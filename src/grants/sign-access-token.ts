/**
 * Signed: the access token of a move, as the resource wants it. It is signed within the move: nothing is signed for a request that is
 * refused, and what is written is the hash of what was signed.
 */
import type { AuthServer } from '../core/auth-server.ts';
import type { MintedTokens } from '../core/records/secrets.ts';
import type { Grant, GrantAccess } from '../model/grant.ts';
import { unwrap, wrap } from '../model/wrapped.ts';

/** A token with the grant that knows it. */
export interface SignedAccessToken {
  readonly grant: Grant;
  readonly access: GrantAccess;
  readonly accessToken: string;
}

/** The token as it was minted, or one that is signed in its place. @param access the very one that stands in the grant. */
export async function signAccessToken(
  as: AuthServer,
  grant: Grant,
  access: GrantAccess,
  minted: Pick<MintedTokens, 'access' | 'accessToken'>,
): Promise<SignedAccessToken> {
  const alg = as.settings.resources.find(({ uri }) => uri === grant.resource)?.signing;
  if (alg === undefined) return { grant, access, accessToken: minted.accessToken };
  const { signAccess } = await import('../core/access-jwt.ts');
  const accessToken = await signAccess(as, alg, grant, access);
  const key = unwrap(access, minted.access.pad);
  const next = { ...access, ...wrap(key, await as.secrets.proof(accessToken)) };
  return { grant: { ...grant, access: grant.access.map((one) => (one === access ? next : one)) }, access: next, accessToken };
}
