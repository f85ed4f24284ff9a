import { describe, expect, it } from 'vitest';
import { OAuthProvider } from '../../src/index.ts';
import { memoryStore } from '../../src/stores/memory.ts';
import { tokenFor } from '../../src/testing/oauth-client.ts';

const app = new OAuthProvider({
  apiRoute: ['/mcp', '/admin'],
  apiHandler: (_request: Request, _env: unknown, ctx) => Response.json({ auth: ctx.auth, props: ctx.props }),
  defaultHandler: () => new Response(null, { status: 404 }), // pages of its own
  scopesSupported: ['read', 'write'],
});

async function call(token: string, env: object, path = '/mcp'): Promise<Response> {
  return app.fetch(new Request(`http://localhost:8787${path}`, { headers: { authorization: `Bearer ${token}` } }), env);
}

describe('testing/oauth-client, tokenFor', () => {
  it('gives a token that the server takes as it takes every other', async () => {
    const env = { PORTCULLIS: memoryStore() };
    const token = await tokenFor(app, env, { userId: 'ada', scope: ['read'], props: { permissions: ['admin'] } });
    const { auth, props } = (await (await call(token, env)).json()) as { auth: object; props: object };
    expect(auth).toMatchObject({ userId: 'ada', scope: ['read'] });
    expect(props).toEqual({ permissions: ['admin'], claims: { sub: 'ada' } });
    await app.helpers({ ...env, PORTCULLIS_ISSUER: 'http://localhost:8787' }).revokeGrants({ userId: 'ada' });
    expect((await call(token, env)).status).toBe(401);
  });

  it('is for one resource, and for one store', async () => {
    const env = { PORTCULLIS: memoryStore() };
    const token = await tokenFor(app, env, { resource: 'http://localhost:8787/admin' });
    expect([(await call(token, env)).status, (await call(token, env, '/admin')).status]).toEqual([401, 200]);
    expect((await call(token, { PORTCULLIS: memoryStore() }, '/admin')).status).toBe(401);
  });

  it('says what is missing where a scope is not granted', async () => {
    const env = { PORTCULLIS: memoryStore() };
    await expect(tokenFor(app, env, { scope: ['read', 'delete'] })).rejects.toThrow('no token with delete');
  });

  it('says why where it gets none', async () => {
    const shut = new OAuthProvider({
      apiRoute: '/mcp',
      apiHandler: () => new Response(null),
      defaultHandler: () => new Response(null, { status: 404 }),
      onTokens: () => ({ another: true }) as never,
      on: () => undefined,
    });
    await expect(tokenFor(shut, { PORTCULLIS: memoryStore() })).rejects.toThrow(/^tokenFor: the server gave no token: /);
  });
});
