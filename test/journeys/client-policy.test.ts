/** Which clients may be connected: waiting, approved, blocked and denied ones, from the page to the guard, on every store of both runtimes. */
import { describe, expect, it } from 'vitest';
import type { OAuthProviderOptions } from '../../src/options/options.ts';
import type { Grantor } from '../../src/model/settings.ts';
import type { BrowserPage } from '../../src/testing/browser.ts';
import { makeClock } from '../../src/testing/clock.ts';
import { codeOf, registerClient, type TestClient, tokensOf } from '../../src/testing/oauth-client.ts';
import { memoryStore } from '../../src/stores/memory.ts';
import { ALICE, type App, appOn, ISSUER, makeApp, storeNames } from '../support/app.ts';
import { expectChallenge, expectJson, expectNothingWritten, expectPage, lastReason } from '../support/verdicts.ts';

const APPROVE: Partial<OAuthProviderOptions> = { clientPolicy: { newClients: 'approve', contact: 'it@acme.example' } };
const WEB = { redirect_uris: ['https://app.example/cb'], client_name: 'Web app' };
const kinds = ({ events }: App): readonly string[] =>
  events.map(({ kind }) => kind).filter((kind) => kind.startsWith('client.') && kind !== 'client.registered');
const linkIn = ({ text }: BrowserPage): string => (/<a href="([^"]+)">Try again/.exec(text)?.[1] ?? '').replaceAll('&#38;', '&');
const clientsOf = (app: App): ReturnType<App['provider']['helpers']>['clients'] => app.provider.helpers(app.env).clients;

describe.each(storeNames)('clients under a policy, on %s', (store) => {
  it('holds a new client, names the contact to the user and the client to the operator, and continues the flow after the approval', async () => {
    const app = await makeApp(store, APPROVE);
    const [client, browser] = [await app.client(), app.browser()];
    const waiting = await browser.get(await client.authorizeUrl());
    expectPage(waiting, { status: 403 });
    for (const text of ['waiting for approval', 'it@acme.example', 'Test client']) expect(waiting.text).toContain(text);
    expectPage(await browser.get(ISSUER + linkIn(waiting)), { status: 403 });
    expect(kinds(app)).toEqual(['client.waiting']); // once
    const { clients } = await clientsOf(app).listByStatus('waiting');
    expect(clients).toEqual([{ clientId: client.id, status: 'waiting', at: app.clock.now(), name: 'Test client', hosts: [] }]);
    await clientsOf(app).approve(client.id);
    const page = await browser.get(ISSUER + linkIn(waiting));
    const tokens = tokensOf(await client.redeem(codeOf(await browser.submit(page, { decision: 'approve', ...ALICE }))));
    expect((await app.call(tokens.access)).status).toBe(200);
    expect([kinds(app), (await clientsOf(app).listByStatus('waiting')).clients]).toEqual([['client.waiting', 'client.approved'], []]);
  });

  it('names the signed-in user who wants it, also in the flow of a device', async () => {
    const app = await makeApp(store, { ...APPROVE, deviceAuthorizationEndpoint: '/device_authorization' });
    const device = 'urn:ietf:params:oauth:grant-type:device_code';
    const client = await app.client({ grant_types: [device], redirect_uris: [] });
    const asked = await app.ask('POST', '/device_authorization', new URLSearchParams({ client_id: client.id }), {
      'content-type': 'application/x-www-form-urlencoded',
    });
    const { user_code: code } = (await asked.json()) as { user_code: string };
    const browser = app.browser();
    await browser.submit(await browser.get(`${ISSUER}/login`), ALICE);
    const typed = await browser.submit(await browser.get(`${ISSUER}/device?user_code=${code}`), { user_code: code });
    expectPage(typed, { status: 403 });
    expect(app.events).toContainEqual(expect.objectContaining({ kind: 'client.waiting', clientId: client.id, userId: app.aliceId }));
    await clientsOf(app).approve(client.id);
    expect((await browser.submit(await browser.get(ISSUER + linkIn(typed)), { user_code: code })).text).toContain('value="approve"');
  });

  it('lets a client wait again that gave itself another name or site after its approval, and no other (SEC-097)', async () => {
    const app = await makeApp(store, { ...APPROVE, deviceAuthorizationEndpoint: '/device_authorization' });
    const json = { 'content-type': 'application/json' };
    const metadata = { ...WEB, token_endpoint_auth_method: 'none' };
    const made = (await (await app.ask('POST', '/register', JSON.stringify(metadata), json)).json()) as Record<string, string>;
    const { client_id: id = '', registration_access_token: token } = made;
    const client = await registerClient({ send: app.send, issuer: ISSUER, id, redirectUri: 'https://app.example/cb' });
    const change = async (more: object): Promise<void> => {
      const headers = { ...json, authorization: `Bearer ${token}` };
      const body = JSON.stringify({ ...metadata, ...more, client_id: id });
      expect((await app.ask('PUT', `/register/client?client_id=${id}`, body, headers)).status).toBe(200);
    };
    const statusNow = async (): Promise<number> => (await app.browser().get(await client.authorizeUrl())).status;
    for (const more of [
      { client_name: 'Claude' },
      { 'client_name#en': 'Claude' },
      { redirect_uris: ['https://app.example/cb', 'https://evil.example/cb'] },
      { redirect_uris: ['https://app.example/cb', 'http://localhost/cb'] },
      { grant_types: ['authorization_code', 'urn:ietf:params:oauth:grant-type:device_code'] }, // whose tokens go to the one who polls
    ]) {
      await change({});
      await clientsOf(app).approve(id);
      await change({ redirect_uris: ['https://app.example/cb', 'https://app.example/other'], tos_uri: 'https://app.example/terms' });
      expect(await statusNow()).toBe(200);
      await change(more);
      expect(await statusNow()).toBe(403);
    }
    await change({ client_name: 'Yet another' }); // while it waits: the list has what it calls itself now
    expect(await statusNow()).toBe(403);
    expect((await clientsOf(app).listByStatus('waiting')).clients.map(({ name }) => name)).toEqual(['Yet another']);
    await clientsOf(app).block(id);
    await change({ client_name: 'Another name' });
    expect([await statusNow(), lastReason(app)]).toEqual([400, 'client_blocked']);
  });

  it('approves a client as it was then, also where it changes in the moment of the approval (SEC-097)', async () => {
    const app = await makeApp(store, APPROVE);
    const { clients } = app.provider.helpers(app.env);
    const json = { 'content-type': 'application/json' };
    const metadata = { ...WEB, token_endpoint_auth_method: 'none' };
    const made = (await (await app.ask('POST', '/register', JSON.stringify(metadata), json)).json()) as Record<string, string>;
    const { client_id: id = '', registration_access_token: token } = made;
    const client = await registerClient({ send: app.send, issuer: ISSUER, id, redirectUri: 'https://app.example/cb' });
    const asked = async (): Promise<number> => (await app.browser().get(await client.authorizeUrl())).status;
    const changes = JSON.stringify({ ...metadata, client_id: id, redirect_uris: ['https://app.example/cb', 'https://evil.example/cb'] });
    const racing: App['inner'] = {
      atomic: true, read: (...all) => app.inner.read(...all), remove: (...all) => app.inner.remove(...all), list: (...all) => app.inner.list(...all),
      async write(key, ...rest) {
        // After it was read for the approval, before that is written.
        if (key.startsWith('client-status:')) await app.ask('PUT', `/register/client?client_id=${id}`, changes, { ...json, authorization: `Bearer ${token}` });
        return app.inner.write(key, ...rest);
      },
    }; // prettier-ignore
    await clientsOf(await appOn(racing, app.clock, APPROVE)).approve(id);
    expect(await asked()).toBe(403);
    expect((await clients.listByStatus('waiting')).clients.map(({ hosts }) => hosts)).toEqual([['app.example', 'evil.example']]);
    await clients.approve(id);
    expect(await asked()).toBe(200);
    await clients.update(id, { name: 'As the operator calls it' });
    expect(await asked()).toBe(200);
  });

  it('ends every grant of a client that is blocked, on the next call in every process, and grants it nothing more', async () => {
    const app = await makeApp(store, { clientPolicy: { contact: 'it@acme.example' } });
    const other = await appOn(app.inner, app.clock, { clientPolicy: {} });
    const { client, tokens, browser } = await app.signedIn();
    const [another, waitingCode] = [await app.signedIn(), await client.signIn(app.browser(), ALICE)];
    expect((await other.call(tokens.access)).status).toBe(200);
    expect(await clientsOf(app).block(client.id)).toBe(2);
    for (const one of [app, other]) expectChallenge(await one.call(tokens.access), 'invalid_token');
    expect(lastReason(other)).toBe('grant_client_blocked');
    expectJson(await client.refresh(tokens.refresh), 'invalid_grant');
    expectJson(await client.redeem(waitingCode), 'invalid_grant');
    const page = await browser.get(await client.authorizeUrl());
    expectPage(page, { status: 400 });
    for (const text of ['not allowed here', 'it@acme.example']) expect(page.text).toContain(text);
    expect(lastReason(app)).toBe('client_blocked');
    expect((await other.call(another.tokens.access)).status).toBe(200);
    await clientsOf(app).approve(client.id);
    expect((await app.call(tokens.access)).status).toBe(401); // what ended stays ended
    expect((await app.call(tokensOf(await client.redeem(await client.signIn(app.browser(), ALICE))).access)).status).toBe(200);
  });

  it('opens no grant for a client that is blocked while its consent is answered', async () => {
    const app = await makeApp(store, { clientPolicy: {} });
    const [client, browser] = [await app.client(), app.browser()];
    const page = await browser.get(await client.authorizeUrl());
    await clientsOf(app).block(client.id);
    expectPage(await browser.submit(page, { decision: 'approve', ...ALICE }), { status: 400 });
    // In the moment between the check and the list of grants: the mark is met after the grant is stored.
    const second = await app.client();
    const racing: App['inner'] = {
      atomic: true, read: (...all) => app.inner.read(...all), remove: (...all) => app.inner.remove(...all), list: (...all) => app.inner.list(...all),
      async write(key, ...rest) {
        if (key.startsWith('grant:')) await clientsOf(app).block(second.id);
        return app.inner.write(key, ...rest);
      },
    }; // prettier-ignore
    const late = await appOn(racing, app.clock, { clientPolicy: {} });
    const tab = late.browser();
    expectPage(await tab.submit(await tab.get(await second.authorizeUrl()), { decision: 'approve', ...ALICE }), { status: 400 });
    expect((await app.provider.helpers(app.env).listGrants({ clientId: second.id })).grants).toEqual([]);
  });

  it('gives a program that is blocked no token', async () => {
    const app = await makeApp(store, { clientPolicy: {} });
    const { client, secret = '' } = await clientsOf(app).create({ name: 'Nightly', scope: ['read'] });
    const program = await registerClient({ send: app.send, issuer: ISSUER, id: client.id });
    const ask = (): ReturnType<TestClient['token']> =>
      program.token({ grant_type: 'client_credentials', client_id: client.id, client_secret: secret });
    const tokens = tokensOf(await ask());
    await clientsOf(app).block(client.id);
    expectChallenge(await app.call(tokens.access), 'invalid_token');
    expectJson(await ask(), 'unauthorized_client');
    await clientsOf(app).approve(client.id);
    const racing: App['inner'] = {
      atomic: true, read: (...all) => app.inner.read(...all), remove: (...all) => app.inner.remove(...all), list: (...all) => app.inner.list(...all),
      async write(key, ...rest) {
        if (key.startsWith('grant:')) await clientsOf(app).block(client.id); // after the check, before the grant
        return app.inner.write(key, ...rest);
      },
    }; // prettier-ignore
    const late = await appOn(racing, app.clock, { clientPolicy: {} });
    const again = await registerClient({ send: late.send, issuer: ISSUER, id: client.id });
    expectJson(await again.token({ grant_type: 'client_credentials', client_id: client.id, client_secret: secret }), 'unauthorized_client');
    expect((await app.provider.helpers(app.env).listGrants({ clientId: client.id })).grants).toEqual([]);
  });

  it('refuses denied hosts, approved or not, from the next call on, and takes allowed ones without asking', async () => {
    const app = await makeApp(store, { clientPolicy: { newClients: 'approve', allowHosts: ['app.example'] } });
    const client = await registerClient({ send: app.send, issuer: ISSUER, redirectUri: 'https://app.example/cb', metadata: WEB });
    tokensOf(await client.redeem(await client.signIn(app.browser(), ALICE)));
    const denying = await appOn(app.inner, app.clock, { clientPolicy: { denyHosts: ['app.example'] } });
    await clientsOf(denying).approve(client.id);
    expectPage(await denying.browser().get(await client.authorizeUrl()), { status: 400 });
    expect(lastReason(denying)).toBe('client_host_denied');
    const refusing = await appOn(app.inner, app.clock, { clientPolicy: { allowHosts: ['good.example'] } });
    const local = await app.client();
    expectPage(await refusing.browser().get(await local.authorizeUrl()), { status: 400 });
    expect(lastReason(refusing)).toBe('client_not_allowed');
  });

  it('keeps what it decided when a backup is restored, and forgets it when told', async () => {
    const app = await makeApp(store, APPROVE);
    const client = await app.client();
    await clientsOf(app).block(client.id);
    const restored = await appOn(app.inner, app.clock, APPROVE, {}, { PORTCULLIS_EPOCH: 'again' });
    expectPage(await restored.browser().get(await client.authorizeUrl()), { status: 400 });
    expect([await clientsOf(app).resetStatus(client.id), await clientsOf(app).resetStatus(client.id)]).toEqual([true, false]);
    expectPage(await app.browser().get(await client.authorizeUrl()), { status: 403 });
  });

  it('changes what happens to new clients while it runs, in every process, and lets none register that could not be connected', async () => {
    const app = await makeApp(store, { clientPolicy: { denyHosts: ['evil.example'] } });
    const other = await appOn(app.inner, app.clock, { clientPolicy: {} });
    const client = await app.client();
    const statusOf = async (one: App): Promise<number> => (await one.browser().get(await client.authorizeUrl())).status;
    expect([await statusOf(app), await statusOf(other)]).toEqual([200, 200]);
    await clientsOf(app).setNewClients('approve');
    expect([await statusOf(app), await statusOf(other)]).toEqual([403, 403]);
    await clientsOf(app).setNewClients('refuse');
    expect([await statusOf(app), await statusOf(other)]).toEqual([400, 400]);
    expectJson(await other.register({ redirect_uris: ['https://app.example/cb'] }), 'invalid_client_metadata');
    expect(lastReason(other)).toBe('client_not_allowed');
    await clientsOf(other).setNewClients(null);
    expect([await statusOf(app), (await other.register({ redirect_uris: ['https://app.example/cb'] })).status]).toEqual([200, 201]);
    expectJson(await app.register({ redirect_uris: ['https://sub.evil.example/cb'] }), 'invalid_client_metadata');
    await expect(clientsOf(app).setNewClients('ask' as never)).rejects.toThrow(/'allow', 'approve', 'refuse'/);
  });

  it('keeps a pushed request open while its client waits', async () => {
    const app = await makeApp(store, APPROVE);
    const client = await app.client();
    const query = new URL(await client.authorizeUrl()).searchParams;
    const pushed = (await (await app.ask('POST', '/par', query, { 'content-type': 'application/x-www-form-urlencoded' })).json()) as {
      request_uri: string;
    };
    const browser = app.browser();
    const waiting = await browser.get(
      `${ISSUER}/authorize?${new URLSearchParams({ client_id: client.id, request_uri: pushed.request_uri })}`,
    );
    expectPage(waiting, { status: 403 });
    app.clock.pass(300); // longer than a pushed request lives by itself
    await clientsOf(app).approve(client.id);
    const page = await browser.get(ISSUER + linkIn(waiting));
    expect(codeOf(await browser.submit(page, { decision: 'approve', ...ALICE }))).toMatch(/^code_/);
  });
});

describe('clients under a policy', () => {
  const ID = 'https://tools.example/app.json';
  async function withDocuments(more: Partial<OAuthProviderOptions>): Promise<App & { readonly fetched: string[] }> {
    const [clock, fetched]: [ReturnType<typeof makeClock>, string[]] = [makeClock(), []];
    const document = {
      client_id: ID,
      client_name: 'Tools',
      redirect_uris: ['http://localhost/callback'],
      logo_uri: 'https://tools.example/logo.png',
    };
    const fetchPublic = async (url: string): Promise<Response> => {
      fetched.push(url);
      return Response.json(document);
    };
    return { ...(await appOn(memoryStore(clock), clock, more, { fetchPublic })), fetched };
  }
  const document = (app: App): Promise<TestClient> => registerClient({ send: app.send, issuer: ISSUER, id: ID });

  it('fetch nothing of a client that is denied or blocked, and refuse its tokens by its id alone', async () => {
    const app = await withDocuments({ clientPolicy: { denyHosts: ['tools.example'] } });
    const client = await document(app);
    expectPage(await app.browser().get(await client.authorizeUrl()), { status: 400 });
    await app.ask('GET', `/authorize/logo?${new URLSearchParams({ client_id: ID })}`);
    expect([app.fetched, lastReason(app)]).toEqual([[], 'client_host_denied']);
    const blocking = await withDocuments({ clientPolicy: {} });
    await clientsOf(blocking).block(ID);
    expectPage(await blocking.browser().get(await (await document(blocking)).authorizeUrl()), { status: 400 });
    expect([blocking.fetched, lastReason(blocking)]).toEqual([[], 'client_blocked']);
    const before = await withDocuments({});
    const known = await document(before);
    const tokens = tokensOf(await known.redeem(await known.signIn(before.browser(), ALICE)));
    const denying = await appOn(before.inner, before.clock, { clientPolicy: { denyHosts: ['tools.example'] } });
    expectChallenge(await denying.call(tokens.access), 'invalid_token');
    expect(lastReason(denying)).toBe('client_host_denied');
    const refreshed = await denying.ask(
      'POST',
      '/token',
      new URLSearchParams({ grant_type: 'refresh_token', client_id: ID, refresh_token: tokens.refresh }),
      { 'content-type': 'application/x-www-form-urlencoded' },
    );
    expect([refreshed.status, ((await refreshed.json()) as { error: string }).error]).toEqual([400, 'unauthorized_client']);
    expect((await before.call(tokens.access)).status).toBe(200); // nothing was consumed
  });

  it('fetch no logo of a client that is denied or blocked, though its document was read before', async () => {
    const app = await withDocuments({ clientPolicy: {} });
    await app.browser().get(await (await document(app)).authorizeUrl());
    const logo = `/authorize/logo?${new URLSearchParams({ client_id: ID })}`;
    const fetched: string[] = [];
    const fetchPublic = async (url: string): Promise<Response> => (fetched.push(url), new Response('no image'));
    const denying = await appOn(app.inner, app.clock, { clientPolicy: { denyHosts: ['tools.example'] } }, { fetchPublic });
    await denying.ask('GET', logo);
    await clientsOf(app).block(ID);
    const same = await appOn(app.inner, app.clock, { clientPolicy: {} }, { fetchPublic });
    await same.ask('GET', logo);
    expect(fetched).toEqual([]);
    await clientsOf(app).approve(ID);
    await same.ask('GET', logo);
    expect(fetched).toEqual(['https://tools.example/logo.png']);
  });

  it('show a client of a verified host as verified by this server, and no other', async () => {
    const app = await withDocuments({ name: 'Notes', clientPolicy: { verifiedHosts: ['tools.example'] } });
    expect((await app.browser().get(await (await document(app)).authorizeUrl())).text).toContain('Verified by <bdi>Notes</bdi>');
    expect((await app.browser().get(await (await app.client()).authorizeUrl())).text).not.toContain('Verified by');
  });

  it('bound the list of waiting clients by network, and stay off where they are not configured', async () => {
    const app = await makeApp('memory', APPROVE);
    for (let at = 0; at < 22; at++) expectPage(await app.browser().get(await (await app.client()).authorizeUrl()), { status: 403 });
    expect((await clientsOf(app).listByStatus('waiting')).clients).toHaveLength(20);
    const off = await makeApp('memory');
    await expectNothingWritten(off, async () => {
      for (const verb of ['approve', 'block', 'resetStatus'] as const)
        await expect(clientsOf(off)[verb]('x')).rejects.toThrow(/clientPolicy/);
      await expect(clientsOf(off).listByStatus('new' as never)).rejects.toThrow(/waiting, approved, blocked/);
    });
  });

  it('are refused on pages of an application of its own, too, also while they wait', async () => {
    const app = await makeApp('memory', APPROVE);
    const client = await app.client();
    const { parseAuthRequest } = app.provider.helpers(app.env);
    const request = new Request(await client.authorizeUrl());
    await expect(parseAuthRequest(request)).rejects.toMatchObject({ code: 'unauthorized_client' });
    await clientsOf(app).approve(client.id);
    await expect(parseAuthRequest(request)).resolves.toMatchObject({ clientId: client.id });
  });

  it('tell grantableScopes which client asks', async () => {
    const asked: Grantor[] = [];
    const app = await makeApp('memory', {
      grantableScopes: (who) => (asked.push(who), who.client?.name === 'Test client' ? ['read'] : ['read', 'write']),
    });
    const { client, tokens } = await app.signedIn().catch(async () => {
      const [made, browser] = [await app.client(), app.browser()];
      const page = await browser.submit(await browser.get(await made.authorizeUrl()), { decision: 'approve', ...ALICE });
      return { client: made, tokens: tokensOf(await made.redeem(codeOf(await browser.submit(page, { decision: 'approve' })))) };
    });
    expect((await app.call(tokens.access)).access?.scope).toEqual(['read']);
    expect(asked[0]?.client).toMatchObject({ name: 'Test client', redirectUris: [client.redirectUri] });
  });
});
