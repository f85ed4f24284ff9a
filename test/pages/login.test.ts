import { describe, expect, it } from 'vitest';
import { password } from '../../src/logins/password.ts';
import { loginPage } from '../../src/pages/login.ts';
import type { LoginPageView } from '../../src/pages/login.ts';
import { ENGLISH as words } from '../../src/words/words.ts';
import { MARKUP_ATTACKS, shownText, skeleton } from './markup.ts';

const view: LoginPageView = { words, action: '/login', logins: [{ id: 'password', fields: password().fields({}, words) }] };

describe('pages/login', () => {
  it('shows the fields to sign in, in a form that stays on this site (SEC-130)', async () => {
    const answer = loginPage(view);
    expect(answer.headers.get('content-security-policy')).toContain("form-action 'self';");
    expect(answer.headers.get('referrer-policy')).toBe('same-origin');
    const text = await answer.text();
    expect(text).toContain('<form method="post" action="/login"');
    expect(text).toMatch(/name="decision" value="sign-in"/);
  });

  it('shows who is signed in, and the way out', async () => {
    const text = await loginPage({ ...view, account: { name: 'Ada' } }).text();
    expect(shownText(text)).toMatch(/You are signed in[^]*Ada[^]*Sign out/);
    expect(text).not.toContain('type="password"');
  });

  it('keeps the user name after a wrong password, never the password', async () => {
    const logins = [{ id: 'password', fields: password().fields({ username: 'ada', password: 'tell nobody' }, words) }];
    const answer = loginPage({ ...view, logins, error: 'That did not fit.', status: 403 });
    const text = await answer.text();
    expect(answer.status).toBe(403);
    expect(text).toContain('value="ada"');
    expect(text).not.toContain('tell nobody');
    expect(text).toContain('role="alert"');
  });

  it('answers 429 with Retry-After after too many tries, whatever status was meant (SEC-152)', () => {
    const answer = loginPage({ ...view, error: 'Wait.', status: 403, retryAfter: 12.2 });
    expect([answer.status, answer.headers.get('retry-after')]).toEqual([429, '13']);
  });

  it.each(MARKUP_ATTACKS)('shows %j as text (SEC-165)', async (attack) => {
    const filled = (value: string): LoginPageView => ({
      ...view,
      error: value,
      brand: { name: value },
    });
    for (const account of [undefined, { name: attack, detail: attack }]) {
      const text = await loginPage({ ...filled(attack), account: account ?? null }).text();
      const harmless = await loginPage({ ...filled('x'), account: account ? { name: 'x', detail: 'x' } : null }).text();
      expect(skeleton(text)).toEqual(skeleton(harmless));
      expect(shownText(text)).toContain(attack);
    }
  });
});
