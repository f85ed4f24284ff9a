/**
 * A first token: all that a program does here, over a server without pages and logins of ours: metadata, registration, the sign-in of an
 * application that runs its own, code, guarded call, refresh, revocation. For `size.ts`, which watches what is loaded meanwhile.
 */
import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import type { webRuntime } from '../src/core/web-runtime.ts';
import type { OAuthProvider } from '../src/provider/oauth-provider.ts';
import { memoryStore } from '../src/stores/memory.ts';

const ISSUER = 'https://mcp.example'; // on loopback more would load: what to do about refusals
const CALLBACK = 'http://127.0.0.1:4711/callback';
const VERIFIER = 'a-verifier-of-no-importance-to-anybody-at-all';

/** Goes the whole way. @throws when a step is not answered as it should be. */
export async function firstToken(bundled: {
  readonly OAuthProvider: typeof OAuthProvider;
  readonly webRuntime: typeof webRuntime;
}): Promise<void> {
  const provider = new bundled.OAuthProvider(
    {
      store: memoryStore(),
      apiRoute: '/mcp',
      apiHandler: () => new Response('called'),
      defaultHandler: () => new Response('found'),
      clientRegistrationEndpoint: '/register',
    },
    { runtime: bundled.webRuntime(), address: () => '192.0.2.1' },
  );
  const helpers = provider.helpers({ PORTCULLIS_ISSUER: ISSUER });
  const ask = async (path: string, init: RequestInit = {}, status = 200): Promise<string> => {
    const answer = await provider.fetch(new Request(ISSUER + path, init), { PORTCULLIS_ISSUER: ISSUER });
    const text = await answer.text();
    assert.equal(answer.status, status, text);
    return text;
  };
  const post = async (path: string, fields: { readonly [name: string]: string }): Promise<string> =>
    ask(path, { method: 'POST', body: new URLSearchParams(fields) });

  await ask('/mcp', {}, 401);
  await ask('/.well-known/oauth-protected-resource/mcp');
  await ask('/.well-known/oauth-authorization-server');
  const json = { method: 'POST', headers: { 'content-type': 'application/json' } };
  const registered = await ask(
    '/register',
    { ...json, body: `{"redirect_uris":["${CALLBACK}"],"token_endpoint_auth_method":"none"}` },
    201,
  );
  const { client_id: client } = JSON.parse(registered) as { client_id: string };
  const query = new URLSearchParams({
    response_type: 'code',
    client_id: client,
    redirect_uri: CALLBACK,
    code_challenge: createHash('sha256').update(VERIFIER).digest('base64url'),
    code_challenge_method: 'S256',
    resource: `${ISSUER}/mcp`,
  });
  const request = await helpers.parseAuthRequest(new Request(`${ISSUER}/authorize?${query}`));
  const { redirectTo } = await helpers.completeAuthorization({ request, userId: 'ada', scope: request.scope, props: { name: 'Ada' } });
  const code = new URL(redirectTo).searchParams.get('code') ?? '';
  const redeemed = await post('/token', {
    grant_type: 'authorization_code',
    client_id: client,
    code,
    redirect_uri: CALLBACK,
    code_verifier: VERIFIER,
  });
  const first = JSON.parse(redeemed) as { access_token: string; refresh_token: string };
  assert.equal(await ask('/mcp', { headers: { authorization: `Bearer ${first.access_token}` } }), 'called');
  const refreshed = await post('/token', { grant_type: 'refresh_token', client_id: client, refresh_token: first.refresh_token });
  const second = JSON.parse(refreshed) as { access_token: string; refresh_token: string };
  await post('/revoke', { client_id: client, token: second.refresh_token });
  await ask('/mcp', { headers: { authorization: `Bearer ${second.access_token}` } }, 401);
}
