/** Sign-in at a real OpenID provider (`oidc-provider`) over loopback: strict about everything we send, and not of our making. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { upstream } from '../../src/logins/upstream.ts';
import { type Browser, makeBrowser, type BrowserPage } from '../../src/testing/browser.ts';
import { codeOf, tokensOf } from '../../src/testing/oauth-client.ts';
import { oidc } from '../../src/upstreams/oidc.ts';
import { ISSUER, makeApp, storeNames } from '../support/app.ts';
import { atConsent, awayTo, callbackOf } from '../support/upstream-app.ts';
import { CLIENT, type RealIdp, startRealIdp } from '../support/real-idp.ts';
import { expectPage, expectRedirect } from '../support/verdicts.ts';

let idp: RealIdp;

beforeAll(async () => {
  idp = await startRealIdp();
  await idp.open(callbackOf('corp'));
});

afterAll(() => idp.close());

/** Signs in and consents at the provider as a person would, on its own development pages; gives where it sends the browser. */
async function atProvider(
  location: string,
  login: string | null,
  browser: Browser = makeBrowser((request) => fetch(request)),
): Promise<string> {
  let page: BrowserPage = await browser.get(location);
  for (let step = 0; step < 12; step += 1) {
    if (page.location?.startsWith('https://mcp.example')) return page.location;
    if (page.location !== null) page = await browser.get(new URL(page.location, page.url).href);
    else if (login === null) page = await browser.get(new URL(/href="([^"]*\/abort)"/.exec(page.text)?.[1] ?? '', page.url).href);
    else page = await browser.submit(page, page.text.includes('name="login"') ? { login, password: 'any' } : {});
  }
  throw new Error(`The provider never sent the browser back: ${page.status} ${page.text.slice(0, 500)}`);
}

const login = () => upstream(oidc({ ...CLIENT, issuer: idp.issuer, id: 'corp', label: 'Corp' }));

describe.each(storeNames)('a real OpenID provider, with %s below us', (store) => {
  it('signs a user in, with small ID tokens, userinfo, RS256 keys, PKCE and iss (S-170, S-171)', async () => {
    const app = await makeApp(store, { logins: [login()] });
    const signIn = async (): Promise<unknown> => {
      const at = await atConsent(app);
      const back = await at.browser.get(await atProvider(await awayTo('corp', at), 'erika'));
      const { access } = await app.call(tokensOf(await at.client.redeem(codeOf(back))).access);
      expect(access?.props).toEqual({
        claims: { sub: access?.userId, name: 'Name of erika', email: 'erika@corp.example', email_verified: true, idp: idp.issuer },
      });
      return access?.userId;
    };
    const realNow = Math.floor(Date.now() / 1000);
    app.clock.pass(realNow - app.clock.now());
    expect(await signIn()).toBe(await signIn());
  });

  it('proves nothing fresh out of a session that it has, unless it says when it asked (F-32)', async () => {
    const app = await makeApp(store, { logins: [login()] });
    app.clock.pass(Math.floor(Date.now() / 1000) - app.clock.now());
    const [browser, there] = [app.browser(), makeBrowser((request) => fetch(request))];
    const away = async (path: string): Promise<URL> =>
      new URL((await browser.submit(await browser.get(ISSUER + path), { with: 'corp' })).location ?? '');
    const back = async (location: URL, who: string | null): Promise<BrowserPage> =>
      browser.get(await atProvider(location.href, who, there));
    const join = async (): Promise<string | null> =>
      (await browser.submit(await browser.get(`${ISSUER}/account/sign-ins`), { join: 'corp' })).location;
    await back(await away('/login'), 'erika');
    expect(await join()).toContain('again=1');
    const cut = await away('/login?return_to=%2Faccount%2Fsign-ins&again=1');
    for (const name of ['prompt', 'max_age']) cut.searchParams.delete(name);
    expectPage(await back(cut, null), { status: 403 });
    expect(app.events.at(-1)).toMatchObject({ reason: 'proof_without_time' });
    const asked = await back(await away('/login?return_to=%2Faccount%2Fsign-ins&again=1'), 'erika');
    expect(asked.location).toBe('/account/sign-ins');
    expect(await join()).toContain(idp.issuer);
  });

  it('tells the client when the person turns back there', async () => {
    const app = await makeApp(store, { logins: [login()] });
    const at = await atConsent(app);
    expectRedirect(await at.browser.get(await atProvider(await awayTo('corp', at), null)), 'access_denied');
  });

  it('shows a page when the secret is wrong, or the code is spent', async () => {
    const wrong = upstream(oidc({ ...CLIENT, issuer: idp.issuer, id: 'corp', label: 'Corp', clientSecret: 'another' }));
    const app = await makeApp(store, { logins: [wrong] });
    const at = await atConsent(app);
    expectPage(await at.browser.get(await atProvider(await awayTo('corp', at), 'erika')), { status: 502 });
    expect(app.events).toContainEqual(expect.objectContaining({ kind: 'login.failed', reason: 'token_invalid_client' }));
  });
});
