/** Tokens of another site, from the sign-in there to a tool that uses one, on every store of both runtimes. */
import { describe, expect, it } from 'vitest';
import { connection } from '../../src/logins/upstream.ts';
import { makeClock } from '../../src/testing/clock.ts';
import { makeFakeUpstream } from '../../src/testing/fake-upstream.ts';
import { codeOf, tokensOf } from '../../src/testing/oauth-client.ts';
import { oidc } from '../../src/upstreams/oidc.ts';
import { ISSUER, storeNames } from '../support/app.ts';
import { APP, atConsent, makeUpstreamApp, throughCorp } from '../support/upstream-app.ts';
import { expectPage } from '../support/verdicts.ts';
import { makeVaultApp } from '../support/vault-app.ts';
import { tool } from '../support/vault-tool.ts';

const SECRET = 'k2Lr0mUOKnTzVg8Zr1bqT0hJ3yq5pXw9cD7fE6aB4sI=';

describe.each(storeNames)('the vault on %s', (store) => {
  it('gives a tool the token of the account that the user signed in with, its scopes, and the account', async () => {
    const app = await makeVaultApp(store);
    const { tokens } = await app.connect();
    const said = await app.use(tokens.access);
    expect(app.idp.tokens.isGood(said.token, app.clock.now())).toBe(true);
    expect(said).toMatchObject({
      scopes: ['openid', 'email', 'profile'],
      accounts: [{ provider: 'corp', id: 'u-1', name: 'Uma Upstream', email: 'uma@corp.example' }],
    });
    expect(await app.use(tokens.access, { 'x-upstream': 'github' })).toMatchObject({ failure: 'not_linked' });
    expect(await app.use(tokens.access, { 'x-upstream': 'corp u-2' })).toMatchObject({ failure: 'not_linked' });
  });

  it('keeps nothing unless it is told to', async () => {
    const app = await makeUpstreamApp(store, { options: { apiHandler: tool } });
    const at = await atConsent(app);
    const { access } = tokensOf(await at.client.redeem(codeOf(await throughCorp(app, at))));
    expect(await (await app.call(access)).response.json()).toMatchObject({ failure: 'not_linked' });
  });

  it('refreshes a token that ends within a minute, once, and keeps the refresh token of a site that gives no new one', async () => {
    const app = await makeVaultApp(store);
    app.idp.ways.rotates = false;
    const { tokens, client } = await app.connect();
    const first = (await app.use(tokens.access)).token;
    app.clock.pass(3500);
    expect((await app.use(tokens.access)).token).toBe(first); // 100 s left
    app.clock.pass(50);
    const second = (await app.use(tokens.access)).token;
    expect([second === first, app.idp.tokens.refreshes.asked]).toEqual([false, 1]);
    const signedIn = app.events.find((event) => event.kind === 'login.succeeded');
    const userId = signedIn?.kind === 'login.succeeded' ? signedIn.userId : '';
    expect((await app.inner.list(`upstreams:${userId}`)).keys).toHaveLength(1); // found also after a refresh, when the user goes (F-37)
    app.clock.pass(3550);
    const { access } = tokensOf(await client.refresh(tokens.refresh));
    const third = (await app.use(access)).token;
    expect([third === second, app.idp.tokens.refreshes]).toEqual([false, { asked: 2, refused: 0 }]);
  });

  it('spends a rotating refresh token once, for any number of calls with an expired token', async () => {
    const app = await makeVaultApp(store);
    const { tokens } = await app.connect();
    app.clock.pass(3590); // so that no one could go on with the old one
    const said = await Promise.all(Array.from({ length: 40 }, () => app.use(tokens.access)));
    expect(app.idp.tokens.refreshes).toEqual({ asked: 1, refused: 0 });
    expect(new Set(said.map(({ token }) => token)).size).toBeLessThanOrEqual(2); // the old one is good for ten seconds more
    expect((await app.use(tokens.access)).token).not.toBe(undefined);
  });

  it('lets two apps of one sign-in share the account, and one refresh', async () => {
    const app = await makeVaultApp(store, { accessTokenTTL: 86_400 });
    const one = await app.connect();
    const two = await app.connect('corp', one.browser);
    expect(app.idp.calls.filter((name) => name === 'token')).toHaveLength(1); // no second sign-in there
    app.clock.pass(3700);
    const said = await Promise.all([one, two, one, two, one, two].map(({ tokens }) => app.use(tokens.access)));
    expect(new Set(said.map(({ token }) => token)).size).toBe(1);
    expect(app.idp.tokens.refreshes).toEqual({ asked: 1, refused: 0 });
  });

  it('keeps a rotated refresh token from any token response, and signs no user out (R-31)', async () => {
    const app = await makeVaultApp(store, { accessTokenTTL: 86_400 });
    const { tokens } = await app.connect();
    const shapes: ((answer: Record<string, unknown>) => unknown)[] = [
      ({ token_type: _gone, ...rest }) => rest,
      (answer) => ({ ...answer, expires_in: null, token_type: 7 }),
      ({ refresh_token }) => ({ refresh_token }),
      (answer) => answer,
    ];
    const said: string[] = [];
    for (const shape of shapes) {
      app.idp.shape = shape;
      app.clock.pass(3600);
      const { failure, token } = await app.use(tokens.access, { 'x-refused': said.at(-1) ?? '' });
      said.push(token ?? failure ?? 'nothing');
    }
    expect([said[2], app.idp.tokens.refreshes]).toEqual(['unavailable', { asked: 4, refused: 0 }]);
    expect(app.idp.tokens.isGood(said[3], app.clock.now())).toBe(true);
  });

  it('says after three failures in a row that connecting again may help, and the grant stays (R-33)', async () => {
    const app = await makeVaultApp(store, { accessTokenTTL: 86_400 });
    const { tokens } = await app.connect();
    app.clock.pass(3600);
    const wall = { status: 403, headers: { 'content-type': 'text/html' }, body: 'Access denied' };
    app.idp.faults.set('token', wall);
    const messages: (string | undefined)[] = [];
    for (let tries = 0; tries < 4; tries++) {
      messages.push((await app.use(tokens.access)).message);
      app.clock.pass(10);
    }
    expect(messages.map((one) => one?.includes('If this goes on, connect this app again.'))).toEqual([false, false, true, true]);
    app.idp.faults.delete('token');
    expect((await app.use(tokens.access)).token).toBeDefined();
    app.clock.pass(3600);
    app.idp.faults.set('token', wall);
    expect((await app.use(tokens.access)).message).not.toContain('If this goes on');
  });

  it('S-175 ends the grant when the site says that the refresh token is dead: the call tells so, the next one is 401', async () => {
    const app = await makeVaultApp(store, { accessTokenTTL: 86_400 });
    const { tokens, browser, client } = await app.connect();
    const first = (await app.use(tokens.access)).token;
    app.idp.tokens.revoke(first ?? '');
    app.clock.pass(3700);
    expect(await app.use(tokens.access)).toMatchObject({ failure: 'ended', code: 401 });
    expect((await app.use(tokens.access)).status).toBe(401);
    expect((await client.refresh(tokens.refresh)).status).toBe(400);
    expect(app.events).toContainEqual(
      expect.objectContaining({ kind: 'upstream.ended', provider: 'corp', reason: 'refresh_invalid_grant' }),
    );
    expect(app.events).toContainEqual(expect.objectContaining({ kind: 'grant.ended', reason: 'upstream_refused' }));
    const at = await atConsent(app, browser); // and who comes back has to sign in there again, not just to say yes
    expectPage(await browser.submit(at.page, { decision: 'approve' }), { status: 409 });
    expect((await app.use((await app.connect('corp', browser)).tokens.access)).token).toMatch(/^upstream-/);
  });

  it('is unavailable while the site is, keeps the grant, and leaves the site alone for as long as it asked', async () => {
    const app = await makeVaultApp(store, { accessTokenTTL: 86_400 });
    const { tokens } = await app.connect();
    app.idp.faults.set('token', { status: 429, headers: { 'retry-after': '30' } });
    app.clock.pass(3550);
    expect((await app.use(tokens.access)).token).toMatch(/^upstream-/); // still good for 50 s
    app.clock.pass(60);
    expect(await app.use(tokens.access)).toMatchObject({ failure: 'unavailable', code: 503, retryAfter: 30 });
    const asked = app.idp.calls.length;
    app.clock.pass(10);
    expect(await app.use(tokens.access)).toMatchObject({ failure: 'unavailable', retryAfter: 20 });
    expect([app.idp.calls.length, app.idp.tokens.refreshes.asked]).toEqual([asked, 0]);
    app.idp.faults.clear();
    app.clock.pass(20);
    expect((await app.use(tokens.access)).token).toMatch(/^upstream-/);
    expect(app.events).toContainEqual(expect.objectContaining({ kind: 'upstream.failed', provider: 'corp', reason: 'status_429' }));
  });

  it('answers 503 with Retry-After, or 401, where a handler lets the failure through', async () => {
    const app = await makeVaultApp(store, { accessTokenTTL: 86_400 });
    const { tokens } = await app.connect();
    app.idp.faults.set('token', 'down');
    app.clock.pass(3700);
    const down = await app.call(tokens.access, '/mcp', { 'x-throw': '1' });
    expect([down.status, down.response.headers.get('retry-after')]).toEqual([503, '2']);
    app.idp.faults.set('token', { status: 400, body: { error: 'invalid_grant' } });
    app.clock.pass(5);
    const over = await app.call(tokens.access, '/mcp', { 'x-throw': '1' });
    expect([over.status, over.response.headers.get('www-authenticate')]).toEqual([401, expect.stringContaining('invalid_token')]);
  });

  it('takes over from a process that died while it refreshed, when its lease is over', async () => {
    const app = await makeVaultApp(store, { accessTokenTTL: 86_400 });
    const { tokens } = await app.connect();
    app.clock.pass(3700);
    app.idp.faults.set('token', 'hangs');
    const asked = app.idp.calls.length;
    const dead = app.use(tokens.access); // never heard of again within this test
    await expect.poll(() => app.idp.calls.slice(asked), { interval: 1 }).toContain('token');
    app.idp.faults.clear();
    app.clock.pass(25); // past the provider's deadline and the slack of the lease
    expect((await app.use(tokens.access)).token).toMatch(/^upstream-/);
    expect(app.idp.tokens.refreshes).toEqual({ asked: 1, refused: 0 });
    void dead.catch(() => undefined);
  });

  it('fetches another token where the site’s API refused one, and ends the grant where there is none to be had', async () => {
    const app = await makeVaultApp(store);
    const corp = await app.connect();
    const first = (await app.use(corp.tokens.access)).token ?? '';
    const second = (await app.use(corp.tokens.access, { 'x-refused': first })).token ?? '';
    expect([second === first, app.idp.tokens.refreshes.asked]).toEqual([false, 1]);
    expect((await app.use(corp.tokens.access, { 'x-refused': first })).token).toBe(second); // told late: it was repaired already
    const hub = await app.connect('github'); // an OAuth App: a token without end, and nothing to refresh it with
    const only = (await app.use(hub.tokens.access, { 'x-upstream': 'github' })).token ?? '';
    expect(await app.use(hub.tokens.access, { 'x-upstream': 'github', 'x-refused': only })).toMatchObject({ failure: 'ended' });
    expect((await app.use(hub.tokens.access)).status).toBe(401);
  });

  it('gives the tokens back when the client revokes the last grant that uses them, and not before', async () => {
    const app = await makeVaultApp(store);
    const one = await app.connect();
    const two = await app.connect('corp', one.browser);
    const { token } = await app.use(one.tokens.access);
    await one.client.revoke(one.tokens.refresh);
    expect([app.idp.tokens.isGood(token, app.clock.now()), app.idp.calls.includes('revoke')]).toEqual([true, false]);
    expect((await app.use(two.tokens.access)).token).toBe(token);
    await two.client.revoke(two.tokens.refresh);
    await expect
      .poll(() => app.events.filter(({ kind }) => kind === 'upstream.disconnected'))
      .toEqual([expect.objectContaining({ provider: 'corp', told: 'revoked' })]);
    expect(app.idp.tokens.isGood(token, app.clock.now())).toBe(false);
  });

  it('gives them back when the user revokes the app, by the key of the server; without one it says that it could not', async () => {
    for (const [secret, told] of [
      [SECRET, 'revoked'],
      [undefined, 'key_not_at_hand'],
    ] as const) {
      const app = await makeVaultApp(store, secret === undefined ? {} : { secret });
      const { tokens } = await app.connect('github');
      const { token } = await app.use(tokens.access, { 'x-upstream': 'github' });
      const opened = app.events.find(({ kind }) => kind === 'grant.opened') as { grantId: string; userId: string };
      expect(await app.provider.helpers(app.env).revokeGrant(opened.grantId, opened.userId)).toBe(true);
      expect(app.events).toContainEqual(expect.objectContaining({ kind: 'upstream.disconnected', provider: 'github', told }));
      expect(app.gitHub.tokens.isGood(token, app.clock.now())).toBe(secret === undefined);
    }
  });

  it('lets the user revoke the app under another secret too: the grant ends, and the event says that the secret is missing (F-62)', async () => {
    const app = await makeVaultApp(store, { secret: SECRET });
    const { tokens } = await app.connect('github');
    const opened = app.events.find(({ kind }) => kind === 'grant.opened') as { grantId: string; userId: string };
    const other = await makeVaultApp(store, { secret: 'c2VjcmV0LXNlY3JldC1zZWNyZXQtc2VjcmV0LXNlYzE' });
    const helpers = other.provider.helpers({ ...other.env, PORTCULLIS: app.inner });
    expect(await helpers.revokeGrant(opened.grantId, opened.userId)).toBe(true);
    expect(other.events).toContainEqual(expect.objectContaining({ kind: 'upstream.disconnected', told: 'secret_missing' }));
    expect((await app.use(tokens.access)).status).toBe(401);
  });

  it('lets an exchanged token use the accounts of its parent, with one refresh, until the parent ends', async () => {
    const type = 'urn:ietf:params:oauth:grant-type:token-exchange';
    const gateway = { id: 'gateway', secret: SECRET, authMethod: 'client_secret_post', grantTypes: [type] } as const;
    const app = await makeVaultApp(store, { clients: [gateway], tokenExchange: () => true, accessTokenTTL: 86_400 });
    const { tokens, client } = await app.connect();
    const body = new URLSearchParams({
      grant_type: type, client_id: 'gateway', client_secret: SECRET, subject_token: tokens.access,
      subject_token_type: 'urn:ietf:params:oauth:token-type:access_token',
    }); // prettier-ignore
    const exchange = async (): Promise<string> => {
      const answer = await app.ask('POST', '/token', body, { 'content-type': 'application/x-www-form-urlencoded' });
      return ((await answer.json()) as { access_token: string }).access_token;
    };
    const [child, other] = [await exchange(), await exchange()];
    const { token } = await app.use(tokens.access);
    expect((await app.use(child)).token).toBe(token);
    app.clock.pass(3700);
    const said = await Promise.all([child, tokens.access, child, tokens.access].map((access) => app.use(access)));
    expect(new Set(said.map((one) => one.token)).size).toBe(1);
    expect(app.idp.tokens.refreshes).toEqual({ asked: 1, refused: 0 });
    await app.ask('POST', '/revoke', new URLSearchParams({ token: other, client_id: 'gateway', client_secret: SECRET }), {
      'content-type': 'application/x-www-form-urlencoded',
    });
    expect([(await app.use(other)).status, (await app.use(child)).token]).toEqual([401, said[0]?.token]);
    await client.revoke(tokens.refresh);
    expect((await app.use(child)).status).toBe(401);
    await expect.poll(() => app.events).toContainEqual(expect.objectContaining({ kind: 'upstream.disconnected', told: 'revoked' }));
    expect(app.idp.tokens.isGood(said[0]?.token, app.clock.now())).toBe(false);
  });

  it('takes the tokens of a sign-in that the application ran itself, where a login keeps such tokens', async () => {
    const app = await makeVaultApp(store);
    const oauth = app.provider.helpers(app.env);
    const client = await app.client();
    const request = await oauth.parseAuthRequest(new Request(await client.authorizeUrl()));
    const { access_token: accessToken, refresh_token: refreshToken = '', expires_in = 0 } = app.idp.tokens.open(app.clock.now());
    const account = { provider: 'corp', id: 'u-7', name: 'Una' };
    const tokens = { accessToken, refreshToken, expiresAt: app.clock.now() + expires_in };
    const completion = { request, userId: 'una', scope: request.scope, props: {} };
    const of = (provider: string) => ({ ...completion, upstreams: [{ account: { ...account, provider }, tokens }] });
    await expect(oauth.completeAuthorization(of('elsewhere'))).rejects.toThrow('no login of that id keeps tokens');
    const { redirectTo } = await oauth.completeAuthorization(of('corp'));
    const ours = tokensOf(await client.redeem(new URL(redirectTo).searchParams.get('code') ?? ''));
    expect(await app.use(ours.access)).toMatchObject({ token: accessToken, accounts: [account] });
    app.clock.pass(3550);
    expect((await app.use(ours.access)).token).not.toBe(accessToken);
    expect(app.idp.tokens.refreshes).toEqual({ asked: 1, refused: 0 });
  });

  it('keeps and refreshes tokens for an application with its own pages, and takes none of its paths (W-02, W-09)', async () => {
    const own = (request: Request): Response => new Response(`own ${new URL(request.url).pathname}`);
    const clock = makeClock();
    const idp = await makeFakeUpstream({ ...APP, redirectUri: `${ISSUER}/corp`, now: clock.now });
    const corp = connection(oidc({ ...APP, issuer: idp.issuer, id: 'corp', fetch: idp.fetch }));
    const app = await makeVaultApp(store, { logins: [corp], defaultHandler: own, secret: SECRET });
    for (const path of ['/authorize', '/account', '/login', '/account/connect', '/authorize/callback/corp'])
      expect(await (await app.ask('GET', path)).text()).toBe(`own ${path}`);
    clock.pass(app.clock.now() - clock.now());
    const oauth = app.provider.helpers(app.env);
    const client = await app.client();
    const request = await oauth.parseAuthRequest(new Request(await client.authorizeUrl()));
    const { access_token: accessToken, refresh_token: refreshToken = '', expires_in = 0 } = idp.tokens.open(clock.now());
    const tokens = { accessToken, refreshToken, expiresAt: clock.now() + expires_in };
    const upstreams = [{ account: { provider: 'corp', id: 'u-7', name: 'Una' }, tokens }];
    const { redirectTo } = await oauth.completeAuthorization({ request, userId: 'una', scope: request.scope, props: {}, upstreams });
    const ours = tokensOf(await client.redeem(new URL(redirectTo).searchParams.get('code') ?? ''));
    expect((await app.use(ours.access)).token).toBe(accessToken);
    for (const time of [clock, app.clock]) time.pass(3550);
    expect((await app.use(ours.access)).token).not.toBe(accessToken);
    expect(idp.tokens.refreshes).toEqual({ asked: 1, refused: 0 });
  });

  it('revokes here at once though the site cannot be told', async () => {
    const app = await makeVaultApp(store);
    const { tokens, client } = await app.connect();
    app.idp.faults.set('revoke', 'down');
    await client.revoke(tokens.refresh);
    expect((await app.use(tokens.access)).status).toBe(401);
    await expect.poll(() => app.events).toContainEqual(expect.objectContaining({ kind: 'upstream.disconnected', told: 'failed' }));
  });

  it('SEC-147 shows no token of the site to the client, in an event, or in what is stored', async () => {
    const app = await makeVaultApp(store, { secret: SECRET });
    const written: unknown[] = [];
    const write = app.store.write.bind(app.store);
    Object.assign(app.store, { write: (...all: Parameters<typeof write>) => (written.push(all), write(...all)) });
    const { tokens, client } = await app.connect();
    const { token = '' } = await app.use(tokens.access);
    app.clock.pass(3590);
    await app.use(tokens.access);
    const refreshed = await client.refresh(tokens.refresh);
    const told = JSON.stringify([app.events, refreshed.body, written]);
    expect(token).toMatch(/^upstream-access-token-/);
    expect(written.length).toBeGreaterThan(0);
    expect(told).not.toMatch(/upstream-(access|refresh)-token/);
  });
});
