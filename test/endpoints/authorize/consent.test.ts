import { describe, expect, it } from 'vitest';
import type { Browser, BrowserPage } from '../../../src/testing/browser.ts';
import { codeOf, type TestClient } from '../../../src/testing/oauth-client.ts';
import { memoryStore } from '../../../src/stores/memory.ts';
import { makeClock } from '../../../src/testing/clock.ts';
import { ALICE, type App, appOn, ISSUER, makeApp, storeNames } from '../../support/app.ts';
import { expectNothingWritten, expectPage, expectRedirect } from '../../support/verdicts.ts';

const FORM = { 'content-type': 'application/x-www-form-urlencoded' };
const yes = { decision: 'approve', ...ALICE };

interface Flow {
  readonly app: App;
  readonly client: TestClient;
  readonly browser: Browser;
  readonly page: BrowserPage;
}

/** A browser that stands before a consent page. */
async function atConsent(more: Parameters<typeof makeApp>[1] = {}, metadata: Record<string, unknown> = {}): Promise<Flow> {
  const app = await makeApp('memory', more);
  const [client, browser] = [await app.client(metadata), app.browser()];
  return { app, client, browser, page: await browser.get(await client.authorizeUrl()) };
}

const pendingIn = (page: BrowserPage): string => /name="pending" value="([^"]+)"/.exec(page.text)?.[1] ?? '';
const cookiesOf = (browser: Browser): string => [...browser.cookies].map(([name, value]) => `${name}=${value}`).join('; ');

describe('endpoints/authorize/consent: the approving user', () => {
  it('SEC-124 takes no yes without a pending authorization, with a made-up one, or with one of another browser', async () => {
    const { app, browser, page } = await atConsent();
    const stranger = app.browser();
    const client = await app.client();
    const own = await stranger.get(await client.authorizeUrl());
    expectPage(await expectNothingWritten(app, () => browser.submit(page, { ...yes, pending: null })));
    expectPage(await expectNothingWritten(app, () => browser.submit(page, { ...yes, pending: 'x'.repeat(43) })));
    expectPage(await expectNothingWritten(app, () => browser.submit(page, { ...yes, pending: pendingIn(own) })), { status: 403 });
    expectPage(await expectNothingWritten(app, () => app.browser().submit(page, yes)), { status: 403 });
    expect(codeOf(await browser.submit(page, yes))).toMatch(/^code_/);
  });

  it.each([
    { origin: 'https://evil.example' }, { 'sec-fetch-site': 'cross-site' }, { 'sec-fetch-site': 'same-site' }, { origin: 'null', 'sec-fetch-site': 'cross-site' },
    { origin: 'https://mcp.example:8443' }, { origin: 'http://mcp.example' }, { origin: 'https://evil.example', 'sec-fetch-site': 'none' },
  ])('SEC-125 refuses a yes that another site sends: %j', async (headers) => {
    const { app, browser, page } = await atConsent();
    expectPage(await expectNothingWritten(app, () => browser.submit(page, yes, headers as Record<string, string>)), { status: 403 });
    expect((await browser.submit(page, yes)).status).toBe(303);
  }); // prettier-ignore

  it('SEC-125 refuses `Origin: null` unless the browser says that it comes from the same origin', async () => {
    const { app, browser, page } = await atConsent();
    const ask = (more: Record<string, string>): Promise<Response> =>
      app.ask('POST', '/authorize/approve', new URLSearchParams({ pending: pendingIn(page), ...yes }).toString(), {
        ...FORM,
        cookie: cookiesOf(browser),
        ...more,
      });
    expect((await ask({ origin: 'null' })).status).toBe(403);
    expect((await ask({ origin: 'null', 'sec-fetch-site': 'same-origin' })).status).toBe(400); // no scope ticked: it was let in
  });

  it('SEC-126 decides nothing by GET or HEAD, nor by a method that a field names', async () => {
    const { app, browser, page } = await atConsent();
    const query = new URLSearchParams({ pending: pendingIn(page), ...yes, _method: 'POST' }).toString();
    for (const method of ['GET', 'HEAD', 'PUT', 'DELETE']) {
      const response = await expectNothingWritten(app, () =>
        app.ask(method, `/authorize/approve?${query}`, null, { cookie: cookiesOf(browser), 'x-http-method-override': 'POST' }),
      );
      expect([response.status, response.headers.get('allow')]).toEqual([405, 'POST']);
    }
  });

  it('SEC-127 goes by the client of the stored request, whichever client the form names', async () => {
    for (const named of [null, '', 'no-such-client', 'x'.repeat(200), 'https://evil.example/client', 'another']) {
      const { app, browser, page, client } = await atConsent();
      expect(page.text).toContain(`name="client" value="${client.id}"`);
      const code = codeOf(await browser.submit(page, { ...yes, client: named === 'another' ? (await app.client()).id : named }));
      expect((await client.redeem(code)).status).toBe(200);
    }
  });

  it('SEC-127 uses the stored request, with any content of the form', async () => {
    const { client, browser, page, app } = await atConsent();
    const other = await app.client({ redirect_uris: ['https://evil.example/cb'] });
    const changed = {
      client_id: other.id,
      redirect_uri: 'https://evil.example/cb',
      resource: 'https://evil.example/mcp',
      code_challenge: 'a'.repeat(43),
      state: 'evil',
    };
    const back = await browser.submit(page, { ...yes, ...changed, scope: ['read', 'admin', 'write extra'], user: 'root', account: '' });
    expect(back.location?.startsWith(`${client.redirectUri}?code=`)).toBe(true);
    expect(new URL(back.location ?? '').searchParams.get('state')).toBe('st4te');
    expect((await client.redeem(codeOf(back))).body).toMatchObject({ scope: 'read', resource: `${ISSUER}/mcp` });
  });

  it('SEC-128 takes a pending authorization once, within ten minutes, and in the browser it was made for', async () => {
    const { browser, page, app } = await atConsent();
    const code = codeOf(await browser.submit(page, yes));
    expect(codeOf(await browser.submit(page, yes))).toBe(code);
    expectPage(await app.browser().submit(page, yes));
    const late = await atConsent();
    late.app.clock.pass(599);
    expect((await late.browser.submit(late.page, { ...yes, password: 'wrong horse' })).status).toBe(403);
    late.app.clock.pass(1);
    expectPage(await expectNothingWritten(late.app, () => late.browser.submit(late.page, yes)));
    expect(app.events.filter((event) => event.kind === 'grant.opened')).toHaveLength(1);
  });

  it('repeats a denial too, and ends the grant if a denial follows an approval with an unused code (R-02)', async () => {
    const { app, client, browser, page } = await atConsent();
    const denied = await browser.submit(page, { decision: 'deny' });
    expectRedirect(denied, 'access_denied');
    expect((await browser.submit(page, { decision: 'deny' })).location).toBe(denied.location);
    expect(app.events.filter(({ kind }) => kind === 'consent.denied')).toHaveLength(1);
    const shown = await browser.get(await client.authorizeUrl());
    const code = codeOf(await browser.submit(shown, yes));
    expectRedirect(await browser.submit(shown, { decision: 'deny' }), 'access_denied');
    expect((await client.redeem(code)).status).toBe(400);
    expectPage(await browser.submit(shown, yes));
  });

  it('leaves no grant when a page that is approved is denied at any step of that, and the reverse (SEC-223)', async () => {
    const no = { decision: 'deny' };
    for (const [first, second] of [[yes, no], [no, yes]] as const) {
      let isLast = false;
      for (let at = 1; !isLast; at++) {
        const { app, browser, page } = await atConsent();
        let [left, other]: [number, BrowserPage | null] = [at, null];
        const { read, write, remove } = app.inner;
        const step = async (): Promise<void> => {
          if (--left === 0) other = await browser.submit(page, second);
        };
        app.inner.read = async (...all) => (await step(), read.apply(app.inner, all));
        app.inner.write = async (...all) => (await step(), write.apply(app.inner, all));
        app.inner.remove = async (...all) => (await step(), remove.apply(app.inner, all));
        const answers = [await browser.submit(page, first), other ?? (await browser.submit(page, second))];
        isLast = other === null;
        const isDenied = answers.some(({ location }) => location?.includes('access_denied'));
        const { grants } = await app.provider.helpers(app.env).listGrants({ userId: app.aliceId });
        expect([first, at, isDenied && grants.length]).toEqual([first, at, isDenied ? 0 : false]);
      }
    }
  }); // prettier-ignore

  it('repeats no expired code, and none of a user who was signed out (R-02)', async () => {
    const { app, client, browser, page } = await atConsent();
    codeOf(await browser.submit(page, yes));
    app.clock.pass(61);
    expectPage(await browser.submit(page, yes));
    const shown = await browser.get(await client.authorizeUrl());
    codeOf(await browser.submit(shown, { decision: 'approve' }));
    await app.provider.helpers(app.env).signOut(app.aliceId);
    expectPage(await browser.submit(shown, { decision: 'approve' }));
  });

  it('continues with the same code if the store failed after the approval (R-02)', async () => {
    const { app, client, browser, page } = await atConsent();
    const { write } = app.store;
    let failing = true;
    Object.assign(app.store, {
      write: (...parts: Parameters<typeof write>) =>
        failing && parts[0].startsWith('grant:') ? Promise.reject(new Error('down')) : write(...parts),
    });
    expect((await browser.submit(page, yes)).status).toBe(503);
    failing = false;
    expect((await client.redeem(codeOf(await browser.submit(page, yes)))).status).toBe(200);
    expect(app.events.filter(({ kind }) => kind === 'grant.opened')).toHaveLength(1);
  });

  it('SEC-128 asks again if another user signed in meanwhile', async () => {
    const { app, client, browser, page } = await atConsent();
    expect((await browser.submit(page, yes)).status).toBe(303);
    const { accounts } = app.provider.helpers(app.env);
    await accounts.create({ username: 'bob', password: 'bobby horse battery' });
    const shown = await browser.get(await client.authorizeUrl());
    const login = await browser.get(`${ISSUER}/login`);
    await browser.submit(login, { decision: 'sign-out' });
    await browser.submit(await browser.get(`${ISSUER}/login`), { username: 'bob', password: 'bobby horse battery' });
    const again = await browser.submit(shown, { decision: 'approve' });
    expect([again.status, again.text.includes('You are now signed in as <bdi>bob</bdi>')]).toEqual([409, true]);
  });

  it.each(storeNames)('SEC-223 makes one code and one grant of two answers to one page that come at once, on %s', async (store) => {
    const app = await makeApp(store);
    const [client, browser] = [await app.client(), app.browser()];
    const page = await browser.get(await client.authorizeUrl());
    const cookie = cookiesOf(browser);
    const fields = new URLSearchParams({ pending: pendingIn(page), ...yes });
    for (const scope of ['read', 'write']) fields.append('scope', scope);
    const answers = await Promise.all(
      Array.from({ length: 8 }, () =>
        app.ask('POST', '/authorize/approve', fields.toString(), { ...FORM, origin: ISSUER, 'sec-fetch-site': 'same-origin', cookie }),
      ),
    );
    expect(answers.map((answer) => answer.status)).toEqual(answers.map(() => 303));
    expect(new Set(answers.map((answer) => answer.headers.get('location'))).size).toBe(1);
    expect(app.events.filter((event) => event.kind === 'grant.opened')).toHaveLength(1);
  });
});

describe('endpoints/authorize/consent: what the answer is', () => {
  it('SEC-020 redirects by 303 after a form, so that no password is sent on (S-030)', async () => {
    const { browser, page, client } = await atConsent();
    expect((await browser.submit(page, yes)).status).toBe(303);
    expect((await browser.submit(await browser.get(await client.authorizeUrl()), { decision: 'deny' })).status).toBe(303);
  });

  it('SEC-040 keeps the code out of referrers and caches, and out of every page', async () => {
    const { browser, page } = await atConsent();
    const back = await browser.submit(page, yes);
    expect(back.headers.get('referrer-policy')).toBe('no-referrer');
    expect([back.text, back.headers.get('cache-control')]).toEqual(['', 'no-store, private']);
  });

  it('SEC-132 tells the client of a denial and deletes the request (S-047)', async () => {
    const { browser, page } = await atConsent();
    expectRedirect(await browser.submit(page, { decision: 'deny' }), 'access_denied');
    expectPage(await browser.submit(page, yes));
  });

  it('SEC-132 SEC-019 redirects neither an approval nor a denial to a redirect URI that is no longer registered', async () => {
    for (const decision of ['deny', 'approve']) {
      const { app, client, browser, page } = await atConsent();
      const key = `client:${client.id}` as const;
      const row = (await app.store.read(key))?.value as Record<string, never>;
      await app.store.write(key, { ...row, redirectUris: ['https://moved.example/cb'] }, 'any');
      expectPage(await browser.submit(page, { ...yes, decision }), { never: ['localhost:3334'] });
      expect(app.events.some((event) => event.kind === 'grant.opened')).toBe(false);
    }
  });

  it('SEC-037 shows a page if the client was removed before the decision', async () => {
    const { app, client, browser, page } = await atConsent();
    await app.store.remove(`client:${client.id}`);
    expectPage(await expectNothingWritten(app, () => browser.submit(page, yes)));
  });

  it.each(['remove', 'setPassword'] as const)('SEC-037 SEC-053 gives no code where %s of the account comes between the yes and the grant (I4)', async (verb) => {
    const clock = makeClock();
    const inner = memoryStore(clock);
    let meanwhile: (() => Promise<unknown>) | null = null;
    const app = await appOn({
      atomic: true,
      read: (key) => inner.read(key),
      remove: (key, when) => inner.remove(key, when),
      list: (index, after) => inner.list(index, after),
      async write(key, value, when, options) {
        const now = key.startsWith('grant:') ? meanwhile : null;
        if (now) meanwhile = null;
        await now?.();
        return inner.write(key, value, when, options);
      },
    }, clock); // prettier-ignore
    const [client, browser] = [await app.client(), app.browser()];
    const page = await browser.get(await client.authorizeUrl());
    meanwhile = () => app.provider.helpers(app.env).accounts[verb](app.aliceId, 'another horse battery');
    expectPage(await browser.submit(page, yes));
    expect(app.events.filter((event) => event.kind === 'grant.ended')).toMatchObject([{ reason: 'user_signed_out' }]);
  }); // prettier-ignore

  it('SEC-133 SEC-136 always shows the page to a signed-in user who has approved before (S-048)', async () => {
    const { app, client, browser, page } = await atConsent();
    expect((await browser.submit(page, yes)).status).toBe(303);
    for (const one of [client, await app.client()]) {
      const again = await browser.get(await one.authorizeUrl(), { 'sec-fetch-site': 'cross-site' });
      expect([again.status, again.location, again.text.includes('value="approve"')]).toEqual([200, null, true]);
    }
  });

  it('asks again if no scope is selected, or the decision is unknown', async () => {
    const { app, browser, page } = await atConsent();
    const none = await expectNothingWritten(app, () => browser.submit(page, { ...yes, scope: null }));
    expect([none.status, none.text.includes('role="alert"')]).toEqual([400, true]);
    expectPage(await expectNothingWritten(app, () => browser.submit(page, { ...yes, decision: 'maybe' })));
    expectPage(await expectNothingWritten(app, () => browser.submit(page, { ...yes, decision: null })));
  });

  it('gives a required scope even if its field was taken out of the form', async () => {
    const { client, browser, page } = await atConsent({ requiredScopes: ['read'] });
    const back = await browser.submit(page, { ...yes, scope: null });
    expect((await client.redeem(codeOf(back))).body['scope']).toBe('read');
  });
});

describe('endpoints/authorize/consent: pages and cookies', () => {
  const names = { client_name: '<img src=x onerror=alert(1)>"\'`&', client_uri: 'https://app.example/?"><script>' };

  it('SEC-165 writes what a client says of itself as text', async () => {
    const { page } = await atConsent({}, { client_name: names.client_name });
    expect(page.text).not.toContain('<img src=x');
    expect(page.text).toContain('&#60;img src=x onerror=alert(1)&#62;&#34;&#39;&#96;&#38;');
  });

  it('SEC-130 sends every page with headers under which nothing runs, frames or caches it (S-031)', async () => {
    const { app, client, browser, page } = await atConsent();
    const pages = [
      { page, form: true },
      { page: await browser.submit(page, { ...yes, password: 'wrong horse' }), form: true },
      { page: await browser.get(`${ISSUER}/login`), form: true },
      { page: await browser.get(`${ISSUER}/authorize?client_id=nobody`), form: false },
      { page: await browser.submit(page, { ...yes, pending: 'gone' }), form: false },
      { page: await app.browser().submit(page, yes), form: false },
      { page: await browser.get(await client.authorizeUrl({ redirect_uri: 'https://evil.example' })), form: false },
    ];
    for (const { page: one, form } of pages) {
      const csp = one.headers.get('content-security-policy') ?? '';
      expect(csp).toMatch(/default-src 'none'/);
      expect(csp).not.toMatch(/script-src|unsafe-inline|unsafe-eval/);
      expect(csp).toMatch(/frame-ancestors 'none'/);
      expect(csp).toMatch(/base-uri 'none'/);
      expect(Object.fromEntries(['x-frame-options', 'x-content-type-options', 'cache-control', 'referrer-policy'].map((name) => [name, one.headers.get(name)]))).toEqual({
        'x-frame-options': 'DENY', 'x-content-type-options': 'nosniff', 'cache-control': 'no-store, private', 'referrer-policy': form ? 'same-origin' : 'no-referrer',
      }); // prettier-ignore
      expect(one.headers.get('access-control-allow-origin')).toBeNull();
      expect(one.text).not.toMatch(/<script|\son\w+=|src="http|href="http/);
    }
  });

  it('SEC-135 SEC-157 sets cookies that only this host gets back, in answers that no cache keeps', async () => {
    const { browser, page } = await atConsent();
    const back = await browser.submit(page, yes);
    for (const answer of [page, back]) {
      expect(answer.headers.get('cache-control')).toBe('no-store, private');
      for (const line of answer.headers.getSetCookie()) {
        expect(line).toMatch(/^__Host-portcullis-(flow-[\w-]{16}|session|known)=/);
        for (const part of ['Path=/', 'HttpOnly', 'SameSite=Lax', 'Secure']) expect(line.split('; ')).toContain(part);
        expect(line).not.toMatch(/Domain=/i);
      }
    }
    expect([...browser.cookies.keys()]).toEqual(['__Host-portcullis-session', '__Host-portcullis-known']);
  });

  it('SEC-135 leaves out Secure and the prefix on plain http, which only loopback may be', async () => {
    const app = await makeApp('memory', { issuer: 'http://localhost:8787' });
    const response = await app.send(
      new Request('http://localhost:8787/login', {
        method: 'POST',
        body: new URLSearchParams(ALICE),
        headers: { origin: 'http://localhost:8787' },
      }),
    );
    const plain = (name: string): unknown =>
      expect.stringMatching(new RegExp(`^portcullis-${name}=[\\w-]{43}; Path=/; Max-Age=\\d+; HttpOnly; SameSite=Lax$`));
    expect([response.status, response.headers.getSetCookie()]).toEqual([303, [plain('session'), plain('known')]]);
  });
});
