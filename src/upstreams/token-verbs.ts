/**
 * Token verbs: a refresh token is traded (RFC 6749 §6), and tokens are given back when nobody needs them (RFC 7009, or the
 * provider's own way). A provider that answers a refresh without a refresh token means: the old one goes on (§6).
 */
import * as oauth from 'oauth4webapi';
import { isLoopbackHost } from '../lib/url.ts';
import type { Seconds } from '../model/store.ts';
import type { UpstreamTokens } from '../model/upstream.ts';
import type { Ask } from './ask.ts';
import { type Body, bodyOf, type Provider, textOf, type Upstream, UpstreamError } from './contract.ts';
import type { Credentials } from './credentials.ts';
import type { Discover } from './discovery.ts';
import { failureOf, refreshFailureOf } from './failure.ts';
import { mended } from './token-answer.ts';

/** A longer life than this is no number of seconds. */
const LONGEST: Seconds = 400 * 86_400;

interface Machine {
  readonly credentials: Credentials;
  readonly discover: Discover;
  readonly asker: () => Ask;
}

/** Makes them for one provider. */
export function makeTokenVerbs(provider: Provider, { credentials, discover, asker }: Machine): Pick<Upstream, 'refresh' | 'revoke'> {
  const refresh: Upstream['refresh'] = async ({ tokens, now, env }) => {
    const ask = asker();
    const found = await discover(ask);
    const client = credentials.client(env, now);
    const refreshToken = textOf(tokens.refreshToken, 'refresh_token_missing');
    const response = await oauth.refreshTokenGrantRequest(found, client, credentials.auth(env), refreshToken, {
      [oauth.allowInsecureRequests]: isLoopbackHost(new URL(found.token_endpoint).hostname),
      [oauth.customFetch]: async (url, init) => withoutIdToken(await mended(await ask(url, init), provider)),
    });
    return merged(tokens, tokensOf(await oauth.processRefreshTokenResponse(found, client, response), now));
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
    const token = tokens.refreshToken ?? tokens.accessToken; // a refresh token takes its access tokens along (RFC 7009 §2.1)
    const response = await oauth.revocationRequest(found, client, credentials.auth(env), token, {
      [oauth.allowInsecureRequests]: isLoopbackHost(new URL(found.revocation_endpoint).hostname),
      [oauth.customFetch]: ask,
    });
    await oauth.processRevocationResponse(response);
    return true;
  };
  return { refresh: (kept) => refresh(kept).catch(refreshFailureOf), revoke: (kept) => revoke(kept).catch(failureOf) };
}

/** The tokens of an answer. @throws {UpstreamError} */
export function tokensOf(answer: oauth.TokenEndpointResponse, now: Seconds): UpstreamTokens {
  const { access_token: accessToken, refresh_token: refreshToken, expires_in: expiresIn, scope } = answer;
  if (expiresIn !== undefined && !(expiresIn >= 0 && expiresIn <= LONGEST)) throw new UpstreamError('broken', 'expires_in');
  return {
    accessToken,
    ...(typeof refreshToken === 'string' && refreshToken !== '' ? { refreshToken } : {}),
    ...(expiresIn === undefined || expiresIn === 0 ? {} : { expiresAt: now + Math.floor(expiresIn) }),
    ...(typeof scope === 'string' ? { scope: scope.split(/[ ,]+/).filter((one) => one !== '') } : {}), // GitHub has commas
  };
}

/** What is not said again stands: a refresh token is never overwritten with nothing. */
function merged({ refreshToken, scope }: UpstreamTokens, next: UpstreamTokens): UpstreamTokens {
  return { ...(refreshToken === undefined ? {} : { refreshToken }), ...(scope === undefined ? {} : { scope }), ...next };
}

/** The ID token of a refresh tells nothing new of a person who is not there; unread, it needs no proof. */
async function withoutIdToken(response: Response): Promise<Response> {
  const { id_token: _idToken, ...body } = bodyOf(await response.json()) as Body & { id_token?: unknown };
  return Response.json(body, { status: response.status });
}
