/** Consent that is remembered, taken back, and widened step by step, on every store of both runtimes. */
import { describe, expect, it } from 'vitest';
import type { Client } from '../../src/model/client.ts';
import type { Browser, BrowserPage } from '../../src/testing/browser.ts';
import { codeOf, registerClient, type TestClient, tokensOf } from '../../src/testing/oauth-client.ts';
import { ALICE, type App, ISSUER, makeApp, storeNames } from '../support/app.ts';
import { expectRedirect } from '../support/verdicts.ts';

const CALLBACK = 'https://app.example/callback';
const SCOPES = { scopesSupported: { read: 'Read your notes', write: 'Change your notes', share: 'Share your notes' } };

/** A client whose answers go to a website: only such can be remembered. */
const website = (app: App, redirectUri = CALLBACK): Promise<TestClient> => registerClient({ send: app.send, issuer: ISSUER, redirectUri });

interface Remembered {
  readonly app: App;
  readonly browser: Browser;
  readonly client: TestClient;
  /** Opens another request, for `read` unless told. */
  readonly open: (changes?: Record<string, string | null>, headers?: Record<string, string>) => Promise<BrowserPage>;
}

/** Alice allowed a website `read` and asked not to be asked again. */
async function remembered(store: string, more: Parameters<typeof makeApp>[1] = {}, resource: string | null = null): Promise<Remembered> {
  const app = await makeApp(store, { ...SCOPES, ...more });
  const [client, browser] = [await website(app), app.browser()];
  const open: Remembered['open'] = async (changes, headers) =>
    browser.get(await client.authorizeUrl({ scope: 'read', ...changes }), headers);
  codeOf(await browser.submit(await open({ resource }), { decision: 'approve', ...ALICE, remember: 'yes' }));
  return { app, browser, client, open };
}

const isAsked = (page: BrowserPage): boolean => page.status === 200 && page.location === null && page.text.includes('name="decision"');

describe.each(storeNames)('consent on %s', (store) => {
  it('asks nothing after "do not ask again", and issues an ordinary code (S-156)', async () => {
    const { app, client, open } = await remembered(store);
    const back = await open();
    const tokens = tokensOf(await client.redeem(codeOf(back)));
    expect((await app.call(tokens.access)).access).toMatchObject({
      userId: app.aliceId,
      scope: ['read'],
      props: { claims: { name: 'Alice' } },
    });
    expect(new URL(back.location ?? '').searchParams.get('iss')).toBe(ISSUER);
  });

  it('asks again if "do not ask again" was not selected, and as soon as it is cleared', async () => {
    const app = await makeApp(store, SCOPES);
    const [client, browser] = [await website(app), app.browser()];
    const open = async (): Promise<BrowserPage> => browser.get(await client.authorizeUrl({ scope: 'read' }));
    codeOf(await browser.submit(await open(), { decision: 'approve', ...ALICE }));
    codeOf(await browser.submit(await open(), { decision: 'approve', remember: 'yes' }));
    codeOf(await open());
    const shown = await browser.get(await client.authorizeUrl({ scope: 'read', prompt: 'consent' }));
    expect(shown.text).toMatch(/name="remember" value="yes"\s+checked/);
    codeOf(await browser.submit(shown, { decision: 'approve', remember: null }));
    expect(isAsked(await open())).toBe(true);
  });

  it('SEC-133 shows the page for another redirect, another resource, more scopes and another user', async () => {
    const two = { apiRoute: ['/mcp', '/other'] };
    const { app, browser, client, open: at } = await remembered(store, two, `${ISSUER}/mcp`);
    const open = (changes: Record<string, string> = {}): Promise<BrowserPage> => at({ resource: `${ISSUER}/mcp`, ...changes });
    expect(isAsked(await open({ resource: `${ISSUER}/other` }))).toBe(true);
    expect(isAsked(await open({ scope: 'read write' }))).toBe(true);
    expect(isAsked(await open({ scope: 'write' }))).toBe(true);
    const request = { scope: 'read', resource: `${ISSUER}/mcp` };
    const other = await website(app, 'https://app.example/elsewhere');
    expect(isAsked(await browser.get(await other.authorizeUrl(request)))).toBe(true);
    await app.provider.helpers(app.env).accounts.create({ username: 'mallory', password: 'battery staple horse' });
    const stranger = app.browser();
    const page = await stranger.get(await client.authorizeUrl(request));
    codeOf(await stranger.submit(page, { decision: 'approve', username: 'mallory', password: 'battery staple horse' }));
    expect(isAsked(await stranger.get(await client.authorizeUrl(request)))).toBe(true);
    expect(isAsked(await app.browser().get(await client.authorizeUrl(request)))).toBe(true);
    codeOf(await open());
  });

  it.each(['cross-site', 'same-site', 'same-origin', null])(
    'SEC-134 shows the page to a self-registered client where Sec-Fetch-Site is %s',
    async (site) => {
      const { app, browser, client } = await remembered(store);
      const headers = {
        cookie: [...browser.cookies].map(([name, value]) => `${name}=${value}`).join('; '),
        ...(site === null ? {} : { 'sec-fetch-site': site }),
      };
      const url = await client.authorizeUrl({ scope: 'read' });
      expect((await app.send(new Request(url, { headers, redirect: 'manual' }))).status).toBe(200);
      const { value } = (await app.store.read(`client:${client.id}`)) ?? {};
      await app.store.write(`client:${client.id}`, { ...(value as Client), entered: true }, 'any');
      expect((await app.send(new Request(url, { headers, redirect: 'manual' }))).status).toBe(200); // it is another client now
      codeOf(await browser.submit(await browser.get(url), { decision: 'approve', remember: 'yes' }));
      expect((await app.send(new Request(url, { headers, redirect: 'manual' }))).status).toBe(303); // one that the operator vouches for
    },
  );

  it('asks again if one of our pages redirects to the request, with any headers of the browser (F-40)', async () => {
    const { browser, client } = await remembered(store);
    const path = (await client.authorizeUrl({ scope: 'read' })).slice(ISSUER.length);
    const login = await browser.get(`${ISSUER}/login?again=1&return_to=${encodeURIComponent(path)}`, { 'sec-fetch-site': 'cross-site' });
    const { location } = await browser.submit(login, ALICE);
    expect(location).toContain('/authorize?');
    for (const site of ['same-origin', 'none', 'cross-site'])
      expect(isAsked(await browser.get(ISSUER + location, { 'sec-fetch-site': site }))).toBe(true);
    codeOf(await browser.get(ISSUER + path)); // the person opens it
  });

  it('SEC-101 never remembers the consent for a native app, with any form', async () => {
    const app = await makeApp(store, SCOPES);
    const { client, browser } = await app.signedIn();
    const page = await browser.get(await client.authorizeUrl());
    expect(page.text).not.toContain('name="remember"');
    codeOf(await browser.submit(page, { decision: 'approve', remember: 'yes' }));
    const again = await browser.get(await client.authorizeUrl());
    expect(isAsked(again)).toBe(true);
    expect(again.text).toContain('any program here could be listening');
    expectRedirect(await browser.get(await client.authorizeUrl({ prompt: 'none' })), 'consent_required');
  });

  it.each([
    ['name', { name: 'Another name' }],
    ['redirect URIs', { redirectUris: [CALLBACK, 'https://app.example/two'] }],
    ['keys', { jwks: { keys: [{ kty: 'EC' }] } }],
  ])('SEC-097 asks again after the client changed its %s', async (_what, change) => {
    const { app, client, open } = await remembered(store);
    const { value } = (await app.store.read(`client:${client.id}`)) ?? {};
    await app.store.write(`client:${client.id}`, { ...(value as Client), ...change }, 'any');
    const page = await open({ redirect_uri: CALLBACK });
    expect(isAsked(page)).toBe(true);
    expect(page.text).not.toMatch(/name="remember" value="yes"\s+checked/);
  });

  it('SEC-001 sends nothing to a redirect that is not registered, also for a returning user', async () => {
    const { open } = await remembered(store);
    const page = await open({ redirect_uri: 'https://evil.example/callback' });
    expect([page.status, page.location]).toEqual([400, null]);
  });

  it('forgets when the app is revoked, when the password changes, and after ninety days', async () => {
    const { app, browser, open } = await remembered(store);
    const helpers = app.provider.helpers(app.env);
    const again = async (): Promise<BrowserPage> => {
      const page = await open();
      expect(isAsked(page)).toBe(true);
      codeOf(await browser.submit(page, { decision: 'approve', ...ALICE, remember: 'yes' }));
      return open();
    };
    const { grants } = await helpers.listUserGrants(app.aliceId);
    expect(await helpers.revokeGrant(grants[0]!.id, 'somebody else')).toBe(false);
    codeOf(await open());
    expect(await helpers.revokeGrant(grants[0]!.id, app.aliceId)).toBe(true);
    codeOf(await again());
    await helpers.accounts.setPassword(app.aliceId, ALICE.password);
    codeOf(await again());
    app.clock.pass(91 * 86_400);
    expect(isAsked(await open())).toBe(true);
  });

  it('SEC-037 ends a grant that was opened unasked while the user took the consent back', async () => {
    const { app, open } = await remembered(store);
    const { grants: before } = await app.provider.helpers(app.env).listUserGrants(app.aliceId);
    const [key] = (await app.store.list(`consents:${app.aliceId}`)).keys;
    const { write } = app.store;
    // The revocation comes between the look-up of the consent and the grant.
    Object.assign(app.store, {
      write: async (...parts: Parameters<typeof write>) => {
        if (parts[0].startsWith('grant:')) await app.store.remove(key!);
        return write(...parts);
      },
    });
    expect(isAsked(await open())).toBe(true);
    expect((await app.provider.helpers(app.env).listUserGrants(app.aliceId)).grants).toHaveLength(before.length);
  });

  it('goes by the `prompt` of the request (OpenID Connect Core §3.1.2.1)', async () => {
    const { app, browser, client, open } = await remembered(store);
    codeOf(await open({ prompt: 'none' }));
    expectRedirect(await open({ prompt: 'none', scope: 'read write' }), 'consent_required');
    expectRedirect(await open({ prompt: 'none login' }), 'invalid_request');
    expect((await app.browser().get(await client.authorizeUrl({ prompt: 'none' }))).text).toContain('error=login_required'); // a link, no redirect (F-38)
    expect(isAsked(await open({ prompt: 'consent' }))).toBe(true);
    expect(isAsked(await open({ prompt: 'select_account' }))).toBe(true);
    const login = await open({ prompt: 'login' });
    expect([isAsked(login), login.text.includes('type="password"')]).toEqual([true, true]);
    expect((await browser.submit(login, { decision: 'approve' })).status).toBe(403); // the open session proves nothing here
    codeOf(await browser.submit(login, { decision: 'approve', ...ALICE }));
  });

  it('SEC-194 asks at a step-up only for new scopes, and grants only requested and selected ones', async () => {
    const app = await makeApp(store, SCOPES);
    const [client, browser] = [await app.client(), app.browser()];
    const grantOf = async (page: BrowserPage, fields: Record<string, string | readonly string[]> = {}): Promise<unknown> =>
      (await client.redeem(codeOf(await browser.submit(page, { decision: 'approve', ...fields })))).body['scope'];
    expect(await grantOf(await browser.get(await client.authorizeUrl({ scope: 'read' })), ALICE)).toBe('read');
    const step = async (): Promise<BrowserPage> => browser.get(await client.authorizeUrl({ scope: 'read write share' }));
    const page = await step();
    expect(page.text).toContain('It would also be able to');
    const [asked = '', before = ''] = page.text.split('You have already allowed it to');
    expect([asked.includes('Change your notes'), asked.includes('Read your notes')]).toEqual([true, false]);
    expect([before.includes('Read your notes'), /type="checkbox" name="scope" value="read"/.test(page.text)]).toEqual([true, false]);
    expect(await grantOf(page, { scope: ['read', 'write'] })).toBe('read write');
    expect(await grantOf(await step(), { scope: ['read', 'write'] })).toBe('read write'); // the client asks again: nothing came by itself
    expect(await grantOf(await browser.get(await client.authorizeUrl({ scope: 'write' })))).toBe('write'); // nor what it did not ask for
    const denied = await browser.submit(await step(), { decision: 'deny' });
    expectRedirect(denied, 'access_denied');
  });

  it('removes scopes that were requested and are no longer selected', async () => {
    const { browser, open } = await remembered(store);
    codeOf(await browser.submit(await open({ scope: 'read write' }), { decision: 'approve', scope: ['write'], remember: 'yes' }));
    expect(isAsked(await open())).toBe(true);
    codeOf(await open({ scope: 'write' }));
  });
});
