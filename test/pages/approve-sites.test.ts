import { describe, expect, it } from 'vitest';
import { password } from '../../src/logins/password.ts';
import { type ApproveView, approvePage } from '../../src/pages/approve.ts';
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

  it('puts sites behind the password, so that Enter in a field signs in with what was typed', async () => {
    const text = await approvePage({ ...view, logins: [form] }).text();
    expect(buttonsOf(text)).toEqual(['decision=approve', 'decision=deny', 'with=github']);
    expect(/<button[^>]*value="github"[^>]*>/.exec(text)?.[0]).toContain('formnovalidate');
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
