import { describe, expect, it, vi } from 'vitest';
import { guard, type GuardOptions } from '../../src/guard/guard.ts';
import type { Access } from '../../src/model/access.ts';
import { ALICE, type App, makeApp } from '../support/app.ts';
import { access, guardOptions, RESOURCE } from '../support/guarded.ts';
import { tokensOf } from '../../src/testing/oauth-client.ts';
import { expectChallenge } from '../support/verdicts.ts';

const call = (authorization?: string, more: Partial<GuardOptions> = {}, init: RequestInit = {}): Promise<Access | Response> =>
  guard({ ...guardOptions, ...more, anonymous: false })(
    new Request(RESOURCE, {
      method: 'POST',
      ...init,
      headers: { ...(authorization === undefined ? {} : { authorization }), ...init.headers },
    }),
  );
const status = (verdict: Access | Response): number => (verdict instanceof Response ? verdict.status : 200);

describe('guard/guard, before any handler', () => {
  it('accepts a valid token and returns the caller (S-123, S-127)', async () => {
    for (const header of ['Bearer good', 'bearer good', 'BEARER  good', 'Bearer\tgood ', 'bEaReR good'])
      expect(await call(header)).toEqual({ ...access, upstream: expect.any(Function), connect: expect.any(Function) });
  });

  it.each([
    'Bearer', 'Bearer ', 'Bearer good,', 'Bearer good good', 'Bearer good, Bearer good', 'Bearergood', 'Basic good', 'good', '', 'Bearer "good"', 'Bearer =good',
    `Bearer ${'x'.repeat(16_384)}`, 'Bearer gööd', 'Bearer good\u00a0', 'DPoP good', 'Bearer: good', 'Bearer token=good',
  ])('SEC-119 answers the header %j with 401 and no throw', async (header) => {
    expect(status(await call(header))).toBe(401);
  }); // prettier-ignore

  it('SEC-118 reads no token anywhere but in its one header (S-126)', async () => {
    const app = await makeApp('memory');
    const { tokens } = await app.signedIn();
    const form = { 'content-type': 'application/x-www-form-urlencoded' };
    const calls = [
      app.ask('POST', `/mcp?access_token=${tokens.access}`),
      app.ask('POST', '/mcp', `access_token=${tokens.access}`, form),
      app.ask('POST', '/mcp', null, { cookie: `access_token=${tokens.access}; authorization=Bearer ${tokens.access}` }),
      app.ask('POST', '/mcp', null, { 'x-authorization': `Bearer ${tokens.access}`, 'proxy-authorization': `Bearer ${tokens.access}` }),
    ];
    for (const response of await Promise.all(calls)) expectChallenge({ status: response.status, response }, null);
    const two = new Headers([
      ['authorization', `Bearer ${tokens.access}`],
      ['authorization', `Bearer ${tokens.access}`],
    ]);
    expect((await app.send(new Request(RESOURCE, { method: 'POST', headers: two }))).status).toBe(401);
    expect(JSON.stringify(app.events)).not.toContain(tokens.access);
    expect((await app.call(tokens.access)).status).toBe(200);
  });

  it('SEC-120 SEC-116 gives one and the same answer to every token that is not good (S-124, S-125)', async () => {
    const app = await makeApp('memory', { apiRoute: ['/mcp', '/mcp2'] });
    const tokenFor = async (resource: string): Promise<string> => {
      const client = await app.client();
      return tokensOf(await client.redeem(await client.signIn(app.browser(), ALICE, { resource }))).access;
    };
    const [expired, revoked, foreign] = [await tokenFor(RESOURCE), await tokenFor(RESOURCE), await tokenFor(`${RESOURCE}2`)];
    const jwt = 'eyJhbGciOiJub25lIn0.eyJzdWIiOiJ1In0.';
    const bodies = new Set<string>();
    const ask = async (token: string): Promise<void> => {
      const { status: code, response } = await app.call(token);
      expectChallenge({ status: code, response }, 'invalid_token');
      bodies.add((await response.text()) + JSON.stringify([...response.headers]));
    };
    app.clock.pass(3600);
    for (const token of [expired, revoked, `access_${'A'.repeat(22)}.${'A'.repeat(43)}`, jwt, 'gho_abcdef', 'x']) await ask(token);
    app.clock.pass(-3600);
    await ask(foreign);
    expect(bodies.size).toBe(1);
    expect((await app.call(foreign, '/mcp2')).status).toBe(200);
  });

  it.each([
    'https://mcp.example/mcp2',
    'https://mcp.example/MCP',
    'https://mcp.example:8443/mcp',
    'https://mcp.example',
    'https://mcp.example/mcp//',
    'http://mcp.example/mcp',
    '',
  ])('SEC-112 refuses a token for %j whatever the verifier says', async (resource) => {
    expect(status(await call('Bearer good', { verify: () => ({ ...access, resource }) }))).toBe(401);
  });

  it('SEC-112 holds each token to its route', async () => {
    const app = await makeApp('memory', { apiRoute: ['/mcp', '/mcp2', '/api', '/api-v2'] });
    const client = await app.client();
    const { access: token } = tokensOf(await client.redeem(await client.signIn(app.browser(), ALICE, { resource: RESOURCE })));
    const statuses = await Promise.all(
      ['/mcp', '/mcp/sub', '/mcp2', '/api', '/api-v2', '/mcp/../mcp2', '/MCP'].map(async (path) => (await app.call(token, path)).status),
    );
    expect(statuses).toEqual([200, 200, 401, 401, 401, 401, 404]);
  });

  it('SEC-123 answers a token without a needed scope with 403 and all scopes (S-120)', async () => {
    const verdict = (await call('Bearer good', { requiredScopes: ['read', 'write', 'offline_access'] })) as Response;
    expect([verdict.status, verdict.headers.get('www-authenticate')]).toEqual([403, expect.stringContaining('scope="read write"')]);
  });

  it('S-122 takes a scope for all that it brings along, and SEC-195 for nothing that only looks like it', async () => {
    const hierarchy = { admin: ['write'], write: ['read', 'list'] };
    const withScope = async (scope: readonly string[]): Promise<Access | Response> =>
      call('Bearer good', { verify: () => ({ ...access, scope }), requiredScopes: ['read'], hierarchy });
    expect(await withScope(['admin'])).toMatchObject({ scope: ['admin', 'write', 'read', 'list'] });
    for (const scope of [['list'], ['adm'], ['ADMIN'], []]) expect(status(await withScope(scope))).toBe(403);
    expect(() => guard({ ...guardOptions, hierarchy: { a: ['b'], b: ['a'] } })).toThrow(/is circular/);
  });

  it('answers 503 although `onError` or `onRefused` throws or rejects, which is logged', async () => {
    const logged = vi.spyOn(console, 'error').mockImplementation(() => {});
    const fails = (): never => {
      throw new Error('log');
    };
    const rejects = (): Promise<never> => Promise.reject(new Error('log'));
    const down = (): Promise<never> => Promise.reject(new Error('store'));
    for (const on of [fails, rejects as () => never]) {
      expect(((await call('Bearer good', { verify: down, onError: on })) as Response).status).toBe(503);
      expect(((await call('Bearer bad', { verify: () => null, onRefused: on })) as Response).status).toBe(401);
    }
    await expect.poll(() => logged.mock.calls.map(([, error]) => String(error))).toEqual(Array.from({ length: 4 }, () => 'Error: log'));
    logged.mockRestore();
  });

  it('FLT-05 says 503 where the verifier cannot tell, and tells the operator alone why', async () => {
    const told: unknown[] = [];
    const verify = (): never => {
      throw new Error('db password is hunter2');
    };
    const verdict = (await call('Bearer good', { verify, onError: (error) => told.push(error) })) as Response;
    expect([verdict.status, verdict.headers.get('retry-after'), (await verdict.text()).includes('hunter2'), told.length]).toEqual([
      503,
      '2',
      false,
      1,
    ]);
  });

  it('SEC-195 answers 503 where the verifier gives a text in the place of the scopes, in which a part would count', async () => {
    const told: unknown[] = [];
    const more = { requiredScopes: ['read'], onError: (error: unknown) => told.push(String(error)) };
    for (const scope of ['thread', 'read', undefined]) {
      const verdict = await call('Bearer good', { verify: () => ({ ...access, scope: scope as never }), ...more });
      expect((verdict as Response).status).toBe(503);
    }
    expect(told).toEqual(Array.from({ length: 3 }, () => expect.stringContaining('`scope` must be a list')));
  });
});

describe('guard/guard, around a handler', () => {
  const protect = guard({ ...guardOptions, allowedOrigins: ['https://app.example'] }).protect((_request, _env, ctx) =>
    Response.json({ auth: ctx.auth, props: ctx.props }),
  );
  const ask = async (init: RequestInit = {}, url = RESOURCE): Promise<Response> => protect(new Request(url, init), {}, { waitUntil() {} });

  it('passes the caller to the handler, and serves the metadata', async () => {
    expect(await (await ask({ headers: { authorization: 'Bearer good' } })).json()).toEqual({ auth: access, props: access.props });
    expect(await (await ask({}, 'https://mcp.example/.well-known/oauth-protected-resource/mcp')).json()).toMatchObject({
      authorization_servers: ['https://as.example'],
    });
  });

  it('SEC-176 SEC-196 lets named pages read its answers, and no other page call at all (S-134)', async () => {
    const good = await ask({ headers: { authorization: 'Bearer good', origin: 'https://app.example' } });
    expect([good.status, good.headers.get('access-control-allow-origin'), good.headers.get('access-control-allow-credentials')]).toEqual([
      200,
      'https://app.example',
      null,
    ]);
    const refused = await ask({ headers: { origin: 'https://app.example' } });
    expect([refused.status, refused.headers.get('access-control-expose-headers')]).toEqual([
      401,
      expect.stringContaining('WWW-Authenticate'),
    ]);
    for (const origin of ['https://evil.example', 'null']) {
      const foreign = await ask({ headers: { authorization: 'Bearer good', origin } });
      expect([foreign.status, foreign.headers.get('access-control-allow-origin')]).toEqual([403, null]);
      expect((await ask({ method: 'OPTIONS', headers: { origin } })).status).toBe(403);
    }
    expect((await ask({ method: 'OPTIONS', headers: { origin: 'https://app.example' } })).status).toBe(204);
  });

  it('refuses to start with a wrong option', () => {
    const wrong = (more: Partial<GuardOptions>): string => {
      try {
        guard({ ...guardOptions, ...more });
        return 'started';
      } catch (error) {
        return (error as Error).message;
      }
    };
    expect(wrong({ verfy: 'x' } as never)).toMatch(/^guard\b.*verfy/);
    expect(wrong({ resource: '/mcp' })).toMatch(/^guard: `resource` must be the full URL/);
    expect(wrong({ authorizationServers: [] })).toMatch(/^guard: `authorizationServers` and `verify` are needed/);
    expect(wrong({ authorizationServers: undefined as never })).toMatch(/^guard: `authorizationServers` and `verify` are needed/);
    expect(wrong({ verify: undefined as never })).toMatch(/^guard: `authorizationServers` and `verify` are needed/);
    for (const name of ['authorizationServers', 'requiredScopes', 'fixedAudience'])
      for (const list of ['read', [undefined], {}, new Set(['read'])])
        expect(wrong({ [name]: list })).toBe(`guard: \`${name}\` must be of type string[].`);
    for (const name of ['verify', 'tokenOf', 'checkProof', 'onRefused', 'onError'])
      for (const one of ['x', null, Promise.resolve(), {}])
        expect(wrong({ [name]: one })).toBe(`guard: \`${name}\` must be of type function.`);
    for (const one of [null, 'a', ['a'], new Map([['a', ['b']]])])
      expect(wrong({ hierarchy: one } as never)).toBe('guard: `hierarchy` must be of type object.');
    expect(wrong({ hierarchy: { a: 'b' } } as never)).toBe('hierarchy: `a` must list the scopes that it includes.');
    expect(wrong({ telemetry: true } as never)).toBe('guard: `telemetry` must be of type object.');
    expect(() => guard(null as never)).toThrow(/^guard: the options must be an object/);
    for (const origins of [
      'https://*.example',
      'https://app.example',
      ['https://app.example/'],
      ['https://app.example/x'],
      ['https://*.example'],
      ['app.example'],
      [7],
      [''],
      {},
    ])
      expect([origins, wrong({ allowedOrigins: origins as never })]).toEqual([
        origins,
        'guard: `allowedOrigins` must be a list of origins.',
      ]);
    for (const origins of [
      [],
      ['*'],
      ['null', 'tauri://localhost', 'chrome-extension://abcdef', 'http://[::1]:3000', 'https://app.example'],
    ])
      expect(wrong({ allowedOrigins: origins })).toBe('started');
    expect(wrong({ anonymous: 'false' as never })).toMatch(/^guard: `anonymous` must be of type boolean/);
  });
});

/** Kept from the provider's side: what the handler is told is fresh on every call. */
describe('guard/guard, in the provider', () => {
  it('asks for permissions on every call, and closes when they cannot be had (SEC-185, SEC-186)', async () => {
    let say: () => readonly string[] = () => ['admin'];
    const app: App = await makeApp('memory', { permissions: () => say() });
    const { tokens } = await app.signedIn();
    expect((await app.call(tokens.access)).access?.props).toMatchObject({ permissions: ['admin'] });
    say = () => [];
    expect((await app.call(tokens.access)).access?.props).toMatchObject({ permissions: [] });
    say = () => {
      throw new Error('directory down');
    };
    const closed = await app.call(tokens.access);
    expect([closed.status, closed.response.headers.get('retry-after')]).toEqual([503, '2']);
  });
});
