import { type Context, requestState } from '../../src/model/context.ts';
import { describe, expect, it } from 'vitest';
import { guard } from '../../src/guard/guard.ts';
import type { Checked } from '../../src/model/access.ts';
import { ISSUER, makeApp } from '../support/app.ts';

const RESOURCE = 'https://mcp.example/mcp';
const access: Checked = { userId: 'u', clientId: 'c', grantId: 'g', scope: [], resource: RESOURCE, expiresAt: 9e9, props: null };
const options = {
  resource: RESOURCE,
  authorizationServers: ['https://as.example'],
  verify: (token: string) => (token === 'good' ? access : null),
};
const ask = (headers: Record<string, string> = {}): Request => new Request(RESOURCE, { method: 'POST', headers });

describe('guard, callers without a token', () => {
  it('S-110 turns them away unless they were asked in', async () => {
    expect(await guard(options)(ask())).toMatchObject({ status: 401 });
    expect(await guard({ ...options, anonymous: true })(ask())).toBeNull();
  });

  it('accepts calls without a token, with what a handler needs to refuse them, and still refuses an invalid token', async () => {
    const seen: Context[] = [];
    const open = guard({ ...options, requiredScopes: ['read'], anonymous: true });
    const handle = open.protect((_request, _env, ctx) => (seen.push(ctx), new Response('ok')));
    expect((await handle(ask())).status).toBe(200);
    expect(seen[0] && requestState(seen[0])).toMatchObject({ isAnonymous: true, challenge: { scope: ['read'], metadataUrl: 'https://mcp.example/.well-known/oauth-protected-resource/mcp' } });
    expect(seen[0]).not.toHaveProperty('auth');
    for (const authorization of ['Bearer bad', 'Bearer', 'bearer ']) expect((await handle(ask({ authorization }))).status).toBe(401);
    expect((await handle(ask({ origin: 'https://evil.example' }))).status).toBe(403);
    expect(seen.length).toBe(1);
  }); // prettier-ignore

  it('never removes the caller of a context that has one', async () => {
    const handle = guard({ ...options, anonymous: true }).protect(() => new Response());
    const ctx: Context = { waitUntil() {} };
    await handle(ask({ authorization: 'Bearer good' }), undefined, ctx);
    await expect(handle(ask(), undefined, ctx)).rejects.toThrow(/one context for two callers/);
  });

  it('reads the token only from the configured header', async () => {
    const own = guard({ ...options, tokenOf: (request) => request.headers.get('x-vouched') });
    expect(await own(ask({ 'x-vouched': 'good' }))).toEqual({ ...access, upstream: expect.any(Function), connect: expect.any(Function) });
    expect(await own(ask({ authorization: 'Bearer good' }))).toMatchObject({ status: 401 });
    expect(await own(ask({ 'x-vouched': '' }))).toMatchObject({ status: 401 });
  });
});

describe('OAuthProvider, anonymous callers and tokens of other servers', () => {
  const echo = (_request: Request, _env: unknown, ctx: Context): Response =>
    Response.json({ user: ctx.auth?.userId ?? null, anonymous: requestState(ctx).isAnonymous ?? false });

  it('S-110 lets callers without a token reach the handler where `anonymous` is set', async () => {
    const app = await makeApp('memory', { anonymous: true, apiHandler: echo });
    expect(await (await app.ask('POST', '/mcp')).json()).toEqual({ user: null, anonymous: true });
    expect((await app.ask('POST', '/mcp', null, { authorization: 'Bearer x' })).status).toBe(401);
  });

  it('passes tokens that are not ours to `externalTokens`, and names their issuers in the metadata', async () => {
    const asked: string[] = [];
    const resource = `${ISSUER}/mcp`;
    const externalTokens = {
      authorizationServers: ['https://as.example'],
      verify: (token: string) => (asked.push(token), token === 'theirs' ? { ...access, resource } : null),
    };
    const app = await makeApp('memory', { externalTokens, apiHandler: echo });
    const { tokens } = await app.signedIn();
    const call = async (token: string): Promise<unknown> => (await app.ask('POST', '/mcp', null, { authorization: `Bearer ${token}` })).status;
    expect([await call('theirs'), await call('unknown'), await call(tokens.access), await call(`${tokens.access}x`)]).toEqual([200, 401, 200, 401]);
    expect(asked).toEqual(['theirs', 'unknown']); // not ours, nor what begins like one of ours (F-53)
    const above = await makeApp('memory', {
      externalTokens: { ...externalTokens, verify: () => ({ ...access, resource, scope: ['write'] }) },
      scopesSupported: { read: 'Read', write: { includes: ['read'] } },
      requiredScopes: ['read'],
      apiHandler: (_request: Request, _env: unknown, ctx: Context) => Response.json(ctx.auth?.scope),
    });
    expect(await (await above.ask('POST', '/mcp', null, { authorization: 'Bearer theirs' })).json()).toEqual(['write', 'read']);
    const metadata = (await (await app.ask('GET', '/.well-known/oauth-protected-resource/mcp')).json()) as { authorization_servers: string[] };
    expect(metadata.authorization_servers).toEqual([ISSUER, 'https://as.example']);
  }); // prettier-ignore
});
