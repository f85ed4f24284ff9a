/** Which redirect URIs an authorization request may use; what it may not use is answered by a page. */
import { describe, expect, it } from 'vitest';
import type { BrowserPage } from '../../src/testing/browser.ts';
import { ALICE, type App, ISSUER, makeApp } from '../support/app.ts';
import { expectNothingWritten, expectPage } from '../support/verdicts.ts';

const CHALLENGE = 'E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM';
const WEB = 'https://app.example/cb';

/** Sends an authorization request of a client with these redirect URIs; nothing may be stored when it is refused. */
async function refused(app: App, uris: readonly string[], changes: Record<string, string | null>): Promise<BrowserPage> {
  const client = await app.client({ redirect_uris: uris });
  const url = await client.authorizeUrl({ redirect_uri: uris[0] ?? null, ...changes });
  return expectNothingWritten(app, () => app.browser().get(url));
}

describe('endpoints/authorize/authorize: redirect URIs', () => {
  it('SEC-001 shows a page and redirects no user, signed in or not, to an unregistered redirect URI (S-042)', async () => {
    const app = await makeApp('memory');
    const { client, browser } = await app.signedIn();
    const url = await client.authorizeUrl({ redirect_uri: 'https://evil.example/cb' });
    expectPage(await expectNothingWritten(app, () => browser.get(url)), { never: ['evil.example'] });
  });

  it.each([
    'https://app.example/cb/', 'https://app.example/CB', 'https://APP.example/cb', 'https://app.example:443/cb',
    'https://app.example/cb?x=1', 'https://app.example/cb?', 'https://app.example/cb#', 'HTTPS://app.example/cb',
    'https://app.example/./cb', 'https://app.example/%63b', 'https://app.example\\cb', ' https://app.example/cb',
  ])('SEC-002 compares as raw text: %j is not https://app.example/cb (S-040)', async (uri) => {
    expectPage(await refused(await makeApp('memory'), [WEB], { redirect_uri: uri }), { never: [uri.trim()] });
  }); // prettier-ignore

  it.each([
    'java\nscript:alert(1)',
    'https://app.example/\tcb',
    'https://app.example/cb\r',
    'https://app.example/cb ',
    '\thttps://app.example/cb',
  ])('SEC-004 refuses white space and control signs in %j instead of repairing them', async (uri) => {
    const app = await makeApp('memory');
    expectPage(await refused(app, [WEB], { redirect_uri: uri }));
    expect((await app.register({ redirect_uris: [uri] })).body).toMatchObject({ error: 'invalid_redirect_uri' });
  });

  it.each([
    ['SEC-005', 'https://good.example@evil.example/cb'], ['SEC-005', 'https://good.example:443@evil.example'],
    ['SEC-006', 'https://app.example/cb#frag'], ['SEC-006', 'https://app.example/cb#'],
    ['SEC-007', 'javascript:alert(1)'], ['SEC-007', 'JaVaScRiPt:alert(1)'], ['SEC-007', 'data:text/html,x'], ['SEC-007', 'vbscript:x'],
    ['SEC-007', 'file:///etc/passwd'], ['SEC-007', 'blob:https://app.example/x'], ['SEC-007', 'about:blank'], ['SEC-007', 'FileSystem:x'],
    ['SEC-008', 'http://app.example/cb'], ['SEC-008', 'http://localhost.evil/cb'], ['SEC-008', 'http://127.0.0.1.nip.io/cb'],
    ['SEC-008', 'http://localhost@evil.example/cb'], ['SEC-012', 'unknownapp://host/cb'],
    ['SEC-017', 'https://app.example/cb?code=1'], ['SEC-017', 'https://app.example/cb?iss=x'],
  ])('%s shows a page for %j even where a row from before the rule holds it (S-021)', async (_id, uri) => {
    const app = await makeApp('memory');
    const row = { id: 'old-row', redirectUris: [uri], applicationType: 'native', grantTypes: ['authorization_code'], authMethod: 'none', createdAt: 0 };
    await app.store.write('client:old-row', row, 'absent');
    const query = new URLSearchParams({ client_id: 'old-row', redirect_uri: uri, response_type: 'code', code_challenge: CHALLENGE, code_challenge_method: 'S256' });
    expectPage(await expectNothingWritten(app, () => app.browser().get(`${ISSUER}/authorize?${query}`)), { never: [uri] });
  }); // prettier-ignore

  it.each([
    'http://127.0.0.1:3334/callback', 'http://[::1]:3334/callback', 'http://localhost.:3334/callback', 'http://127.1:3334/callback',
    'http://0x7f.1:3334/callback', 'http://2130706433:3334/callback', 'http://[::ffff:127.0.0.1]:3334/callback', 'http://LOCALHOST:3334/callback',
    'https://localhost:3334/callback', 'http://localhost:3334/callback/', 'http://localhost:3334/callback?', 'http://localhost:3334/other',
  ])('SEC-010 takes %j for another place than http://localhost:3334/callback', async (uri) => {
    expectPage(await refused(await makeApp('memory'), ['http://localhost:3334/callback'], { redirect_uri: uri }));
  }); // prettier-ignore

  it.each(['http://localhost:59152/callback', 'http://localhost/callback'])('lets a native client come back on another loopback port: %s (S-041)', async (uri) => {
    const app = await makeApp('memory');
    const client = await app.client();
    const page = await app.browser().get(await client.authorizeUrl({ redirect_uri: uri }));
    expect([page.status, page.text.includes(uri)]).toEqual([200, true]);
  }); // prettier-ignore

  it('SEC-011 matches an https URI on a loopback address exactly, port and all', async () => {
    const app = await makeApp('memory');
    const uris = ['https://127.0.0.1:9000/cb'];
    expectPage(await refused(app, uris, { redirect_uri: 'https://127.0.0.1:9001/cb' }));
    const client = await app.client({ redirect_uris: uris });
    expect((await app.browser().get(await client.authorizeUrl({ redirect_uri: uris[0] ?? '' }))).status).toBe(200);
  });

  it('keeps an unknown private-use scheme beside good URIs, does not tell it back, and refuses to use it (R-07, SEC-012, S-044)', async () => {
    const app = await makeApp('memory');
    const uris = [WEB, 'unknownapp://host/cb'];
    expect((await app.register({ redirect_uris: uris })).body['redirect_uris']).toEqual([WEB]);
    for (const uri of uris.slice(1)) expectPage(await refused(app, uris, { redirect_uri: uri }), { never: [uri] });
    expect((await app.register({ redirect_uris: ['unknownapp://host/cb'] })).body).toMatchObject({ error: 'invalid_redirect_uri' });
  });

  it.each(['cursor://anysphere.cursor-mcp/oauth/callback', 'vscode://ms.mcp/cb', 'com.example.app:/cb'])(
    'sends the code to %s, a scheme of a known client or a domain turned round, exactly as it was registered (R-07, SEC-012)',
    async (uri) => {
      const app = await makeApp('memory');
      expect((await app.register({ redirect_uris: [uri, WEB] })).body['redirect_uris']).toEqual([uri, WEB]);
      const client = await app.client({ redirect_uris: [uri, WEB] });
      const page = await app.browser().get(await client.authorizeUrl({ redirect_uri: uri }));
      expect([page.status, page.text.includes(uri.slice(0, uri.indexOf(':')))]).toEqual([200, true]);
      const browser = app.browser();
      const back = await browser.submit(await browser.get(await client.authorizeUrl({ redirect_uri: uri })), {
        decision: 'approve',
        ...ALICE,
      });
      const location = back.location ?? '';
      expect(location.startsWith(`${uri}?`)).toBe(true);
      const code = new URL(location).searchParams.get('code') ?? '';
      expect((await client.redeem(code, { redirect_uri: uri })).status).toBe(200);
      expectPage(await refused(app, [uri, WEB], { redirect_uri: `${uri}x` }));
    },
  );

  it('takes schemes that the operator names, and none at all where the list is empty (R-07)', async () => {
    const named = await makeApp('memory', { clientRegistration: { redirectSchemes: ['myapp'] } });
    for (const uri of ['myapp://cb', 'cursor://host/cb']) {
      const client = await named.client({ redirect_uris: [uri] });
      expect((await named.browser().get(await client.authorizeUrl({ redirect_uri: uri }))).status).toBe(200);
    }
    const none = await makeApp('memory', { clientRegistration: { redirectSchemes: [] } });
    for (const uri of ['cursor://host/cb', 'com.example.app:/cb']) {
      expect((await none.register({ redirect_uris: [uri] })).body).toMatchObject({ error: 'invalid_redirect_uri' });
      expectPage(await refused(none, [WEB, uri], { redirect_uri: uri }));
    }
    for (const redirectSchemes of [['javascript'], ['https'], ['MyApp'], ['a:'], 'cursor'] as never[])
      await expect(makeApp('memory', { clientRegistration: { redirectSchemes } })).rejects.toThrow('redirectSchemes');
  });

  it('redirects no error to a private-use scheme before the user has seen a page: any program may have claimed it (R-07, F-38)', async () => {
    const app = await makeApp('memory');
    const uri = 'cursor://anysphere.cursor-mcp/oauth/callback';
    const client = await app.client({ redirect_uris: [uri] });
    const page = await app.browser().get(await client.authorizeUrl({ redirect_uri: uri, response_type: 'token' }));
    expect([page.location, page.status]).toEqual([null, page.status]);
  });

  it('SEC-013 keeps punycode and Unicode apart, and shows the punycode host', async () => {
    const app = await makeApp('memory');
    const puny = 'https://xn--80ak6aa92e.com/cb';
    expectPage(await refused(app, [puny], { redirect_uri: 'https://аррӏе.com/cb' }));
    expect((await app.register({ redirect_uris: ['https://аррӏе.com/cb'] })).body).toMatchObject({ error: 'invalid_redirect_uri' });
    const client = await app.client({ redirect_uris: [puny] });
    const page = await app.browser().get(await client.authorizeUrl({ redirect_uri: puny }));
    expect([page.text.includes('xn--80ak6aa92e.com'), page.text.includes('аррӏе')]).toEqual([true, false]);
  });

  it('SEC-015 goes to the one registered redirect URI where none is named, and asks where there are several (S-045)', async () => {
    const app = await makeApp('memory');
    const client = await app.client();
    const browser = app.browser();
    const back = await browser.submit(await browser.get(await client.authorizeUrl({ redirect_uri: null })), {
      decision: 'approve',
      ...ALICE,
    });
    expect(back.location).toMatch(/^http:\/\/localhost:3334\/callback\?code=/);
    expectPage(await refused(app, [WEB, 'https://app.example/two'], { redirect_uri: null }));
  });

  it('SEC-017 keeps the query that a redirect URI has, and adds each parameter once (S-043)', async () => {
    const app = await makeApp('memory');
    const uri = 'https://app.example/cb?tenant=7&x=%20';
    const client = await app.client({ redirect_uris: [uri] });
    const browser = app.browser();
    const back = await browser.submit(await browser.get(await client.authorizeUrl({ redirect_uri: uri })), {
      decision: 'approve',
      ...ALICE,
    });
    expect(back.location?.startsWith(`${uri}&code=`)).toBe(true);
    const { searchParams } = new URL(back.location ?? '');
    for (const name of ['tenant', 'code', 'state', 'iss']) expect(searchParams.getAll(name)).toHaveLength(1);
  });

  it.each([
    ['https://*.app.example/cb', 'https://a.app.example/cb'],
    ['https://app.example/*', 'https://app.example/evil'],
    ['https://app.example/.*', 'https://app.example/evil'],
  ])('SEC-018 takes %j as it stands, never as a pattern', async (registered, asked) => {
    expectPage(await refused(await makeApp('memory'), [registered], { redirect_uri: asked }));
  });

  it("SEC-019 does not let one client use another's redirect URI", async () => {
    const app = await makeApp('memory');
    await app.client({ redirect_uris: [WEB] });
    expectPage(await refused(app, ['https://other.example/cb'], { redirect_uri: WEB }), { never: [WEB] });
  });

  it('shows a page for an unknown client, with any redirect URI (S-042)', async () => {
    const app = await makeApp('memory');
    for (const id of ['nobody', 'https://evil.example/client', 'a:b', '../x', '__proto__', ''])
      expectPage(await refused(app, [WEB], { client_id: id }), { never: ['evil.example'] });
  });
});
