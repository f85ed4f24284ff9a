/**
 * The tokens of a response, for every grant type: how an access token is signed, what is kept so that a repeated request gets the same tokens
 * (`repeated-answer.ts`), and the JSON body (RFC 6749 §5.1). The store alone reveals no token: those that replace a refresh token are derived from
 * it and a nonce of the grant; signed ones, and those for a code, are sealed under what the client presented.
 */
import type { AuthServer } from '../core/auth-server.ts';
import type { MintedTokens, RefreshProof } from '../core/records/secrets.ts';
import { type Grant, type GrantAccess, unwrap, wrap } from '../model/grant.ts';
import { withoutPlace } from '../model/place.ts';
import { isEveryRoute } from '../model/resource.ts';
import type { Derivation } from '../model/retired.ts';
import type { Seconds } from '../model/store.ts';
import { familyOf, grantIdOf } from '../model/token.ts';
import { lazy } from '../lib/lazy.ts';

const signAccess = lazy(async () => (await import('../core/signing-keys.ts')).signAccess);

/** The issued tokens. */
export interface IssuedTokens {
  readonly accessToken: string;
  readonly refreshToken: string | null;
  readonly scope: readonly string[];
  readonly resource: string;
  readonly expiresAt: Seconds;
  /** Thumbprint of the key that the access token is bound to. */
  readonly jkt?: string | undefined;
  /** Type of the token, if the request could have asked for several (RFC 8693 §2.2.1). */
  readonly issuedTokenType?: string;
}

/** The JSON body. It always contains the scope, which may be less than requested. */
export function tokenAnswer(
  { accessToken, refreshToken, scope, resource, expiresAt, issuedTokenType, jkt }: IssuedTokens,
  now: Seconds,
): Record<string, unknown> {
  return {
    access_token: accessToken,
    ...(issuedTokenType === undefined ? {} : { issued_token_type: issuedTokenType }),
    token_type: jkt === undefined ? 'Bearer' : 'DPoP',
    expires_in: Math.max(0, expiresAt - now),
    ...(refreshToken === null ? {} : { refresh_token: refreshToken }),
    scope: scope.join(' '),
    ...(isEveryRoute(resource) ? {} : { resource }),
  };
}

/** The tokens. */
export type SealedTokens = { readonly access: string; readonly refresh: string | null };

/** Seals tokens. @param presented the code or refresh token. */
export function sealTokens({ secrets }: AuthServer, grantId: string, presented: string, given: SealedTokens): Promise<string> {
  return secrets.sealUnder(presented, given, boundTo(grantId));
}

/** The tokens that replace a refresh token. */
export function deriveTokens(
  { secrets }: AuthServer,
  { hash, pad, familyHash }: RefreshProof,
  presented: string,
  { nonce, grantId, leadsBack }: Derivation,
): Promise<MintedTokens> {
  return secrets.mint(grantId, familyOf(presented), leadsBack ? { hash, pad, familyHash } : { familyHash }, { presented, nonce });
}

/** What they are bound to: the grant, wherever its tokens say that it is. */
export function boundTo(grantId: string): string {
  return `successor:${withoutPlace(grantId)}`;
}

/** A token with its grant. */
interface SignedAccessToken {
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
  const accessToken = await signAccess(as, alg, grant, access, grantIdOf('access', minted.accessToken) ?? grant.id);
  const key = unwrap(access, minted.access.pad);
  const next = { ...access, ...wrap(key, await as.secrets.proof(accessToken)) };
  return { grant: { ...grant, access: grant.access.map((one) => (one === access ? next : one)) }, access: next, accessToken };
}
