/**
 * A server on workers-oauth-provider 1.2.3 signs a client in, in workerd; ours takes its place over the same KV namespace, and the client
 * stays signed in (W-01).
 */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { webRuntime } from '../../src/core/web-runtime.ts';
import { workersOAuthKv } from '../../src/former/workers-oauth-kv.ts';
import { OAuthProvider } from '../../src/provider/oauth-provider.ts';
import { memoryStore } from '../../src/stores/memory.ts';
import { authorize, CALLBACK, called, ISSUER, RESOURCE, type Side, signIn, startTheirs, token, VERIFIER } from '../support/beside.ts';

/** Without signs that form-encoding changes. */
const SECRET = 'a-plain-secret-of-more-than-32-letters';
let theirs: Awaited<ReturnType<typeof startTheirs>>;
beforeAll(async () => {
  theirs = await startTheirs();
});
afterAll(async () => theirs?.stop());

async function ours(): Promise<Side> {
  const kv = await theirs.kv();
  const provider = new OAuthProvider(
    {
      issuer: ISSUER,
      store: memoryStore(),
      apiRoute: '/mcp',
      apiHandler: (_request: Request, _env: unknown, ctx) => Response.json(ctx.auth.userId),
      defaultHandler: () => new Response('own'),
      clientRegistrationEndpoint: '/register',
      scopesSupported: ['read', 'write', 'offline_access'],
      requiredScopes: ['read'],
      formerStore: workersOAuthKv(() => kv),
      on: () => undefined,
    },
    { runtime: webRuntime(), address: () => '192.0.2.1' },
  );
  return { send: (path, init) => provider.fetch(new Request(ISSUER + path, init), {}), stop: async () => undefined };
}

describe('after a switch from workers-oauth-provider 1.2.3', () => {
  it('a public client that was signed in there refreshes here, with the newest token and with the one before', async () => {
    const there = await signIn(theirs, {
      asked: { scope: 'read write', resource: RESOURCE },
      metadata: { grant_types: ['authorization_code'] },
    });
    const refreshed = await token(theirs, {
      grant_type: 'refresh_token',
      client_id: there?.id ?? '',
      refresh_token: there?.tokens['refresh_token'] ?? '',
    });
    const here = await ours();
    const tokens = [refreshed?.['refresh_token'] ?? '', there?.tokens['refresh_token'] ?? ''];
    const answers = await Promise.all(
      [...tokens, ...tokens].map((one) => token(here, { grant_type: 'refresh_token', client_id: there?.id ?? '', refresh_token: one })),
    );
    expect(new Set(answers.map((answer) => answer?.['refresh_token'])).size).toBe(1);
    expect(await called(here, answers[0] ?? null)).toBe(true);
    expect(answers[0]?.['scope']).toBe('read write');
  });

  it('a confidential client comes with the secret that it has', async () => {
    const made = await theirs.send('/made', { method: 'POST', body: JSON.stringify({ secret: SECRET, redirectUris: [CALLBACK] }) });
    const { client_id: id } = (await made.json()) as { client_id: string };
    const basic = { authorization: `Basic ${btoa(`${id}:${encodeURIComponent(SECRET)}`)}` };
    const code = (await authorize(theirs, id, { resource: RESOURCE, scope: 'read' }))?.searchParams.get('code') ?? '';
    const there = await token(theirs, { grant_type: 'authorization_code', code, code_verifier: VERIFIER, redirect_uri: CALLBACK }, basic);
    const here = await ours();
    const asked = { grant_type: 'refresh_token', refresh_token: there?.['refresh_token'] ?? '' };
    expect(await token(here, { ...asked, client_id: id })).toBeNull();
    const answer = await token(here, asked, basic);
    expect(await called(here, answer)).toBe(true);
  });
});
