/** What a token says of its call, and why one is not good: to the last member. */
import type { Context } from '../../src/model/context.ts';
import { describe, expect, it } from 'vitest';
import type { AuthServer } from '../../src/core/auth-server.ts';
import { verifyAccess } from '../../src/core/verify.ts';
import type { Grant } from '../../src/model/grant.ts';
import { tokensOf } from '../../src/testing/oauth-client.ts';
import { ALICE, type App, makeApp, RESOURCE } from '../support/app.ts';
import { lastReason } from '../support/verdicts.ts';

const keyOf = (token: string): `grant:${string}` => `grant:${token.slice(7, 29)}`;
const rowOf = async (app: App, token: string): Promise<Grant> => (await app.store.read(keyOf(token)))?.value as unknown as Grant;

describe('core/verify: answers', () => {
  it('returns organization, actor and key of a token if present, as copies', async () => {
    const seen: Record<string, unknown>[] = [];
    const app = await makeApp('memory', {
      apiHandler: (_request: Request, _env: unknown, { auth }: Context) => {
        seen.push(auth as unknown as Record<string, unknown>);
        return new Response('ok');
      },
      dangerouslyCacheTokens: 5,
    } as Parameters<typeof makeApp>[1]);
    const said = async (more: object): Promise<Record<string, unknown>> => {
      const { tokens } = await app.signedIn();
      await app.store.write(keyOf(tokens.access), { ...(await rowOf(app, tokens.access)), ...more } as never, 'any');
      for (let at = 0; at < 2; at++)
        expect(
          (await app.send(new Request(RESOURCE, { method: 'POST', headers: { authorization: `Bearer ${tokens.access}` } }))).status,
        ).toBe(200);
      const [one, other] = seen.splice(0);
      expect(other).toStrictEqual({ ...one, upstream: expect.any(Function), connect: expect.any(Function) });
      for (const name of ['organization', 'act', 'scope', 'props'])
        if (one?.[name] !== undefined) expect([name, one[name] === other?.[name]]).toEqual([name, false]);
      return one ?? {};
    };
    const organization = { id: 'o', name: 'Org' };
    const act = { sub: 'client:gateway', act: { sub: 'client:other' } };
    const plain = await said({});
    for (const name of ['organization', 'act', 'cnf', 'program']) expect(plain).not.toHaveProperty(name);
    const one = await said({ organization });
    expect([one['organization'], 'act' in one, 'cnf' in one]).toEqual([organization, false, false]);
    const two = await said({ act });
    expect([two['act'], 'organization' in two, 'cnf' in two]).toEqual([act, false, false]);
    const both = await said({ organization, act });
    expect([both['organization'], both['act']]).toEqual([organization, act]);
  });

  it('distinguishes programs from users by their ids', async () => {
    const app = await makeApp('memory');
    const said = async (more: object): Promise<unknown> => {
      const { tokens } = await app.signedIn();
      const row = await rowOf(app, tokens.access);
      await app.store.write(keyOf(tokens.access), { ...row, ...more } as never, 'any');
      return (await app.call(tokens.access)).access?.program;
    };
    expect([await said({ userId: 'client:robot' }), await said({ clientId: 'workload:x' })]).toEqual([true, true]);
    expect([await said({ userId: 'a client:' }), await said({ clientId: 'a workload:' }), await said({})]).toEqual([
      undefined,
      undefined,
      undefined,
    ]);
  });

  it('tells an ended token from an ended grant, a record that cannot be opened, and a replaced token', async () => {
    const app = await makeApp('memory', { accessTokenTTL: 60 });
    const reason = async (token: string): Promise<unknown> => [(await app.call(token)).status, lastReason(app)];
    const { tokens } = await app.signedIn();
    const row = await rowOf(app, tokens.access);
    await app.store.write(keyOf(tokens.access), { ...row, sealedProps: 'AAAA' } as never, 'any');
    expect(await reason(tokens.access)).toEqual([401, 'token_unreadable']);
    await app.store.write(keyOf(tokens.access), { ...row, expiresAt: app.clock.now() + 30 } as never, 'any');
    expect((await app.call(tokens.access)).status).toBe(200);
    app.clock.pass(29);
    expect((await app.call(tokens.access)).status).toBe(200);
    app.clock.pass(1);
    expect(await reason(tokens.access)).toEqual([401, 'grant_expired']);
    const second = await app.signedIn();
    app.clock.pass(59);
    expect((await app.call(second.tokens.access)).status).toBe(200);
    app.clock.pass(1);
    expect(await reason(second.tokens.access)).toEqual([401, 'token_expired']);
  });

  it('takes a token that names no resource at every route, and one that does at no other', async () => {
    const app = await makeApp('memory', { apiRoute: ['/mcp', '/tools'] });
    const client = await app.client();
    const anywhere = tokensOf(await client.redeem(await client.signIn(app.browser(), ALICE))).access;
    const here = tokensOf(await client.redeem(await client.signIn(app.browser(), ALICE, { resource: RESOURCE }))).access;
    const statuses = async (token: string): Promise<number[]> => [(await app.call(token)).status, (await app.call(token, '/tools')).status];
    expect([await statuses(anywhere), await statuses(here)]).toEqual([
      [200, 200],
      [200, 401],
    ]);
    expect(lastReason(app)).toBe('token_of_another_resource');
    expect((await app.call(anywhere)).access?.resource).toBe(RESOURCE);
  });

  it('accepts a recently checked token, but not past the end of its grant, nor if the clock goes back', async () => {
    const more = { dangerouslyCacheTokens: 5 } as Parameters<typeof makeApp>[1];
    const app = await makeApp('memory', more);
    const status = async (token: string): Promise<number> => (await app.call(token)).status;
    const { tokens } = await app.signedIn();
    const row = await rowOf(app, tokens.access);
    await app.store.write(keyOf(tokens.access), { ...row, expiresAt: app.clock.now() + 3 } as never, 'any');
    expect(await status(tokens.access)).toBe(200);
    app.clock.pass(2);
    expect(await status(tokens.access)).toBe(200);
    app.clock.pass(1);
    expect([await status(tokens.access), lastReason(app)]).toEqual([401, 'grant_expired']);
    const other = await app.signedIn();
    expect(await status(other.tokens.access)).toBe(200);
    await app.inner.remove(keyOf(other.tokens.access), (await app.inner.read(keyOf(other.tokens.access)))?.version ?? 0);
    app.clock.pass(4);
    expect(await status(other.tokens.access)).toBe(200);
    app.clock.pass(-5);
    expect([await status(other.tokens.access), lastReason(app)]).toEqual([401, 'grant_unknown']);
  });

  it('reports that the exchanged token has ended', async () => {
    const type = 'urn:ietf:params:oauth:grant-type:token-exchange';
    const by = { client_id: 'gateway', client_secret: 'a-secret-of-enough-characters-to-pass' };
    const app = await makeApp('memory', {
      clients: [{ id: 'gateway', secret: by.client_secret, authMethod: 'client_secret_post', grantTypes: [type] }],
      tokenExchange: () => true,
    });
    const { client, tokens } = await app.signedIn();
    const fields = {
      grant_type: type,
      ...by,
      subject_token: tokens.access,
      subject_token_type: 'urn:ietf:params:oauth:token-type:access_token',
    };
    const answer = await app.ask('POST', '/token', new URLSearchParams(fields), { 'content-type': 'application/x-www-form-urlencoded' });
    const { access_token: child } = (await answer.json()) as { access_token: string };
    expect((await app.call(child)).status).toBe(200);
    await client.revoke(tokens.access);
    expect([(await app.call(child)).status, lastReason(app)]).toEqual([401, 'subject_token_over']);
  });

  it('accepts a token for every route only at our own routes', async () => {
    const everyRoute = { uri: 'https://mcp.example' };
    const cached = {
      grant: { id: 'g', resource: everyRoute.uri, expiresAt: 9 },
      access: { scope: ['read'], expiresAt: 9 },
      text: '{}',
      claims: {},
      checkedAt: 0,
    };
    const as = {
      grantCache: { findToken: () => cached, peek: () => cached.grant },
      settings: {
        dangerouslyCacheTokens: 5,
        clientPolicy: null,
        everyRoute,
        resources: [
          { uri: 'https://mcp.example/mcp', path: '/mcp' },
          { uri: 'https://elsewhere.example/api', path: null },
        ],
        expandScopes: (scope: readonly string[]) => scope,
      },
      now: () => 1,
    } as unknown as AuthServer;
    const told: unknown[] = [];
    const at = async (resource: string): Promise<boolean> =>
      (await verifyAccess(as, 't', resource, (...said) => void told.push(said))) !== null;
    expect([await at('https://mcp.example/mcp'), told]).toEqual([true, []]);
    for (const resource of ['https://elsewhere.example/api', 'https://other.example/', 'https://mcp.example/other']) {
      expect([resource, await at(resource)]).toEqual([resource, false]);
      expect(told.pop()).toEqual([
        'token_of_another_resource',
        `expected a token for "${resource}", this one is for "https://mcp.example"`,
      ]);
    }
  });

  it('looks at the clock again after it has asked the store, and reports a grant that ended meanwhile', async () => {
    const grant = { id: 'g', resource: RESOURCE, expiresAt: 9 };
    const cached = { grant, access: { scope: ['read'], expiresAt: 20 }, text: '{}', claims: {}, checkedAt: 0 };
    const at = async (...clock: number[]): Promise<unknown> => {
      const as = {
        grantCache: { findToken: () => cached, find: async () => grant },
        settings: {
          dangerouslyCacheTokens: 0,
          clientPolicy: null,
          everyRoute: null,
          resources: [],
          expandScopes: (scope: unknown) => scope,
        },
        now: () => clock.shift(),
      } as unknown as AuthServer;
      const told: unknown[] = [];
      const access = await verifyAccess(as, 't', RESOURCE, (...said) => void told.push(said));
      return [access !== null, told, clock];
    };
    expect(await at(7, 8, 8)).toEqual([true, [], []]);
    expect(await at(7, 8, 9)).toEqual([false, [['grant_expired']], []]);
  });
});
