/** Whom the client believes to sign in (`login_hint`): a field that is filled in, a parameter for the site, and never a proof. */
import { describe, expect, it } from 'vitest';
import { emailCode } from '../../src/logins/email-code.ts';
import { password } from '../../src/logins/password.ts';
import type { BrowserPage } from '../../src/testing/browser.ts';
import { codeOf, tokensOf } from '../../src/testing/oauth-client.ts';
import { ALICE, ISSUER, makeApp } from '../support/app.ts';
import { awayTo, makeUpstreamApp } from '../support/upstream-app.ts';

const fieldOf = (page: BrowserPage, name: string): string | undefined =>
  new RegExp(`<input[^>]*name="${name}"[^>]*?value="([^"]*)"`, 's').exec(page.text)?.[1];
const twoWays = { logins: [password(), emailCode({ sendEmail: () => undefined })] };
const { identifier: _, ...plain } = password();
const twoForms = { logins: [plain, emailCode({ sendEmail: () => undefined })] };

describe('endpoints/authorize with a login_hint', () => {
  it('fills in the name, and the address if it is one, until the user types another', async () => {
    const app = await makeApp('memory', twoForms);
    const [client, browser] = [await app.client(), app.browser()];
    const page = await browser.get(await client.authorizeUrl({ login_hint: 'alice@example.com' }));
    expect([fieldOf(page, 'username'), fieldOf(page, 'email')]).toEqual(['alice@example.com', 'alice@example.com']);
    const again = await browser.submit(page, { decision: 'approve', login: 'password', username: 'bob', password: 'wrong' });
    expect([again.status, fieldOf(again, 'username')]).toEqual([403, 'bob']);
    const named = await browser.get(await client.authorizeUrl({ login_hint: 'alice' }));
    expect([fieldOf(named, 'username'), fieldOf(named, 'email')]).toEqual(['alice', '']);
    expect(fieldOf(await browser.get(await client.authorizeUrl()), 'username')).toBe('');
  });

  it('fills in the one field for the identifier, if there are several logins behind it', async () => {
    const app = await makeApp('memory', twoWays);
    const [client, browser] = [await app.client(), app.browser()];
    const page = await browser.get(await client.authorizeUrl({ login_hint: 'alice@example.com' }));
    expect(fieldOf(page, 'identifier')).toBe('alice@example.com');
    expect(fieldOf(await browser.get(await client.authorizeUrl()), 'identifier')).toBe('');
  });

  it('SEC-165 shows it as text, passes over what can be no name, and refuses two', async () => {
    const app = await makeApp('memory');
    const [client, browser] = [await app.client(), app.browser()];
    const open = async (hint: string): Promise<BrowserPage> => browser.get(await client.authorizeUrl({ login_hint: hint }));
    const hostile = await open(`"><script>alert('1')</script>`);
    expect(hostile.text).not.toContain('<script>alert');
    expect(fieldOf(hostile, 'username')).toMatch(/^&#34;&#62;&#60;script/);
    for (const odd of ['x'.repeat(257), 'a\r\nb', 'a\u0085b', '']) expect(fieldOf(await open(odd), 'username')).toBe('');
    const twice = await browser.get(`${await client.authorizeUrl({ login_hint: 'alice' })}&login_hint=bob`);
    expect(new URL(twice.location ?? '').searchParams.get('error')).toBe('invalid_request');
  });

  it('signs in no user: a session stays as it is, and a name without its password gives none', async () => {
    const app = await makeApp('memory');
    const { client, browser } = await app.signedIn();
    const page = await browser.get(await client.authorizeUrl({ login_hint: 'bob' }));
    expect(page.text).toContain('Alice');
    const tokens = tokensOf(await client.redeem(codeOf(await browser.submit(page, { decision: 'approve' }))));
    expect((await app.call(tokens.access)).access?.userId).toBe(app.aliceId);
    const stranger = app.browser();
    const shown = await stranger.get(await client.authorizeUrl({ login_hint: ALICE.username }));
    expect((await stranger.submit(shown, { decision: 'approve', password: 'guessed' })).location).toBeNull();
  });

  it('is forgotten where the person wants another account', async () => {
    const app = await makeApp('memory');
    const { client, browser } = await app.signedIn();
    const page = await browser.get(await client.authorizeUrl({ login_hint: 'alice' }));
    expect(fieldOf(await browser.submit(page, { decision: 'switch' }), 'username')).toBe('');
  });

  it('counts in a request that was pushed', async () => {
    const app = await makeApp('memory');
    const [client, browser] = [await app.client(), app.browser()];
    const asked = new URL(await client.authorizeUrl({ login_hint: 'alice' })).searchParams;
    const form = { 'content-type': 'application/x-www-form-urlencoded' };
    const pushed = (await (await app.ask('POST', '/par', asked.toString(), form)).json()) as { request_uri: string };
    const query = new URLSearchParams({ client_id: client.id, request_uri: pushed.request_uri });
    expect(fieldOf(await browser.get(`${ISSUER}/authorize?${query}`), 'username')).toBe('alice');
  });

  it.each([
    ['corp', 'login_hint'],
    ['github', 'login'],
  ])('goes along to %s as %s, where there is one', async (site, parameter) => {
    const app = await makeUpstreamApp('memory');
    const client = await app.client();
    for (const hint of ['ada@example.com', null]) {
      const browser = app.browser();
      const page = await browser.get(await client.authorizeUrl({ login_hint: hint }));
      expect(new URL(await awayTo(site, { client, browser, page })).searchParams.get(parameter)).toBe(hint);
    }
  });
});
