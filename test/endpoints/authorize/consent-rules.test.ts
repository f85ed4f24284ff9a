/** Each refusal of the consent page with its reason, what the page keeps when it comes again, and the change of the account. */
import { describe, expect, it } from 'vitest';
import { existingSession } from '../../../src/logins/own-login.ts';
import { password } from '../../../src/logins/password.ts';
import type { Browser, BrowserPage } from '../../../src/testing/browser.ts';
import { codeOf, type TestClient } from '../../../src/testing/oauth-client.ts';
import { ALICE, type App, ISSUER, makeApp } from '../../support/app.ts';
import { atConsent, makeUpstreamApp, throughCorp } from '../../support/upstream-app.ts';
import { expectNothingWritten, expectPage, lastReason } from '../../support/verdicts.ts';

interface Flow {
  readonly app: App;
  readonly client: TestClient;
  readonly browser: Browser;
  readonly page: BrowserPage;
}
async function flow(more: Parameters<typeof makeApp>[1] = {}, changes: Record<string, string | null> = {}): Promise<Flow> {
  const app = await makeApp('memory', more);
  const [client, browser] = [await app.client(), app.browser()];
  return { app, client, browser, page: await browser.get(await client.authorizeUrl(changes)) };
}
const WRONG = { decision: 'approve', username: 'alice', password: 'wrong horse' };

describe('endpoints/authorize/consent: refusals', () => {
  it('tells the operator of each its reason', async () => {
    const { app, browser, page } = await flow();
    expectPage(await browser.submit(page, WRONG, { origin: 'https://evil.example' }), { status: 403 });
    expect(lastReason(app)).toBe('cross_site');
    expectPage(await expectNothingWritten(app, () => browser.submit(page, { decision: 'maybe' })));
    expect(app.events.at(-1)).toMatchObject({ code: 'invalid_request', reason: 'decision_unknown' });
  });

  it('knows the logins that stand on the page, and no other', async () => {
    const logins = [password(), existingSession({ find: () => null })];
    const { app, browser, page } = await flow({ logins });
    for (const site of ['corp', 'PASSWORD', 'session']) {
      expectPage(await expectNothingWritten(app, () => browser.submit(page, { ...ALICE, with: site })));
      expect([site, app.events.at(-1)]).toEqual([site, expect.objectContaining({ code: 'invalid_request', reason: 'login_unknown' })]);
    }
    expect(codeOf(await browser.submit(page, { ...ALICE, with: 'password' }))).toMatch(/^code_/); // its button approves
  });

  it('takes a yes without Origin and Sec-Fetch-Site, which an old browser does not send', async () => {
    const { app, browser, page } = await flow();
    const pending = /name="pending" value="([^"]+)"/.exec(page.text)?.[1] ?? '';
    const cookie = [...browser.cookies].map(([name, value]) => `${name}=${value}`).join('; ');
    const body = new URLSearchParams({ pending, decision: 'approve', scope: 'read', ...ALICE });
    expect((await app.ask('POST', '/authorize/approve', body, { cookie })).status).toBe(303);
  });
});

describe('endpoints/authorize/consent: the page again', () => {
  const keepingViews = () => {
    const views: Record<string, unknown>[] = [];
    return { views, pages: { templates: { approve: (view: never, ours: unknown) => (views.push(view), ours) } } as never };
  };

  it('keeps what was typed and ticked after a wrong password, and nothing that was not', async () => {
    const { views, pages } = keepingViews();
    const { browser, page } = await flow({ pages }, { login_hint: 'somebody' });
    expect(page.text).toContain('value="somebody"');
    const again = await browser.submit(page, { ...WRONG, scope: ['write'], remember: 'yes' });
    expect([again.status, again.text.includes('value="alice"'), again.text.includes('wrong horse')]).toEqual([403, true, false]);
    const scopes = views.at(-1)?.['scopes'] as readonly { readonly name: string; readonly checked?: boolean }[];
    expect(scopes.map(({ name, checked }) => [name, checked])).toEqual([['read', false], ['write', true]]); // prettier-ignore
    const empty = await browser.submit(page, { decision: 'approve', password: 'wrong horse' });
    expect(empty.text).not.toMatch(/value="(somebody|Stryker)/);
    await browser.submit(page, { ...WRONG, login: 'password' });
    expect(views.at(-1)?.['login']).toBe('password');
  });

  it('says when to try again, once there were too many attempts', async () => {
    const { browser, page } = await flow();
    for (let times = 0; times < 10; times++) expect((await browser.submit(page, WRONG)).headers.has('retry-after')).toBe(false);
    const limited = await browser.submit(page, { ...WRONG, ...ALICE });
    expect([limited.status, limited.headers.get('retry-after')]).toEqual([429, '900']);
  });

  it('asks for a tick only where the request has scopes', async () => {
    const { browser, page } = await flow({ scopesSupported: {} });
    expect(codeOf(await browser.submit(page, { decision: 'approve', ...ALICE }))).toMatch(/^code_/);
  });

  it('keeps the chosen organization of a signed-in user', async () => {
    const { views, pages } = keepingViews();
    const organizations = ['acme', 'globex'].map((id) => ({ id, name: id }));
    const app = await makeUpstreamApp('memory', { login: { mapIdentity: () => ({ organizations }) }, options: { pages } });
    const at = await atConsent(app);
    await at.browser.submit(await throughCorp(app, at), { decision: 'deny' });
    const next = await atConsent(app, at.browser);
    await at.browser.submit(next.page, { decision: 'approve', organization: 'globex', scope: null });
    expect(views.at(-1)?.['organizations']).toEqual([{ id: 'acme', name: 'acme', checked: false }, { id: 'globex', name: 'globex', checked: true }]); // prettier-ignore
  });
});

describe('endpoints/authorize/consent: another account', () => {
  it('ends the session and its cookie, and keeps what was ticked', async () => {
    const { app, client, browser } = await flow();
    await browser.submit(await browser.get(`${ISSUER}/login`), ALICE);
    const cookies = new Map(browser.cookies);
    const page = await browser.get(await client.authorizeUrl());
    expect(page.text).toContain('Alice');
    const other = await browser.submit(page, { decision: 'switch', scope: ['write'] });
    expect([other.status, other.text.includes('name="password"')]).toEqual([200, true]);
    expect(other.text).toMatch(/value="write"[^>]* checked/);
    expect(other.text).not.toMatch(/value="read"[^>]* checked/);
    expect(other.headers.getSetCookie()).toEqual([expect.stringMatching(/^__Host-portcullis-session=; .*Max-Age=0/)]);
    const thief = app.browser();
    for (const [name, value] of cookies) thief.cookies.set(name, value);
    expect((await thief.get(`${ISSUER}/account`)).status).toBe(303); // the session is over, not only its cookie
    expect(codeOf(await browser.submit(other, { decision: 'approve', ...ALICE, scope: ['write'] }))).toMatch(/^code_/);
  });

  it('is the page for a request that is gone, where the request ended meanwhile', async () => {
    const { app, client, browser } = await flow();
    await browser.submit(await browser.get(`${ISSUER}/login`), ALICE);
    const page = await browser.get(await client.authorizeUrl());
    const remove = app.inner.remove.bind(app.inner);
    app.inner.remove = async (key, ...all) => {
      const removed = await remove(key, ...all);
      if (key.startsWith('session:')) for (const one of (await app.inner.all?.())?.records ?? []) if (one.key.startsWith('pending:')) await remove(one.key); // prettier-ignore
      return removed;
    };
    expectPage(await browser.submit(page, { decision: 'switch' }));
  });

  it('changes nothing of the request where no user is signed in, and asks again', async () => {
    const { app, browser, page } = await flow();
    const other = await expectNothingWritten(app, () => browser.submit(page, { decision: 'switch', scope: ['read'] }));
    expect([other.status, other.text.includes('name="password"')]).toEqual([200, true]);
  });

  it('keeps whether to remember', async () => {
    const client = { redirect_uris: ['https://app.example/cb'] };
    for (const remember of ['yes', null]) {
      const app = await makeApp('memory');
      const [one, browser] = [await app.client(client), app.browser()];
      await browser.submit(await browser.get(`${ISSUER}/login`), ALICE);
      const page = await browser.get(await one.authorizeUrl({ redirect_uri: 'https://app.example/cb' }));
      expect(page.text).toContain('name="remember"');
      const other = await browser.submit(page, { decision: 'switch', remember });
      expect(/name="remember"[^>]* checked/.test(other.text)).toBe(remember === 'yes');
    }
  });
});
