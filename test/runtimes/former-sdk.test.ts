/**
 * A server on `mcpAuthRouter` of the MCP SDK 1.x, with a provider of its own that rotates refresh tokens, signs a client in; ours takes its
 * place over the same provider, and the client stays signed in (W-12).
 */
import { ProxyOAuthServerProvider } from '@modelcontextprotocol/sdk/server/auth/providers/proxyProvider.js';
import { mcpAuthRouter } from '@modelcontextprotocol/sdk/server/auth/router.js';
import express from 'express';
import { createHash } from 'node:crypto';
import type { AddressInfo } from 'node:net';
import { describe, expect, it } from 'vitest';
import { webRuntime } from '../../src/core/web-runtime.ts';
import { mcpSdkProvider, type SdkProvider } from '../../src/former/mcp-sdk.ts';
import type { Event } from '../../src/model/event.ts';
import { OAuthProvider } from '../../src/provider/oauth-provider.ts';
import { memoryStore } from '../../src/stores/memory.ts';
import { NotesProvider } from '../support/sdk-provider.ts';

const ISSUER = 'https://mcp.example';
const CALLBACK = 'http://localhost:3334/callback';
const VERIFIER = 'v'.repeat(43);
const CHALLENGE = createHash('sha256').update(VERIFIER).digest('base64url');

const form = (fields: Record<string, string>): RequestInit => ({
  method: 'POST',
  headers: { 'content-type': 'application/x-www-form-urlencoded' },
  body: new URLSearchParams(fields),
});

/** Signs a client in at the old server. */
async function signedInThere(provider: NotesProvider): Promise<{ id: string; secret: string; refresh: string }> {
  const app = express().use(mcpAuthRouter({ provider, issuerUrl: new URL(ISSUER) }));
  const server = app.listen(0);
  const url = `http://localhost:${(server.address() as AddressInfo).port}`;
  const metadata = { redirect_uris: [CALLBACK], client_name: 'Old client', token_endpoint_auth_method: 'client_secret_post' };
  const registered = await fetch(`${url}/register`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(metadata),
  });
  const { client_id: id, client_secret: secret } = (await registered.json()) as { client_id: string; client_secret: string };
  const asked = new URLSearchParams({
    response_type: 'code',
    client_id: id,
    redirect_uri: CALLBACK,
    code_challenge: CHALLENGE,
    code_challenge_method: 'S256',
    state: 's',
  });
  const away = await fetch(`${url}/authorize?${asked}`, { redirect: 'manual' });
  const code = new URL(away.headers.get('location') ?? '').searchParams.get('code') ?? '';
  const answer = await fetch(
    `${url}/token`,
    form({ grant_type: 'authorization_code', client_id: id, client_secret: secret, code, code_verifier: VERIFIER, redirect_uri: CALLBACK }),
  );
  const { refresh_token: refresh } = (await answer.json()) as { refresh_token: string };
  server.close();
  return { id, secret, refresh };
}

describe('after a switch from mcpAuthRouter of the MCP SDK', () => {
  const switched = (provider: SdkProvider) => {
    const events: Event[] = [];
    const app = new OAuthProvider(
      {
        issuer: ISSUER,
        store: memoryStore(),
        apiRoute: '/mcp',
        apiHandler: (_request: Request, _env: unknown, ctx) => Response.json({ user: ctx.auth.userId, props: ctx.props }),
        defaultHandler: () => new Response('own'),
        scopesSupported: ['read'],
        formerStore: mcpSdkProvider(provider, ({ extra }) => ({ userId: String(extra?.['userId']), props: { from: 'sdk' } })),
        on: (event) => void events.push(event),
      },
      { runtime: webRuntime(), address: () => '192.0.2.1' },
    );
    const send = (path: string, init: RequestInit): Promise<Response> => app.fetch(new Request(ISSUER + path, init), {});
    return { events, send };
  };
  const refreshed = async (send: (path: string, init: RequestInit) => Promise<Response>, fields: Record<string, string>) => {
    const answer = await send('/token', form({ grant_type: 'refresh_token', ...fields }));
    return { status: answer.status, body: (await answer.json()) as Record<string, string> };
  };

  it('a client refreshes here, also five times at once and after a lost answer, though a token is good once there', async () => {
    const provider = new NotesProvider();
    const { id, secret, refresh } = await signedInThere(provider);
    const { events, send } = switched(provider);
    const asked = { client_id: id, client_secret: secret, refresh_token: refresh };
    const answers = await Promise.all(Array.from({ length: 5 }, () => refreshed(send, asked)));
    expect(answers.map(({ status }) => status)).toEqual([200, 200, 200, 200, 200]);
    answers.push(await refreshed(send, asked));
    expect(new Set(answers.map(({ body }) => body['refresh_token'])).size).toBe(1);
    const called = await send('/mcp', { headers: { authorization: `Bearer ${answers[0]?.body['access_token']}` } });
    expect(await called.json()).toEqual({ user: 'una', props: { from: 'sdk' } });
    expect(events.filter(({ kind }) => kind === 'grant.moved')).toHaveLength(1);
  });

  it('refuses a wrong secret, another client and a token that is not known, and answers 503 while the provider is down', async () => {
    const provider = new NotesProvider();
    const { id, secret, refresh } = await signedInThere(provider);
    const other = await signedInThere(provider);
    const { send } = switched(provider);
    expect((await refreshed(send, { client_id: id, client_secret: `${secret}x`, refresh_token: refresh })).body['error']).toBe(
      'invalid_client',
    );
    expect((await refreshed(send, { client_id: other.id, client_secret: other.secret, refresh_token: refresh })).body['error']).toBe(
      'invalid_grant',
    );
    provider.isDown = true;
    expect((await refreshed(send, { client_id: id, client_secret: secret, refresh_token: refresh })).status).toBe(503);
    provider.isDown = false;
    expect((await refreshed(send, { client_id: id, client_secret: secret, refresh_token: refresh })).status).toBe(200);
    expect((await refreshed(send, { client_id: id, client_secret: secret, refresh_token: 'unknown' })).body['error']).toBe('invalid_grant');
  });

  it('asks for the secret before it spends the token there, and not for one that has expired there (W-12)', async () => {
    const provider = new NotesProvider();
    const { id, secret, refresh } = await signedInThere(provider);
    const asked = { client_id: id, refresh_token: refresh };
    const { send } = switched(provider);
    expect((await refreshed(send, asked)).body['error']).toBe('invalid_client');
    expect((await refreshed(send, { ...asked, client_secret: secret })).status).toBe(200);
    const client = await provider.clientsStore.getClient(id);
    Object.assign(client as object, { client_secret_expires_at: Math.floor(Date.now() / 1000) - 1 });
    expect((await refreshed(switched(provider).send, { ...asked, client_secret: secret })).body['error']).toBe('invalid_client');
  });

  it('moves a grant of a ProxyOAuthServerProvider, refuses a token that the server behind it refuses, and answers 503 while that is down', async () => {
    let status = 200;
    const sent: string[] = [];
    const provider = new ProxyOAuthServerProvider({
      endpoints: { authorizationUrl: 'https://up.example/authorize', tokenUrl: 'https://up.example/token' },
      verifyAccessToken: async (token) => ({ token, clientId: 'proxied', scopes: ['read'], extra: { userId: 'una' } }),
      getClient: async (id) => (id === 'proxied' ? { client_id: id, redirect_uris: [CALLBACK] } : undefined),
      fetch: async (_url, init) => {
        sent.push(await new Response(init?.body).text());
        return Response.json({ access_token: 'up', token_type: 'bearer', refresh_token: 'up-next' }, { status });
      },
    });
    const { send } = switched(provider);
    const asked = { client_id: 'proxied', refresh_token: 'upstream-token' };
    for (const [answered, expected] of [[429, 503], [500, 503], [400, 400], [401, 400], [200, 200]] as const) {
      status = answered;
      expect((await refreshed(send, asked)).status).toBe(expected);
    } // prettier-ignore
    expect(sent[0]).toContain('refresh_token=upstream-token');
    expect((await refreshed(send, { ...asked, client_id: 'another' })).body['error']).toBe('invalid_client');
  });

  it('keeps revoked what its client revoked, before it moved and after', async () => {
    for (const isMoved of [false, true]) {
      const provider = new NotesProvider();
      const { id, secret, refresh } = await signedInThere(provider);
      const { send } = switched(provider);
      const asked = { client_id: id, client_secret: secret, refresh_token: refresh };
      const live = isMoved ? await refreshed(send, asked) : null;
      expect((await send('/revoke', form({ token: refresh, client_id: id, client_secret: secret }))).status).toBe(200);
      expect((await refreshed(send, asked)).body['error']).toBe('invalid_grant');
      if (live)
        expect((await refreshed(send, { ...asked, refresh_token: live.body['refresh_token'] ?? '' })).body['error']).toBe('invalid_grant');
    }
  });
});
