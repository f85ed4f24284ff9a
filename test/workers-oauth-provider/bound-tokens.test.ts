/** Tokens that are bound to a key (DPoP), where an application asks what a token is worth without the proof that comes with the request. */
import { CHALLENGE, VERIFIER } from '../../bench/servers/answers.ts';
import { makeRuntime } from '#under-test';
import { describe, expect, it } from 'vitest';
import { memoryStore } from '../../src/stores/memory.ts';
import { makeClock } from '../../src/testing/clock.ts';
import { AdaptedAuthorizationServer } from '../../src/workers-oauth-provider/provider.ts';
import { OAuthResourceServer } from '../../src/workers-oauth-provider/resource-server.ts';
import { makeProver } from '../support/prover.ts';

const ISSUER = 'https://auth.example';
const RESOURCE = 'https://one.example/mcp';
const CALLBACK = 'https://app.example/cb';

/** A server with one client and its token. @param isBound whether the client shows a key when it redeems its code. */
async function withToken(isBound: boolean) {
  const clock = makeClock(Math.floor(Date.now() / 1000)); // the resource server has none
  const server = new AdaptedAuthorizationServer<object>(
    { issuer: ISSUER, tokenEndpoint: '/token', authorizeEndpoint: '/authorize', resources: [RESOURCE], onError: () => undefined },
    { runtime: { ...makeRuntime(), now: clock.now }, address: () => '192.0.2.1' },
  );
  const env = { PORTCULLIS: memoryStore(clock) };
  const oauth = server.getOAuthApi(env);
  const { clientId } = await oauth.createClient({ redirectUris: [CALLBACK], tokenEndpointAuthMethod: 'none' });
  const asked = { response_type: 'code', client_id: clientId, redirect_uri: CALLBACK, state: 's', code_challenge: CHALLENGE, code_challenge_method: 'S256' };
  const request = await oauth.parseAuthRequest(new Request(`${ISSUER}/authorize?${new URLSearchParams(asked)}`));
  const { redirectTo } = await oauth.completeAuthorization({ request, userId: 'una', scope: [], metadata: null, props: { name: 'Una' } });
  const code = new URL(redirectTo).searchParams.get('code') ?? '';
  const headers = { 'content-type': 'application/x-www-form-urlencoded', ...(isBound ? { dpop: await (await makeProver(clock)).proof('POST', `${ISSUER}/token`) } : {}) };
  const body = new URLSearchParams({ grant_type: 'authorization_code', client_id: clientId, code, code_verifier: VERIFIER, redirect_uri: CALLBACK });
  const answer = await server.fetch(new Request(`${ISSUER}/token`, { method: 'POST', headers, body: body.toString() }), env, { waitUntil() {} });
  return { server, env, oauth, tokens: (await answer.json()) as Record<string, string> };
} // prettier-ignore

describe('workers-oauth-provider: tokens that are bound to a key', () => {
  it.each([
    ['bound to a key', true, 'DPoP', 401],
    ['of a bearer', false, 'Bearer', 200],
  ])('answers a call at another Worker with a token that is %s', async (_what, isBound, type, status) => {
    const { server, env, oauth, tokens } = await withToken(isBound);
    const { access_token: token = '', token_type } = tokens;
    const api = new OAuthResourceServer({
      resourceMetadata: { resource: RESOURCE, authorization_servers: [ISSUER] },
      handler: { fetch: () => new Response('in') },
      validateToken: () => (resource, one) => server.validateToken(resource, one, env),
    });
    const call = await api.fetch(new Request(RESOURCE, { headers: { authorization: `Bearer ${token}` } }), {}, { waitUntil() {} });
    expect([token_type, call.status]).toEqual([type, status]);
    expect([(await server.validateToken(RESOURCE, token, env)) === null, (await oauth.unwrapToken(token)) === null]).toEqual([isBound, isBound]);
  }); // prettier-ignore
});
