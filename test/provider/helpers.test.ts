/** The helpers for an application with pages of its own: the same checks and the same grant as behind our pages. */
import { makeRuntime } from '#under-test';
import { describe, expect, it } from 'vitest';
import type { Context } from '../../src/model/context.ts';
import { OAuthProvider } from '../../src/provider/oauth-provider.ts';
import type { AuthRequest } from '../../src/provider/auth-request.ts';
import type { OAuthHelpers } from '../../src/provider/helpers.ts';
import { memoryStore } from '../../src/stores/memory.ts';
import type { Store } from '../../src/model/store.ts';
import { registerClient, type TestClient, tokensOf } from '../../src/testing/oauth-client.ts';
import { ISSUER, makeApp } from '../support/app.ts';

interface Own {
  readonly provider: OAuthProvider<Record<string, unknown>>;
  readonly helpers: OAuthHelpers;
  readonly store: Store;
  readonly client: TestClient;
  readonly send: (request: Request) => Promise<Response>;
  readonly parse: (changes?: Record<string, string | null>) => Promise<AuthRequest>;
}

async function own(): Promise<Own> {
  const store = memoryStore();
  const provider = new OAuthProvider<Record<string, unknown>>(
    {
      issuer: ISSUER,
      apiRoute: ['/mcp', '/mcp2'],
      apiHandler: (_request, _env, ctx: Context) => Response.json({ auth: ctx.auth, props: ctx.props }),
      defaultHandler: (request, env) =>
        new Response(`${new URL(request.url).pathname} ${typeof (env['OAUTH_PROVIDER'] as OAuthHelpers).parseAuthRequest}`),
      clientRegistrationEndpoint: '/register',
      scopesSupported: ['read', 'write'],
    },
    { runtime: makeRuntime(), address: () => undefined },
  );
  const env = { PORTCULLIS: store };
  const send = (request: Request): Promise<Response> => provider.fetch(request, env);
  const client = await registerClient({ send, issuer: ISSUER });
  const helpers = provider.helpers(env);
  const parse: Own['parse'] = async (changes) =>
    helpers.parseAuthRequest(new Request(await client.authorizeUrl({ resource: `${ISSUER}/mcp`, ...changes })));
  return { provider, helpers, store, client, send, parse };
}

describe('provider/helpers', () => {
  it('passes all other requests to the default handler, with the helpers in its environment', async () => {
    const { send } = await own();
    for (const path of ['/authorize', '/login', '/authorize/approve', '/other', '/mcp3'])
      expect(await (await send(new Request(ISSUER + path))).text()).toBe(`${path} function`);
  });

  it('checks a request and completes it, with the props that tools find', async () => {
    const { helpers, client, parse, send } = await own();
    const request = await parse({ scope: 'read write' });
    expect(request).toMatchObject({
      responseType: 'code',
      clientId: client.id,
      redirectUri: client.redirectUri,
      scope: ['read', 'write'],
      state: 'st4te',
      resource: `${ISSUER}/mcp`,
      issuer: ISSUER,
    });
    const { redirectTo } = await helpers.completeAuthorization({
      request,
      userId: 'u-7',
      scope: ['read', 'admin'],
      props: { plan: 'pro' },
    });
    const answer = new URL(redirectTo).searchParams;
    expect([answer.get('state'), answer.getAll('iss')]).toEqual(['st4te', [ISSUER]]);
    const { access } = tokensOf(await client.redeem(answer.get('code') ?? ''));
    const called = await send(new Request(`${ISSUER}/mcp`, { headers: { authorization: `Bearer ${access}` } }));
    expect(await called.json()).toMatchObject({ auth: { userId: 'u-7', scope: ['read'] }, props: { plan: 'pro' } });
  });

  it('grants `offline_access` and ignores unknown scopes that a client requests beside those of the page (R-06, R-13)', async () => {
    const { parse, client, helpers } = await own();
    for (const [scope, shown, given] of [
      ['read offline_access', ['read'], 'read offline_access'],
      ['openid', ['read', 'write'], 'read write'],
    ] as const) {
      const request = await parse({ scope });
      expect(request.scope).toEqual(shown);
      const { redirectTo } = await helpers.completeAuthorization({ request, userId: 'u-7', scope: request.scope, props: {} });
      const tokens = await client.redeem(new URL(redirectTo).searchParams.get('code') ?? '', { scope });
      expect(tokens.body['scope']).toBe(given);
      expect((await client.refresh(tokensOf(tokens).refresh, { scope })).body['scope']).toBe(given);
    }
  });

  it('completes a request that names none of several routes, with a token that is good at each (R-12)', async () => {
    const routes = { apiRoute: ['/mcp', '/other'], logins: [], defaultHandler: () => new Response() };
    const app = await makeApp('memory', routes);
    const client = await app.client();
    const helpers = app.provider.helpers(app.env);
    const request = await helpers.parseAuthRequest(new Request(await client.authorizeUrl({ resource: null })));
    const { redirectTo } = await helpers.completeAuthorization({ request, userId: 'u-7', scope: request.scope, props: {} });
    const { access } = tokensOf(await client.redeem(new URL(redirectTo).searchParams.get('code') ?? ''));
    expect([(await app.call(access, '/mcp')).status, (await app.call(access, '/other')).status]).toEqual([200, 200]);
  });

  it.each([
    [{ response_type: 'token' }, 'unsupported_response_type'], [{ code_challenge: null }, 'invalid_request'], [{ code_challenge_method: 'plain' }, 'invalid_request'],
    [{ resource: 'https://evil.example' }, 'invalid_target'], [{ scope: 'a"b' }, 'invalid_scope'],
  ] as [Record<string, string | null>, string][])('SEC-021 SEC-022 SEC-111 SEC-222 says where to send the error of %j', async (changes, code) => {
    const { parse, client } = await own();
    const failed = await parse(changes).catch((error: unknown) => error);
    expect(failed).toMatchObject({ name: 'AuthorizationError', code });
    const to = new URL((failed as { redirectTo: string }).redirectTo);
    expect([to.href.startsWith(client.redirectUri), to.searchParams.get('error'), to.searchParams.getAll('iss')]).toEqual([true, code, [ISSUER]]);
  }); // prettier-ignore

  it.each([{ client_id: 'nobody' }, { redirect_uri: 'https://evil.example/cb' }, { client_id: null }] as Record<string, string | null>[])('SEC-001 says nowhere to send the error of %j', async (changes) => {
    const failed = await (await own()).parse(changes).catch((error: unknown) => error);
    expect(failed).toMatchObject({ name: 'AuthorizationError' });
    expect((failed as { redirectTo?: string }).redirectTo).toBeUndefined();
  }); // prettier-ignore

  it('SEC-019 uses the stored registration at the end, not values of the request', async () => {
    const { helpers, parse, store, client } = await own();
    const request = await parse();
    const completion = { userId: 'u', scope: ['read'], props: {} };
    for (const forged of [
      { redirectUri: 'https://evil.example/cb' },
      { redirectUri: 'javascript:alert(1)' },
      { clientId: 'nobody' },
      { resource: 'https://evil.example' },
      { resource: `${ISSUER}/other` },
    ])
      await expect(helpers.completeAuthorization({ ...completion, request: { ...request, ...forged } })).rejects.toMatchObject({
        name: 'AuthorizationError',
      });
    await store.remove(`client:${client.id}`);
    await expect(helpers.completeAuthorization({ ...completion, request })).rejects.toMatchObject({ code: 'invalid_client' });
    await expect(helpers.completeAuthorization({ ...completion, request, userId: '' })).rejects.toThrow('`userId` is empty');
  });

  it('SEC-127 gives no scope that was not asked for', async () => {
    const { helpers, parse, client } = await own();
    const { redirectTo } = await helpers.completeAuthorization({
      request: await parse({ scope: 'read' }),
      userId: 'u',
      scope: ['read', 'write'],
      props: null,
    });
    expect((await client.redeem(new URL(redirectTo).searchParams.get('code') ?? '')).body['scope']).toBe('read');
  });

  it('finds registered clients, without a secret in them', async () => {
    const { helpers, client } = await own();
    expect(await helpers.lookupClient(client.id)).toMatchObject({ id: client.id, name: 'Test client' });
    expect(await helpers.lookupClient('nobody')).toBeNull();
  });
});
