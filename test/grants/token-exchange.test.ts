import type { Context } from '../../src/model/context.ts';
import { describe, expect, it } from 'vitest';
import type { OAuthProviderOptions } from '../../src/options/options.ts';
import { type JsonAnswer, tokensOf } from '../../src/testing/oauth-client.ts';
import { ALICE, type App, ISSUER, makeApp, RESOURCE, storeNames } from '../support/app.ts';
import { makeProver, type Prover } from '../support/prover.ts';
import { answerOf, expectJson, expectNothingWritten, lastReason } from '../support/verdicts.ts';

const SECRET = 'a-secret-of-enough-characters-to-pass';
const TYPE = 'urn:ietf:params:oauth:grant-type:token-exchange';
const ACCESS = 'urn:ietf:params:oauth:token-type:access_token';
const gateway = (id: string) => ({ id, secret: SECRET, authMethod: 'client_secret_post', grantTypes: [TYPE] }) as const;
const whoami = (_request: Request, _env: unknown, ctx: Context): Response => Response.json({ auth: ctx.auth });
const options: Partial<OAuthProviderOptions> = {
  clients: [gateway('gateway'), gateway('second'), { ...gateway('other'), grantTypes: ['client_credentials'] }],
  tokenExchange: ({ clientId, subject }) => clientId !== 'second' || subject.act !== undefined,
};

const exchange = async (
  app: App,
  subject: string,
  changes: Record<string, string> = {},
  headers: Record<string, string> = {},
): Promise<JsonAnswer> =>
  answerOf(
    await app.ask(
      'POST',
      '/token',
      new URLSearchParams({
        grant_type: TYPE,
        client_id: 'gateway',
        client_secret: SECRET,
        subject_token: subject,
        subject_token_type: ACCESS,
        ...changes,
      }),
      { 'content-type': 'application/x-www-form-urlencoded', ...headers },
    ),
  );

describe.each(storeNames)('grants/token-exchange on %s', (store) => {
  it('issues a narrower token that names the actor and ends with the exchanged one (RFC 8693 §2.2, §4.1)', async () => {
    const app = await makeApp(store, options);
    const { tokens, client } = await app.signedIn();
    app.clock.pass(600);
    const answer = await exchange(app, tokens.access, { scope: 'read', resource: RESOURCE });
    expect(answer.body).toMatchObject({ issued_token_type: ACCESS, token_type: 'Bearer', scope: 'read', expires_in: 3000 });
    expect(answer.body).not.toHaveProperty('refresh_token');
    const child = tokensOf(answer).access;
    const { access } = await app.call(child);
    expect(access).toMatchObject({ userId: app.aliceId, clientId: 'gateway', scope: ['read'], act: { sub: 'client:gateway' } });
    expect(access?.props).toMatchObject({ claims: { name: 'Alice' } });
    await client.revoke(tokens.refresh);
    expect((await app.call(child)).status).toBe(401);
  });

  it('ends a token as soon as its client wishes, and never later than it would', async () => {
    const app = await makeApp(store, options);
    const { tokens } = await app.signedIn();
    app.clock.pass(600);
    const lives = async (seconds: string): Promise<unknown> => (await exchange(app, tokens.access, { expires_in: seconds })).body['expires_in'];
    expect([await lives('120'), await lives('999999')]).toEqual([120, 3000]);
    const { body } = await exchange(app, tokens.access, { expires_in: '120' });
    app.clock.pass(121);
    expect((await app.call(String(body['access_token']))).status).toBe(401);
    for (const wrong of ['0', '-5', '1.5', 'long', '1e3'])
      expectJson(await expectNothingWritten(app, () => exchange(app, tokens.access, { expires_in: wrong })), 'invalid_request');
    expect(lastReason(app)).toBe('expires_in');
  }); // prettier-ignore

  it('links exchanges in a chain, each acting for the one before, and all end with the first (RFC 8693 §4.1)', async () => {
    const app = await makeApp(store, options);
    const { tokens } = await app.signedIn();
    const first = tokensOf(await exchange(app, tokens.access)).access;
    const second = tokensOf(await exchange(app, first, { client_id: 'second' })).access;
    expect((await app.call(second)).access?.act).toEqual({ sub: 'client:second', act: { sub: 'client:gateway' } });
    const third = tokensOf(await exchange(app, second)).access;
    expectJson(await exchange(app, third), 'invalid_request'); // a chain has an end
    expect(lastReason(app)).toBe('exchange_chain_too_long');
    const before = app.counts.reads;
    await app.call(third);
    expect(app.counts.reads - before).toBe(4);
    await app.ask('POST', '/revoke', new URLSearchParams({ token: first, client_id: 'gateway', client_secret: SECRET }), {
      'content-type': 'application/x-www-form-urlencoded',
    });
    expect((await app.call(first)).status).toBe(401);
    const grant = (await app.provider.helpers(app.env).listUserGrants(app.aliceId)).grants.find(
      ({ clientId }) => clientId !== 'gateway' && clientId !== 'second',
    );
    await app.provider.helpers(app.env).revokeGrant(grant?.id ?? '', app.aliceId);
    for (const token of [tokens.access, second, third]) expect((await app.call(token)).status).toBe(401);
  });

  it('ends with the exchanged token, in every way in which that can end (F-18)', async () => {
    const app = await makeApp(store, options);
    const { tokens, client } = await app.signedIn();
    const [child, sibling] = [tokensOf(await exchange(app, tokens.access)).access, tokensOf(await client.refresh(tokens.refresh))];
    const grandchild = tokensOf(await exchange(app, child, { client_id: 'second' })).access;
    const other = tokensOf(await exchange(app, sibling.access)).access;
    for (const token of [child, grandchild, other]) expect((await app.call(token)).status).toBe(200);
    await client.revoke(tokens.access); // RFC 7009: this token alone
    const introspected = { client_id: 'gateway', client_secret: SECRET, token: child };
    for (const token of [child, grandchild]) {
      expect((await app.call(token)).status).toBe(401);
      expectJson(await exchange(app, token), 'invalid_request');
    }
    expect(await (await app.ask('POST', '/introspect', new URLSearchParams(introspected))).json()).toEqual({ active: false });
    for (const token of [sibling.access, other]) expect((await app.call(token)).status).toBe(200);
  });

  it('keeps the key binding of a token, and tells the policy which key the new one is bound to (F-18)', async () => {
    const told: unknown[] = [];
    const app = await makeApp(store, { ...options, tokenExchange: ({ jkt, subject }) => (told.push([jkt, subject.cnf?.jkt]), true) });
    const [owner, gate] = [await makeProver(app.clock), await makeProver(app.clock)];
    const { client, code } = await app.toCode();
    const form = { grant_type: 'authorization_code', code, client_id: client.id, redirect_uri: client.redirectUri, code_verifier: client.verifier };
    const { access } = tokensOf(await client.token(form, { dpop: await owner.proof('POST', `${ISSUER}/token`) }));
    const useOf = async (token: string, prover: Prover): Promise<number> =>
      (await app.call(null, '/mcp', { authorization: `DPoP ${token}`, dpop: await prover.proof('POST', RESOURCE, { token }) })).status;
    const kept = await exchange(app, access);
    expect(kept.body['token_type']).toBe('DPoP');
    const child = tokensOf(kept).access;
    expect([(await app.call(child)).status, await useOf(child, gate), await useOf(child, owner)]).toEqual([401, 401, 200]);
    const own = await exchange(app, access, {}, { dpop: await gate.proof('POST', `${ISSUER}/token`) });
    expect([await useOf(tokensOf(own).access, owner), await useOf(tokensOf(own).access, gate)]).toEqual([401, 200]);
    const [first, second] = told as [string, string][];
    expect([first?.[0], second?.[0] === first?.[0], second?.[1]]).toEqual([first?.[1], false, first?.[1]]);
  }); // prettier-ignore

  it('reads a child and its parent, and for a plain token one record only', async () => {
    const app = await makeApp(store, options);
    const { tokens } = await app.signedIn();
    const child = tokensOf(await exchange(app, tokens.access)).access;
    const reads = async (token: string): Promise<number> => {
      const before = app.counts.reads;
      await app.call(token);
      return app.counts.reads - before;
    };
    expect([await reads(tokens.access), await reads(child)]).toEqual([1, 2]);
  });
});

describe('grants/token-exchange: SEC-217', () => {
  it('SEC-217 gives no wider scope, not even through a chain', async () => {
    const app = await makeApp('memory', options);
    const { client, browser } = await app.toCode();
    const narrow = tokensOf(await client.redeem(await client.signIn(browser, { ...ALICE, scope: ['read'] }))).access;
    for (const scope of ['read write', 'write', 'admin']) {
      expectJson(await expectNothingWritten(app, () => exchange(app, narrow, { scope })), 'invalid_scope');
      expect(lastReason(app)).toBe('scope_beyond_grant');
    }
    expect((await exchange(app, narrow, { scope: 'read openid offline_access' })).body['scope']).toBe('read');
    const { tokens } = await app.signedIn();
    const less = tokensOf(await exchange(app, tokens.access, { scope: 'read' })).access;
    expectJson(await exchange(app, less, { scope: 'write' }), 'invalid_scope');
    expect((await exchange(app, less)).body['scope']).toBe('read');
  });

  it('SEC-217 gives no longer lifetime, not even through a chain', async () => {
    const app = await makeApp('memory', options);
    const { tokens } = await app.signedIn();
    app.clock.pass(3500);
    const child = tokensOf(await exchange(app, tokens.access)).access;
    const grandchild = tokensOf(await exchange(app, child)).access;
    app.clock.pass(100);
    for (const token of [tokens.access, child, grandchild]) expect((await app.call(token)).status).toBe(401);
  });

  it('SEC-217 issues tokens only for our own resources', async () => {
    const app = await makeApp('memory', { ...options, apiRoute: ['/mcp', '/tools'], apiHandler: whoami });
    const client = await app.client();
    const { access } = tokensOf(await client.redeem(await client.signIn(app.browser(), ALICE, { resource: RESOURCE })));
    expect((await app.call(access, '/tools')).status).toBe(401);
    const moved = tokensOf(await exchange(app, access, { resource: `${ISSUER}/tools` })).access;
    expect([(await app.call(moved, '/tools')).status, (await app.call(moved)).status]).toEqual([200, 401]);
    for (const changes of [{ resource: 'https://other.example' }, { audience: `${ISSUER}/tools` }, { audience: 'x' }])
      expectJson(await expectNothingWritten(app, () => exchange(app, access, changes)), 'invalid_target');
    expect(lastReason(app)).toBe('audience');
    const same = await exchange(app, access);
    expect([same.body['resource'], (await app.call(tokensOf(same).access)).status]).toEqual([RESOURCE, 200]);
    const everywhere = tokensOf(await client.redeem(await client.signIn(app.browser(), ALICE))).access;
    const child = await exchange(app, everywhere);
    expect(child.body).not.toHaveProperty('resource');
    expect([(await app.call(tokensOf(child).access)).status, (await app.call(tokensOf(child).access, '/tools')).status]).toEqual([
      200, 200,
    ]);
  });

  it.each(['requested_token_type', 'subject_token', 'subject_token_type', 'actor_token', 'actor_token_type'])(
    'refuses a request in which %s stands twice',
    async (name) => {
      const app = await makeApp('memory', options);
      const form = { grant_type: TYPE, client_id: 'gateway', client_secret: SECRET, subject_token: 'x', subject_token_type: ACCESS };
      const fields = new URLSearchParams([...Object.entries(form), [name, ACCESS], [name, ACCESS]]);
      const answer = await answerOf(await app.ask('POST', '/token', fields, { 'content-type': 'application/x-www-form-urlencoded' }));
      expectJson(answer, 'invalid_request');
      expect(lastReason(app)).toBe(`repeated_${name}`);
    },
  );

  it('keeps the organization of the user, and passes the policy no key if there is none', async () => {
    const told: unknown[] = [];
    const app = await makeApp('memory', { ...options, tokenExchange: (asked) => (told.push(asked), true) });
    const { tokens } = await app.signedIn();
    const child = tokensOf(await exchange(app, tokens.access)).access;
    const { grantId } = (await app.call(child)).access ?? {};
    const kept = (await app.store.read(`grant:${grantId ?? ''}`))?.value;
    expect([kept, kept]).toEqual([
      expect.not.objectContaining({ organization: expect.anything() }),
      expect.not.objectContaining({ upstreams: expect.anything() }),
    ]);
    expect(told).toEqual([expect.not.objectContaining({ jkt: undefined })]);
    const key = `grant:${tokens.access.slice(7, 29)}` as const;
    const parent = (await app.store.read(key))?.value as object;
    await app.store.write(key, { ...parent, organization: { id: 'o', name: 'Org' } }, 'any');
    const { access } = await app.call(tokensOf(await exchange(app, tokens.access)).access);
    expect(access?.organization).toEqual({ id: 'o', name: 'Org' });
  });

  it('SEC-217 takes access tokens alone: no refresh token, no code, nothing foreign, no actor', async () => {
    const app = await makeApp('memory', options);
    const { tokens, client, browser } = await app.signedIn();
    const code = await client.signIn(browser, {});
    const bad: [string, Record<string, string>][] = [
      [tokens.refresh, {}], [tokens.refresh, { subject_token_type: 'urn:ietf:params:oauth:token-type:refresh_token' }], [code, {}], ['x', {}],
      [`${tokens.access.slice(0, -1)}${tokens.access.endsWith('A') ? 'B' : 'A'}`, {}], [tokens.access, { subject_token_type: 'urn:ietf:params:oauth:token-type:jwt' }],
      [tokens.access, { requested_token_type: 'urn:ietf:params:oauth:token-type:refresh_token' }], [tokens.access, { actor_token: tokens.access, actor_token_type: ACCESS }],
    ]; // prettier-ignore
    const reasons: unknown[] = [];
    for (const [subject, changes] of bad) {
      expectJson(await expectNothingWritten(app, () => exchange(app, subject, changes)), 'invalid_request');
      reasons.push(lastReason(app)?.replace('exchange_', ''));
    }
    const [kind, type] = ['token_of_another_kind', 'subject_type'];
    expect(reasons).toEqual([kind, type, kind, 'token_foreign', 'token_unknown', type, 'requested_type', 'actor_token']);
    app.clock.pass(3600);
    expectJson(await exchange(app, tokens.access), 'invalid_request');
    expect(lastReason(app)).toBe('exchange_token_expired');
  });

  it("SEC-217 exchanges only for clients in the operator's policy: off without one, and not for other clients", async () => {
    const off = await makeApp('memory', { clients: options.clients! });
    const { tokens: theirs } = await off.signedIn();
    expectJson(await exchange(off, theirs.access), 'unsupported_grant_type');
    const app = await makeApp('memory', options);
    const { tokens, client } = await app.signedIn();
    expectJson(await expectNothingWritten(app, () => exchange(app, tokens.access, { client_id: 'second' })), 'invalid_request');
    expect(lastReason(app)).toBe('exchange_policy');
    expectJson(await exchange(app, tokens.access, { client_id: 'other' }), 'unauthorized_client');
    expectJson(await exchange(app, tokens.access, { client_id: client.id, client_secret: '' }), 'invalid_client', 401);
    const metadata = (await (await app.ask('GET', '/.well-known/oauth-authorization-server')).json()) as Record<string, unknown>;
    expect(metadata['grant_types_supported']).toContain(TYPE);
    await expect(makeApp('memory', { tokenExchange: true as never })).rejects.toThrow('`tokenExchange` must be a function');
  });

  it('SEC-217 takes nothing for a yes of the policy but true', async () => {
    for (const said of [undefined, null, 1, 'yes', {}, false]) {
      const app = await makeApp('memory', { ...options, tokenExchange: () => said as never });
      const { tokens } = await app.signedIn();
      expectJson(await exchange(app, tokens.access), 'invalid_request');
      expect(lastReason(app)).toBe('exchange_policy');
    }
  });

  it('SEC-217 issues nothing if the policy throws', async () => {
    const app = await makeApp('memory', { ...options, tokenExchange: () => Promise.reject(new Error('policy is down')) });
    const { tokens } = await app.signedIn();
    expect((await expectNothingWritten(app, () => exchange(app, tokens.access))).status).toBe(500);
  });
});
