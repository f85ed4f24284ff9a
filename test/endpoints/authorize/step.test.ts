import { describe, expect, it } from 'vitest';
import { password } from '../../../src/logins/password.ts';
import { html } from '../../../src/lib/html.ts';
import type { FormLogin, StepView } from '../../../src/model/login.ts';
import type { SecondFactor } from '../../../src/model/settings.ts';
import type { OAuthProviderOptions } from '../../../src/options/options.ts';
import type { Browser, BrowserPage } from '../../../src/testing/browser.ts';
import { codeOf, tokensOf } from '../../../src/testing/oauth-client.ts';
import { ALICE, type App, ISSUER, makeApp, storeNames } from '../../support/app.ts';
import { expectNothingWritten, expectPage } from '../../support/verdicts.ts';

const SESSION = '__Host-portcullis-session';
const SCRIPT = 'document.title = "ready"';

const view = (title: string, more: Partial<StepView> = {}): StepView => ({
  title,
  text: 'Say it.',
  fields: html`<div class="field"><label for="answer">Answer</label><input id="answer" name="answer" /></div>`,
  button: 'Go on',
  ...more,
});

/** Asks two riddles, one after the other; the answer to each is its own name backwards. */
const riddles = (tries?: number): FormLogin => ({
  id: 'riddle',
  fields: () => html``,
  prove: async () => ({ kind: 'step', keep: { riddle: 'first' }, ...(tries === undefined ? {} : { tries }) }),
  steps: {
    view: (kept) => view(`The ${(kept as { riddle: string }).riddle} riddle`, { script: SCRIPT }),
    async prove(read, kept) {
      const { riddle } = kept as { riddle: string };
      if (read('answer') !== [...riddle].toReversed().join('')) return { kind: 'refused', reason: 'answer_wrong', text: 'No.' };
      if (riddle === 'first') return { kind: 'step', keep: { riddle: 'second' } };
      return { kind: 'proven', identity: { issuer: 'https://riddles.example', subject: 'oedipus', claims: { name: 'Oedipus' } } };
    },
  },
});

/** Asks everyone for the word. */
const word: SecondFactor = {
  id: 'word',
  ask: async () => ({ kind: 'step', keep: null }),
  steps: {
    view: () => view('The word'),
    prove: async (read) => (read('answer') === 'sesame' ? { kind: 'passed' } : { kind: 'refused', reason: 'word_wrong' }),
  },
};

const withWord = (store = 'memory', more: Partial<OAuthProviderOptions> = {}): Promise<App> =>
  makeApp(store, { logins: [password()], secondFactor: word, ...more });

async function isSignedIn(app: App, browser: Browser): Promise<boolean> {
  const cookie = [...browser.cookies].map(([name, value]) => `${name}=${value}`).join('; ');
  return (await (await app.ask('GET', '/login', null, { cookie })).text()).includes('You are signed in');
}

/** The step that follows password and consent. */
async function atWord(app: App, browser: Browser = app.browser()): Promise<{ browser: Browser; page: BrowserPage }> {
  const client = await app.client();
  const consent = await browser.get(await client.authorizeUrl({ scope: 'read write' }));
  return { browser, page: await browser.submit(consent, { decision: 'approve', scope: ['read'], ...ALICE }) };
}

describe.each(storeNames)('endpoints/step on %s', (store) => {
  it('issues a code for the selected scopes after the consent page and two steps', async () => {
    const app = await makeApp(store, { logins: [riddles()] });
    const [client, browser] = [await app.client(), app.browser()];
    const consent = await browser.get(await client.authorizeUrl({ scope: 'read write' }));
    const first = await browser.submit(consent, { decision: 'approve', scope: ['write'] });
    expect([first.status, first.text.includes('The first riddle')]).toEqual([200, true]);
    const wrong = await browser.submit(first, { answer: 'tsrif?' });
    expect([wrong.status, wrong.text.includes('The first riddle'), wrong.text.includes('>No.<')]).toEqual([403, true, true]);
    const second = await browser.submit(wrong, { answer: 'tsrif' });
    expect(second.text).toContain('The second riddle');
    const done = await browser.submit(second, { answer: 'dnoces' });
    const tokens = await client.redeem(codeOf(done));
    expect(tokens.body).toMatchObject({ scope: 'write' });
    expect((await app.call(tokensOf(tokens).access)).access?.props).toMatchObject({ claims: { name: 'Oedipus' } });
    expect([...browser.cookies.keys()]).toEqual([SESSION]);
  });

  it('begins a session from the sign-in page, and leaves no other cookie', async () => {
    const app = await withWord(store);
    const browser = app.browser();
    const page = await browser.submit(await browser.get(`${ISSUER}/login`), ALICE);
    expect([page.status, page.text.includes('The word'), browser.cookies.has(SESSION)]).toEqual([200, true, false]);
    const done = await browser.submit(page, { answer: 'sesame' });
    expect([done.status, done.location, await isSignedIn(app, browser)]).toEqual([303, '/login', true]);
    expect([...browser.cookies.keys()].toSorted()).toEqual(['__Host-portcullis-known', SESSION]);
  });

  it('SEC-160 gives one code to twenty right answers at once, and ends the step', async () => {
    const app = await withWord(store);
    const { browser, page } = await atWord(app);
    const answers = await Promise.all(Array.from({ length: 20 }, () => browser.submit(page, { answer: 'sesame' })));
    const codes = [...answers, await browser.submit(page, { answer: 'sesame' })].map(codeOf);
    expect(new Set(codes).size).toBe(1); // each gets the same redirect
    expect(app.events.filter(({ kind }) => kind === 'grant.opened')).toHaveLength(1);
    expect(app.events.filter(({ kind }) => kind === 'login.succeeded')).toHaveLength(1);
  });

  it('SEC-160 signs in one of two requests with the right answer at the same moment', async () => {
    const gate = Promise.withResolvers<void>();
    let looking = 0;
    const slow: SecondFactor = {
      ...word,
      steps: {
        ...word.steps,
        async prove() {
          if (++looking === 2) gate.resolve();
          await gate.promise;
          return { kind: 'passed' };
        },
      },
    };
    const app = await withWord(store, { secondFactor: slow });
    const browser = app.browser();
    const page = await browser.submit(await browser.get(`${ISSUER}/login`), ALICE);
    const answers = await Promise.all([browser.submit(page, {}), browser.submit(page, {})]);
    expect(answers.map(({ status, location }) => [status, location])).toEqual([
      [303, '/login'],
      [303, '/login'],
    ]);
    expect(app.events.filter(({ kind }) => kind === 'login.succeeded')).toHaveLength(1);
    expect(await isSignedIn(app, browser)).toBe(true);
  });

  it('SEC-160 lets no number of tries at once be more than there are', async () => {
    const app = await withWord(store);
    const { browser, page } = await atWord(app);
    const guesses = await Promise.all(Array.from({ length: 20 }, (_, at) => browser.submit(page, { answer: `guess ${at}` })));
    expect(app.events.filter((event) => event.kind === 'login.failed' && event.reason === 'word_wrong')).toHaveLength(5);
    expect(guesses.filter(({ status }) => status === 303)).toEqual([]);
    expectPage(await browser.submit(page, { answer: 'sesame' }));
  });
});

describe('endpoints/authorize/step', () => {
  it('SEC-158 treats a user without the second factor as signed out, on every page and with every cookie', async () => {
    const app = await withWord();
    const { browser } = await atWord(app);
    expect(await isSignedIn(app, browser)).toBe(false);
    const client = await app.client();
    const consent = await browser.get(await client.authorizeUrl());
    expect(consent.text).toContain('name="password"');
    const approved = await browser.submit(consent, { decision: 'approve' });
    expect(approved.location).toBeNull();
    const flow = [...browser.cookies].find(([name]) => name.includes('flow-'))?.[1] ?? '';
    browser.cookies.set(SESSION, flow);
    expect(await isSignedIn(app, browser)).toBe(false);
  });

  it('takes a step back from its own browser only, over its own pages only', async () => {
    const app = await withWord();
    const { browser, page } = await atWord(app);
    expectPage(await app.browser().submit(page, { answer: 'sesame' }), { status: 403 });
    await expectNothingWritten(app, async () => {
      for (const headers of [{ 'sec-fetch-site': 'cross-site' }, { origin: 'https://evil.example' }])
        expectPage(await browser.submit(page, { answer: 'sesame' }, headers), { status: 403 });
    });
    const onLogin = await browser.submit(await browser.get(`${ISSUER}/login`), ALICE);
    expectPage(await app.browser().submit(onLogin, { answer: 'sesame' }), { status: 403 });
    expect(codeOf(await browser.submit(page, { answer: 'sesame' }))).toMatch(/^code_/);
  });

  it('SEC-128 lets two tabs, and two sign-ins of one browser, each go their way', async () => {
    const app = await withWord();
    const browser = app.browser();
    const [{ page: one }, { page: two }] = [await atWord(app, browser), await atWord(app, browser)];
    const login = await browser.submit(await browser.get(`${ISSUER}/login`), ALICE);
    expect(codeOf(await browser.submit(two, { answer: 'sesame' }))).toMatch(/^code_/);
    expect((await browser.submit(login, { answer: 'sesame' })).status).toBe(303);
    expect(codeOf(await browser.submit(one, { answer: 'sesame' }))).toMatch(/^code_/);
  });

  it('continues the later of two approvals of one request, and not the earlier', async () => {
    const app = await withWord();
    const [client, browser] = [await app.client(), app.browser()];
    const consent = await browser.get(await client.authorizeUrl({ scope: 'read write' }));
    const early = await browser.submit(consent, { decision: 'approve', scope: ['read', 'write'], ...ALICE });
    const late = await browser.submit(consent, { decision: 'approve', scope: ['read'], ...ALICE });
    expectPage(await browser.submit(early, { answer: 'sesame' }));
    const tokens = await client.redeem(codeOf(await browser.submit(late, { answer: 'sesame' })));
    expect(tokens.body).toMatchObject({ scope: 'read' });
  });

  it('is over after its time, and after its tries the first page says so', async () => {
    const app = await withWord();
    const { browser, page } = await atWord(app);
    app.clock.pass(600);
    expectPage(await browser.submit(page, { answer: 'sesame' }));
    const again = await atWord(app);
    for (let count = 0; count < 4; count++)
      expect((await again.browser.submit(again.page, { answer: 'wrong' })).text).toContain('The word');
    const last = await again.browser.submit(again.page, { answer: 'wrong' });
    expect([last.status, last.text.includes('name="password"'), last.text.includes('That did not work')]).toEqual([403, true, true]);
    const onLogin = await again.browser.submit(await again.browser.get(`${ISSUER}/login`), ALICE);
    for (let count = 0; count < 4; count++) await again.browser.submit(onLogin, { answer: 'wrong' });
    const first = await again.browser.submit(onLogin, { answer: 'wrong' });
    expect([first.status, first.text.includes('name="password"')]).toEqual([403, true]);
  });

  it('with one try is used up before its proof is looked at, and still lets the right one in', async () => {
    const app = await makeApp('memory', { logins: [riddles(1)] });
    const at = async (): Promise<{ browser: Browser; page: BrowserPage }> => {
      const browser = app.browser();
      return { browser, page: await browser.submit(await browser.get(`${ISSUER}/login`), {}) };
    };
    const { browser, page } = await at();
    const wrong = await browser.submit(page, { answer: '' });
    expect([wrong.status, wrong.text.includes('riddle<')]).toEqual([403, false]);
    expectPage(await browser.submit(page, { answer: 'tsrif' }));
    const other = await at();
    expect((await other.browser.submit(other.page, { answer: 'tsrif' })).text).toContain('The second riddle');
  });

  it('leads back to the first page, with nothing signed in and nothing lost', async () => {
    const app = await withWord();
    const { browser, page } = await atWord(app);
    const again = await browser.submit(page, { decision: 'restart' });
    expect([again.status, again.text.includes('name="password"')]).toEqual([200, true]);
    expectPage(await browser.submit(page, { answer: 'sesame' }));
    expect((await browser.submit(again, { decision: 'deny' })).location).toContain('error=access_denied');
    const login = await browser.submit(await browser.get(`${ISSUER}/login`), ALICE);
    const back = await browser.submit(login, { decision: 'restart' });
    expect([back.status, back.location]).toEqual([303, '/login']);
  });

  it('takes back what a password proved when it is changed before the second factor comes (SEC-053)', async () => {
    const app = await withWord();
    const { browser, page } = await atWord(app);
    await app.provider.helpers(app.env).accounts.setPassword(app.aliceId, 'another horse battery');
    expectPage(await browser.submit(page, { answer: 'sesame' }));
    expect(browser.cookies.has(SESSION)).toBe(false);
  });

  it('asks for no second factor where the login was two in one', async () => {
    const both: FormLogin = {
      id: 'both',
      fields: () => html``,
      prove: async () => ({ kind: 'proven', multiFactor: true, identity: { issuer: 'https://keys.example', subject: '1', claims: {} } }),
    };
    const app = await withWord('memory', { logins: [both] });
    const browser = app.browser();
    expect((await browser.submit(await browser.get(`${ISSUER}/login`), {})).status).toBe(303);
  });

  it('allows the one script of a step by its hash, and no other page any (SEC-130)', async () => {
    const app = await makeApp('memory', { logins: [riddles()] });
    const browser = app.browser();
    const login = await browser.get(`${ISSUER}/login`);
    expect(login.headers.get('content-security-policy')).not.toContain('script-src');
    const page = await browser.submit(login, {});
    const digest = new Uint8Array(await crypto.subtle.digest('SHA-256', new TextEncoder().encode(SCRIPT)));
    expect(page.headers.get('content-security-policy')).toContain(`script-src 'sha256-${btoa(String.fromCharCode(...digest))}'`);
    expect(page.text).toContain(`<script>${SCRIPT}</script>`);
  });

  it('keeps what it was given out of the page and unreadable in the store (SEC-158)', async () => {
    const app = await withWord();
    const { page } = await atWord(app);
    const secret = /name="step" value="([^"]+)"/.exec(page.text)?.[1] ?? '';
    expect(secret).toHaveLength(43);
    expect(page.text).not.toContain(app.aliceId);
    expect(page.text).not.toContain(ALICE.password);
  });
});
