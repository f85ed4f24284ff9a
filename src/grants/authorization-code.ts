/**
 * Authorization code: spends a code, once, for the first tokens of a grant (RFC 6749 §4.1.3, OAuth 2.1 §4.1.3).
 * One read and one write for a public client.
 */
import type { Caller } from '../clients/caller.ts';
import type { AuthServer } from '../core/auth-server.ts';
import { base64url } from '../lib/base64url.ts';
import { OAuthError } from '../model/error.ts';
import type { Params } from '../model/params.ts';
import { checkVerifier } from '../model/pkce.ts';
import { meantResource } from '../model/resource.ts';
import { parseScope } from '../model/scope.ts';
import { grantIdOf } from '../model/token.ts';
import { redeem } from '../model/transition.ts';
import { change } from './change.ts';
import type { IssuedTokens } from './issue.ts';
import { signed } from './signed.ts';

/** Redeems the code of a request. */
export async function authorizationCode(params: Params, caller: Caller, as: AuthServer): Promise<IssuedTokens> {
  const code = params.required('code');
  const verifier = checkVerifier(params.optional('code_verifier'));
  const challenge = base64url(await as.runtime.digest(verifier));
  return redeemCode(params, caller, as, { code, challenge, redirectUri: params.optional('redirect_uri') });
}

/** Spends a code that the request showed, or that waited for it. */
export async function redeemCode(
  params: Params,
  caller: Caller,
  as: AuthServer,
  { code, challenge, redirectUri }: { readonly code: string; readonly challenge: string; readonly redirectUri?: string | undefined },
): Promise<IssuedTokens> {
  const grantId = grantIdOf('code', code);
  if (grantId === null) throw new OAuthError('invalid_grant', 'code_malformed');
  const tokens = await as.keys.mint(grantId);
  const proof = {
    code: await as.keys.proof(code),
    clientId: caller.clientId,
    challenge,
    redirectUri,
    resource: resourceOf(params, as),
    scope: parseScope(params.optional('scope')).filter((scope) => scope !== 'offline_access'),
    covered: as.settings.covered,
    jkt: caller.jkt,
    now: as.now(),
  };
  const issued = await change(as, caller, grantId, async (grant) => {
    const minted = grant.lifetimes.refresh === 0 ? { ...tokens, refresh: null } : tokens;
    const verdict = redeem(proof, minted)(grant);
    if ('error' in verdict) return verdict;
    const result = await signed(as, verdict.grant ?? grant, verdict.result, tokens);
    return { grant: result.grant, result };
  });
  as.emit({ kind: 'grant.redeemed', grantId, clientId: caller.clientId, userId: issued.grant.userId });
  return {
    accessToken: issued.accessToken,
    refreshToken: issued.grant.lifetimes.refresh === 0 ? null : tokens.refreshToken,
    scope: issued.access.scope,
    resource: issued.grant.resource,
    expiresAt: issued.access.expiresAt,
    jkt: issued.access.jkt,
  };
}

/** The one resource a token request names, canonical; undefined if it names none (RFC 8707 §2.2). */
export function resourceOf(params: Params, { settings }: AuthServer): string | undefined {
  const asked = params.all('resource');
  if (asked.length === 0) return undefined;
  const uri = asked.length === 1 && asked[0] !== undefined ? meantResource(asked[0], settings.resources) : null;
  if (uri === null) throw new OAuthError('invalid_target', 'resource_malformed');
  return uri;
}
