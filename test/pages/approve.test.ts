import { describe, expect, it } from 'vitest';
import { html } from '../../src/lib/html.ts';
import { approvePage } from '../../src/pages/approve.ts';
import type { ApproveView } from '../../src/pages/approve.ts';
import { password } from '../../src/logins/password.ts';
import { ENGLISH as words } from '../../src/words/words.ts';
import { MARKUP_ATTACKS, shownText, skeleton } from './markup.ts';

const view: ApproveView = {
  words,
  action: '/authorize/approve',
  pendingId: 'pending_1',
  client: { id: 'client_1', name: 'Example Chat' },
  redirectUri: 'https://chat.example/cb',
  redirectHost: 'chat.example',
  redirectIsLoopback: false,
  resourceName: 'Notes',
  scopes: [
    { name: 'notes:read', description: 'Read your notes', checked: true, required: true },
    { name: 'notes:write', description: 'Change your notes', checked: false },
  ],
  account: null,
  logins: [{ id: 'password', fields: password().fields({}, words) }],
  lifetime: 'Access lasts until you disconnect it.',
};
const ada = { name: 'Ada Lovelace', detail: 'ada@example.org' };
const textOf = (changes: Partial<ApproveView> = {}): Promise<string> => approvePage({ ...view, ...changes }).text();

/** The one start tag with this attribute. */
const tag = (text: string, attribute: string): string => {
  const found = text.match(/<[a-z][^>]*>/g)?.filter((one) => one.includes(attribute)) ?? [];
  expect(found).toHaveLength(1);
  return found[0] ?? '';
};

describe('pages/approve', () => {
  it('says who asks, where the answer goes, what it allows and for how long (S-150, S-153)', async () => {
    const text = shownText(await textOf());
    expect(text).toContain('Allow access to Notes?');
    expect(text).toContain('An app that calls itself “Example Chat”');
    expect(text).toMatch(/You will be sent to\s+chat\.example/);
    expect(text).toContain('Read your notes');
    expect(text).toContain('https://chat.example/cb');
    expect(text).toContain('client_1');
    expect(text).toContain('Access lasts until you disconnect it.');
  });

  it('presents the name as the claim of the client, unless the operator gave it (S-152)', async () => {
    expect(shownText(await textOf({ client: { id: 'c', name: 'X', selfDescribed: false } }))).not.toContain('calls itself');
    expect(shownText(await textOf({ client: { id: 'c' } }))).toContain('An app without a name');
  });

  it('SEC-101 names the host of the document that describes the client, which is all that was checked of it, as text', async () => {
    const text = await textOf({ client: { id: 'https://chat.example/a', name: 'Claude', host: 'chat.example:8443' } });
    expect(shownText(text)).toMatch(/Says it is from\s+chat\.example:8443/);
    expect(text).not.toContain('href="https://');
    expect(await textOf()).not.toContain('Says it is from');
  });

  it('warns where any program of this computer could get the answer (SEC-101, S-151)', async () => {
    expect(await textOf()).not.toContain('any program here could be listening');
    const loopback = { redirectUri: 'http://localhost:5000/cb', redirectHost: 'localhost:5000', redirectIsLoopback: true };
    expect(shownText(await textOf(loopback)).replace(/\s+/g, ' ')).toContain('any program here could be listening');
  });

  it('never links to a website that the client names', async () => {
    const text = await textOf({ client: { id: 'c', name: 'X', uri: 'https://evil.example/' } });
    expect(shownText(text)).toContain('https://evil.example/');
    expect(text).not.toContain('href="https://');
  });

  it('links to the policy and the terms of the client, names their host, and sends no address there', async () => {
    const text = await textOf({
      client: { id: 'c', name: 'X', policyUri: 'https://app.example/privacy', tosUri: 'https://terms.example:8443/' },
    });
    expect(tag(text, 'https://app.example/privacy')).toContain('target="_blank" rel="noopener noreferrer nofollow"');
    expect(shownText(text).replace(/\s+/g, ' ')).toMatch(
      /Privacy policy \(\s?app\.example\s?\) · Terms of service \(\s?terms\.example:8443\s?\)/,
    );
  });

  it.each([
    [{ id: 'c', name: 'example Chat app' }, 'EC'],
    [{ id: 'c', name: '日本語' }, '日'],
    [{ id: 'c', host: 'notes.example' }, 'NE'],
    [{ id: 'c', name: '🎉' }, '?'],
  ])('shows the initials of %j where there is no logo', async (client, letters) => {
    expect(/class="face" aria-hidden="true"\s*>([^<]*)</.exec(await textOf({ client }))?.[1]?.trim()).toBe(letters);
  });

  it('is one form that is posted with the pending authorization', async () => {
    const text = await textOf();
    expect(tag(text, '<form')).toContain('method="post" action="/authorize/approve"');
    expect(tag(text, 'name="pending"')).toContain('value="pending_1"');
  });

  it('keeps ids of scopes and names of tools in the details', async () => {
    const scopes = [{ name: 'notes:write', description: 'Change your notes', checked: true, unlocks: ['notes_edit'] }];
    const text = await textOf({ scopes });
    const [above = '', details = ''] = text.split('<details>');
    expect(shownText(above)).not.toMatch(/notes:write|notes_edit/);
    expect(shownText(details).replace(/\s+/g, ' ')).toMatch(/Change your notes ?notes:write ?Used by the tools ?notes_edit/);
  });

  it('has a box for each scope that may be left out, ticked as told', async () => {
    const text = await textOf();
    expect(tag(text, 'value="notes:write"')).toMatch(/type="checkbox"/);
    expect(tag(text, 'value="notes:write"')).not.toContain('checked');
    expect(tag(text, 'value="notes:read"')).toMatch(/type="hidden"/);
    expect(tag(await textOf({ scopes: [{ name: 'a', checked: true }] }), 'value="a"')).toContain('checked');
  });

  it('offers the login on the same page, and does not require it to deny', async () => {
    const text = await textOf();
    expect(tag(text, 'name="login"')).toMatch(/type="hidden".*value="password"/);
    expect(tag(text, 'autocomplete="current-password"')).toContain('required');
    expect(tag(text, 'value="deny"')).toContain('formnovalidate');
    expect(tag(text, 'value="approve"')).not.toContain('formnovalidate');
    expect(text).not.toContain('value="switch"');
  });

  it('shows a signed-in user the account instead of the login, and offers to change it', async () => {
    const text = await textOf({ account: { ...ada, mark: 'mark_1' } });
    expect(shownText(text)).toMatch(/Signed in as\s+A\s*Ada Lovelace\s*ada@example\.org/);
    expect(text).not.toContain('type="password"');
    expect(tag(text, 'value="switch"')).toContain('name="decision"');
    expect(tag(text, 'name="account"')).toContain('value="mark_1"');
  });

  it('lets Enter on a tick box press nothing that allows', async () => {
    const buttons = (await textOf({ account: ada })).match(/<button[^>]*>/g) ?? [];
    expect(buttons[0]).toContain('value="switch"');
  });

  it('lets the user choose between several logins, and asks the browser for none of their fields', async () => {
    const email = { id: 'email', label: 'A code by e-mail', fields: html`<input name="email" required />` };
    const text = await textOf({ logins: [...view.logins, email], login: 'email' });
    expect(tag(text, 'value="password"')).not.toContain('checked');
    expect(tag(text, 'value="email"')).toMatch(/type="radio".*checked/);
    expect(tag(text, 'value="approve"')).toContain('formnovalidate');
  });

  it('names a problem where it is read out, and ties the form to it', async () => {
    const text = await textOf({ error: 'That did not fit.' });
    expect(tag(text, 'role="alert"')).toMatch(/id="problem".*tabindex="-1" autofocus/);
    expect(tag(text, '<form')).toContain('aria-describedby="problem"');
    expect(shownText(text)).toContain('That did not fit.');
    expect(await textOf()).not.toContain('aria-describedby');
  });

  it.each([
    [30, '30 seconds'],
    [720, '12 minutes'],
    [7200, '2 hours'],
  ])('tells after too many tries to wait %i s, as a 429 with Retry-After (SEC-152)', async (retryAfter, words) => {
    const answer = approvePage({ ...view, retryAfter });
    expect([answer.status, answer.headers.get('retry-after')]).toEqual([429, String(retryAfter)]);
    expect(shownText(await answer.text())).toContain(`Try again in ${words}.`);
  });

  it('lets the browser follow the answer to the client, and wherever the client sends it on to (R-01)', () => {
    expect(approvePage(view).headers.get('content-security-policy')).not.toContain('form-action');
  });

  it.each(MARKUP_ATTACKS)('shows %j as text, wherever it comes from (SEC-165)', async (attack) => {
    const filled = (value: string): ApproveView => ({
      ...view,
      pendingId: value,
      client: { id: value, name: value, uri: value },
      redirectHost: value,
      resourceName: value,
      scopes: [
        { name: value, description: value, checked: true },
        { name: value, checked: true, required: true },
      ],
      logins: [{ id: value, fields: password().fields({ username: value }, words) }],
      lifetime: value,
      error: value,
      brand: { name: value },
    });
    for (const account of [null, { name: attack, detail: attack, mark: attack }]) {
      const text = await approvePage({ ...filled(attack), account }).text();
      const harmless = await approvePage({ ...filled('x'), account: account && { name: 'x', detail: 'x', mark: 'x' } }).text();
      expect(skeleton(text)).toEqual(skeleton(harmless));
      expect(shownText(text)).toContain(`calls itself “${attack}”`);
    }
  });
});
