import { describe, expect, it } from 'vitest';
import { password } from '../../src/logins/password.ts';
import { type ApproveView, approvePage } from '../../src/pages/approve.ts';
import { html } from '../../src/lib/html.ts';
import { loginPage } from '../../src/pages/login.ts';
import { signInsBody } from '../../src/pages/account.ts';
import { ENGLISH as words } from '../../src/words/words.ts';

const view: ApproveView = {
  words,
  action: '/authorize/approve', pendingId: 't', client: { id: 'c1' }, redirectUri: 'http://localhost:1/cb', redirectHost: 'localhost:1', redirectIsLoopback: true,
  resourceName: 'Notes', scopes: [{ name: 'read', checked: true }], account: null, logins: [],
  sites: [{ id: 'github', label: 'GitHub', site: 'https://github.com/login/oauth/authorize' }],
}; // prettier-ignore
const form = { id: 'password', fields: password().fields({}, words) };
const buttonsOf = (text: string): string[] =>
  [...text.matchAll(/<button\b([^>]*)>/g)].map(([, tag = '']) => `${/name="([^"]*)"/.exec(tag)?.[1]}=${/value="([^"]*)"/.exec(tag)?.[1]}`);

describe('pages/approve with other sites to sign in at', () => {
  it('shows one site and Deny, and nothing to type', async () => {
    const text = await approvePage(view).text();
    expect(buttonsOf(text)).toEqual(['decision=switch', 'with=github', 'decision=deny']); // the first is what Enter presses
    expect(text).toContain('Continue with GitHub');
    expect(text).not.toMatch(/type="(password|text)"|name="login"/);
  });

  it('puts upstream logins after the password, so that Enter in a field signs in with it', async () => {
    const text = await approvePage({ ...view, logins: [form] }).text();
    expect(buttonsOf(text)).toEqual(['decision=approve', 'with=github', 'decision=deny']);
    expect(/<button[^>]*value="github"[^>]*>/.exec(text)?.[0]).toContain('formnovalidate');
  });

  it('follows the order of `logins`, and Enter still presses the button of the fields', async () => {
    const passkey = { id: 'passkey', button: 'Sign in with a passkey', fields: html`` };
    const ways = { logins: [form, passkey], order: ['github', 'password', 'passkey'] };
    const text = await approvePage({ ...view, ...ways }).text();
    expect(buttonsOf(text)).toEqual(['decision=approve', 'with=github', 'decision=approve', 'with=passkey', 'decision=deny']);
    expect(/<button\s+class="nothing"[^>]*>/.exec(text)?.[0]).not.toContain('formnovalidate'); // the browser still requires the fields
    expect(text.indexOf('value="github"')).toBeLessThan(text.indexOf('name="password"'));
    const login = await loginPage({ words, action: '/login', ...ways, sites: view.sites ?? [] }).text();
    expect(buttonsOf(login)).toEqual(['decision=sign-in', 'with=github', 'decision=sign-in', 'with=passkey']);
  });

  it('says on the button of a site that it also allows', async () => {
    expect(await approvePage(view).text()).toContain('Continue with GitHub and allow');
  });

  it('shows the mark of each site out of the accessibility tree, and a shield for a site without one', async () => {
    const site = { id: 'x', label: 'X', site: 'https://x.example' };
    const svgOf = async (page: Response): Promise<string | undefined> =>
      /name="(?:with|join)"[^>]*>(<svg[^]*?<\/svg>)/.exec(await page.text())?.[1]?.replace(/>\s+</g, '><');
    const drawn = (icon?: unknown): Promise<(string | undefined)[]> => {
      const sites = [{ ...site, icon: icon as string }];
      const joining = new Response(signInsBody({ action: '/', account: 'a', joined: [], mayPart: false, sites }, words).toString());
      return Promise.all([approvePage({ ...view, sites }), loginPage({ words, action: '/login', logins: [], sites }), joining].map(svgOf));
    };
    const plain = '<svg viewBox="0 0 24 24" aria-hidden="true"><path fill="currentColor" d="M0 0h24v24z" /></svg>';
    expect(await drawn('M0 0h24v24z')).toEqual([plain, plain, plain]);
    const coloured = '<svg viewBox="0 0 24 24" aria-hidden="true"><path fill="#f00" d="M1 1z" /><path fill="#00f" d="M2 2z" /></svg>';
    expect(await drawn({ '#f00': 'M1 1z', '#00f': 'M2 2z' })).toEqual([coloured, coloured, coloured]);
    const none = await drawn();
    expect(new Set(none).size).toBe(1);
    expect(none[0]).toMatch(/fill="none"[^]*aria-hidden="true"[^]*<path/);
    expect((await drawn({ 'red"><b>': '"><b>' })).join()).not.toContain('"><b>'); // from an application's own data
  });

  it('S-154 says what a site will be asked for', async () => {
    const site = { id: 'github', label: 'GitHub', site: 'https://github.com', scopes: ['read:user', '<b>'] };
    const text = await approvePage({ ...view, sites: [site] }).text();
    expect(text).toContain('GitHub will be asked for <code>read:user</code>, <code>&#60;b&#62;</code>.');
  });

  it('shows no upstream login to a signed-in user', async () => {
    const page = approvePage({ ...view, account: { name: 'Ada' }, logins: [form], redirectUri: 'com.example.app:/cb' });
    expect(buttonsOf(await page.text())).toEqual(['decision=switch', 'decision=approve', 'decision=deny']);
  });

  it('escapes what a site is called', async () => {
    const text = await approvePage({
      ...view,
      sites: [{ id: 'x"><b>', label: '<script>alert(1)</script>', site: 'https://idp.example' }],
    }).text();
    expect(text).not.toMatch(/<script>alert|"><b>/);
  });
});
