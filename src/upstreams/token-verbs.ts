/**
 * Refreshes (RFC 6749 §6) and revokes upstream tokens (RFC 7009, or the upstream's own API). A refresh response without a refresh token
 * means that the old one stays valid (§6).
 */
import * as oauth from 'oauth4webapi';
import { parseJson } from '../lib/json.ts';
import { isLoopbackHost } from '../lib/url.ts';
import type { Seconds } from '../model/store.ts';
import type { UpstreamTokens } from '../model/upstream.ts';
import type { Ask } from './ask.ts';
import { bodyOf, type Provider, textOf, type Upstream } from './contract.ts';
import type { Credentials } from './credentials.ts';
import type { Discover } from './discovery.ts';
import { failureOf } from './failure.ts';
import { unverifiedClaims } from './jwt.ts';
import { readAnswer, type TokenAnswer } from './token-answer.ts';

const MAX_DEPTH = 32;

interface Parts {
  readonly credentials: Credentials;
  readonly discover: Discover;
  readonly asker: () => Ask;
}

/** Makes the token operations for one upstream. */
export function makeTokenOperations(provider: Provider, { credentials, discover, asker }: Parts): Pick<Upstream, 'refresh' | 'revoke'> {
  const refresh: Upstream['refresh'] = async ({ tokens, now, env }) => {
    const ask = asker();
    const found = await discover(ask);
    const client = credentials.client(env, now);
    const refreshToken = textOf(tokens.refreshToken, 'refresh_token_missing');
    let answer: TokenAnswer | undefined;
    const response = await oauth.refreshTokenGrantRequest(found, client, credentials.auth(env, found), refreshToken, {
      [oauth.allowInsecureRequests]: isLoopbackHost(new URL(found.token_endpoint).hostname),
      [oauth.customFetch]: async (url, init) => {
        answer = await readAnswer(await credentials.through(ask)(url, init), provider, true);
        return answer.response;
      },
    });
    try {
      return merged(tokens, tokensOf(await oauth.processRefreshTokenResponse(found, client, response), now));
    } catch (error) {
      // If it was rotated, the old refresh token is spent: keep the new one before anything else is judged, with an expired access token.
      if (answer?.refreshToken === undefined || answer.refreshToken === refreshToken) throw error;
      return { ...tokens, refreshToken: answer.refreshToken, expiresAt: now };
    }
  };
  const revoke: Upstream['revoke'] = async ({ tokens, env }) => {
    const ask = asker();
    const found = await discover(ask);
    const client = credentials.client(env);
    if (provider.revoke) {
      await provider.revoke({ tokens, clientId: client.client_id, clientSecret: credentials.secret(env), ask });
      return true;
    }
    if (found.revocation_endpoint === undefined) return false;
    const token = tokens.refreshToken ?? tokens.accessToken; // revoking a refresh token ends its access tokens (RFC 7009 §2.1)
    const response = await oauth.revocationRequest(found, client, credentials.auth(env, found), token, {
      [oauth.allowInsecureRequests]: isLoopbackHost(new URL(found.revocation_endpoint).hostname),
      [oauth.customFetch]: credentials.through(ask),
    });
    const { error } = response.ok ? {} : bodyOf(parseJson(await response.clone().text(), MAX_DEPTH));
    if (!response.ok && error !== 'invalid_token') await oauth.processRevocationResponse(response); // Google's word for a token that is gone already
    return true;
  };
  return { refresh: (context) => refresh(context).catch(failureOf), revoke: (context) => revoke(context).catch(failureOf) };
}

/** The tokens of a response. */
export function tokensOf(answer: oauth.TokenEndpointResponse, now: Seconds): UpstreamTokens {
  const { access_token: accessToken, refresh_token: refreshToken, expires_in: expiresIn, scope } = answer;
  const expiresAt = expiresIn === undefined ? endIn(accessToken, now) : now + Math.floor(expiresIn);
  return {
    accessToken,
    ...(typeof refreshToken === 'string' && refreshToken !== '' ? { refreshToken } : {}),
    ...(expiresAt === undefined ? {} : { expiresAt }),
    ...(typeof scope === 'string' ? { scope: scope.split(/[ ,]+/).filter((one) => one !== '') } : {}), // GitHub uses commas
  };
}

/** The expiry in a JWT access token, if the response has none: an unverified hint. */
function endIn(accessToken: string, now: Seconds): Seconds | undefined {
  if (accessToken.split('.').length !== 3) return undefined;
  try {
    const { exp } = unverifiedClaims(accessToken);
    return typeof exp === 'number' && exp > now && Number.isFinite(exp) ? Math.floor(exp) : undefined;
  } catch {
    return undefined; // not a JWT
  }
}

/** Keeps what the response omits: a refresh token is never overwritten with nothing. */
function merged({ refreshToken, scope }: UpstreamTokens, next: UpstreamTokens): UpstreamTokens {
  return { ...(refreshToken === undefined ? {} : { refreshToken }), ...(scope === undefined ? {} : { scope }), ...next };
}
