import { describe, expect, it } from 'vitest';
import { guard } from '../../src/guard/guard.ts';
import { OAuthError } from '../../src/model/error.ts';
import { tokensOf } from '../../src/testing/oauth-client.ts';
import { makeApp, RESOURCE, storeNames } from '../support/app.ts';
import { expectChallenge } from '../support/verdicts.ts';

describe.each(storeNames)('provider/tokens on %s', (store) => {
  it('W-07 verifies an own token in process, as plain data that a service binding can carry', async () => {
    const app = await makeApp(store);
    const { client, tokens } = await app.signedIn();
    const { verifyToken } = app.provider.helpers(app.env);
    const found = await verifyToken(tokens.access);
    expect(found).toMatchObject({
      userId: app.aliceId,
      clientId: client.id,
      scope: ['read', 'write'],
      resource: RESOURCE,
      props: { claims: { sub: app.aliceId } },
    });
    expect(structuredClone(found)).toEqual(found);
    expect(await verifyToken(tokens.access, RESOURCE)).toEqual(found);
    for (const [token, resource] of [[tokens.access, 'https://other.example'], [tokens.refresh], ['nonsense']] as const)
      expect(await verifyToken(token ?? '', resource)).toBeNull();
    await client.revoke(tokens.refresh);
    expect(await verifyToken(tokens.access)).toBeNull();
  });

  it('N-02 tells a guard why a token is not good', async () => {
    const app = await makeApp(store);
    const { client, tokens } = await app.signedIn();
    const { verifyToken } = app.provider.helpers(app.env);
    const told: string[] = [];
    const ask = (token: string | undefined, resource?: string) => verifyToken(token ?? '', resource, (reason) => void told.push(reason));
    await ask('nonsense', RESOURCE);
    await ask(tokens.refresh);
    await ask(tokens.access, 'https://other.example');
    await client.revoke(tokens.refresh);
    await ask(tokens.access);
    expect(told).toEqual(['token_foreign', 'token_of_another_kind', 'token_of_another_resource', 'grant_revoked']);
  });

  it('W-07 exchanges a token in process for one with less in it, which ends with the first', async () => {
    const app = await makeApp(store);
    const { client, tokens } = await app.signedIn();
    const { exchangeToken, verifyToken } = app.provider.helpers(app.env);
    const child = await exchangeToken({ subjectToken: tokens.access, scope: ['read'], expiresIn: 60 });
    expect(child).toMatchObject({ scope: ['read'], resource: RESOURCE, expiresAt: app.clock.now() + 60 });
    expect(await verifyToken(child.accessToken)).toMatchObject({ userId: app.aliceId, clientId: client.id, scope: ['read'] });
    const grandchild = await exchangeToken({ subjectToken: child.accessToken, expiresIn: 3600 });
    expect(grandchild.expiresAt).toBe(child.expiresAt);
    await expect(exchangeToken({ subjectToken: child.accessToken, scope: ['write'] })).rejects.toMatchObject({ code: 'invalid_scope' });
    await expect(exchangeToken({ subjectToken: child.accessToken, resource: 'https://other.example' })).rejects.toMatchObject({
      code: 'invalid_target',
    });
    await expect(exchangeToken({ subjectToken: tokens.refresh })).rejects.toMatchObject({ code: 'invalid_request' });
    await expect(exchangeToken({ subjectToken: child.accessToken, expiresIn: 0.5 })).rejects.toThrow('`expiresIn` must be a whole number');
    await client.revoke(tokens.refresh);
    for (const { accessToken } of [child, grandchild]) expect(await verifyToken(accessToken)).toBeNull();
  });

  it('W-07 is an authorization server without an API, which verifies its tokens for another resource server', async () => {
    const elsewhere = 'https://api.example/mcp';
    const app = await makeApp(store, { apiRoute: undefined, apiHandler: undefined, resources: { [elsewhere]: {} } } as never);
    const client = await app.client();
    const browser = app.browser();
    const code = await client.signIn(browser, { username: 'alice', password: 'correct horse battery' }, { resource: elsewhere });
    const { access } = tokensOf(await client.redeem(code, { resource: elsewhere }));
    const { verifyToken } = app.provider.helpers(app.env);
    const api = guard({
      resource: elsewhere,
      authorizationServers: ['https://mcp.example'],
      verify: (token, resource) => verifyToken(token, resource),
    });
    const handler = api.protect((_request, _env, ctx) => Response.json(ctx.auth.userId));
    const call = (token: string): Promise<Response> => handler(new Request(elsewhere, { headers: { authorization: `Bearer ${token}` } }));
    expect(await (await call(access)).json()).toBe(app.aliceId);
    expect((await call(`${access}x`)).status).toBe(401);
    expect((await app.call(access)).status).toBe(404);
  });

  it('W-04 serves one resource of a chosen name over several routes', async () => {
    const handler = (_request: Request, _env: unknown, ctx: { auth?: { resource: string } }): Response => Response.json({ auth: ctx.auth });
    const app = await makeApp(store, {
      apiRoute: undefined,
      apiHandler: undefined,
      apiHandlers: { '/mcp': handler, '/api/': handler },
      resource: 'https://mcp.example',
    } as never);
    const client = await app.client();
    const code = await client.signIn(
      app.browser(),
      { username: 'alice', password: 'correct horse battery' },
      { resource: 'https://mcp.example/' },
    );
    const { access } = tokensOf(await client.redeem(code, { resource: null }));
    for (const path of ['/mcp', '/api', '/api/notes']) {
      expect((await app.call(access, path)).access?.resource).toBe('https://mcp.example');
      const challenged = await app.call(null, path);
      expect(challenged.response.headers.get('www-authenticate')).toContain(
        'resource_metadata="https://mcp.example/.well-known/oauth-protected-resource"',
      );
    }
    const metadata = await app.ask('GET', '/.well-known/oauth-protected-resource');
    expect(await metadata.json()).toMatchObject({ resource: 'https://mcp.example', authorization_servers: ['https://mcp.example'] });
  });
});

describe('externalTokens', () => {
  const outside = {
    userId: 'u',
    clientId: 'c',
    grantId: 'g',
    scope: ['read'],
    resource: RESOURCE,
    expiresAt: 9e9,
    props: { claims: { sub: 'u' } },
  };

  it('W-08 shows a source any visible token, with the call and the environment', async () => {
    const seen: unknown[] = [];
    const app = await makeApp('memory', {
      externalTokens: {
        authorizationServers: ['https://as.example'],
        verify: (token, _resource, _tell, call) => {
          seen.push([token, call?.request.headers.get('x-tenant'), Object.hasOwn(Object(call?.env), 'PORTCULLIS')]);
          return call?.request.body === null ? outside : null;
        },
      },
    });
    const called = await app.call('user:grant:secret{}', '/mcp', { 'x-tenant': 'acme' });
    expect(called.access?.userId).toBe('u');
    expect(seen).toEqual([['user:grant:secret{}', 'acme', true]]);
  });

  it('W-08 answers as the source says, with its status, text, headers and challenge', async () => {
    let error: unknown;
    const app = await makeApp('memory', {
      externalTokens: { authorizationServers: ['https://as.example'], verify: () => Promise.reject(error) },
    });
    error = new OAuthError('insufficient_scope', 'plan_too_small', { hint: 'Your plan has no tools.', scope: ['tools'] });
    const forbidden = (await app.call('foreign')).response;
    expect([forbidden.status, forbidden.headers.get('www-authenticate'), await forbidden.json()]).toEqual([
      403,
      'Bearer error="insufficient_scope", resource_metadata="https://mcp.example/.well-known/oauth-protected-resource/mcp", scope="tools"',
      { error: 'insufficient_scope', error_description: 'Your plan has no tools.', scope: 'tools' },
    ]);
    error = new OAuthError('invalid_token', 'banned', { status: 401, headers: { 'x-why': 'banned' } });
    const refused = await app.call('foreign');
    expectChallenge(refused, 'invalid_token');
    expect(refused.response.headers.get('x-why')).toBe('banned');
    expect(app.events.filter(({ kind }) => kind === 'request.refused')).toMatchObject([{ reason: 'plan_too_small' }, { reason: 'banned' }]);
    for (error of [new Error('down'), new OAuthError('temporarily_unavailable', 'away')])
      expect((await app.call('foreign')).status).toBe(503);
  });
});
