/** The pages after the first: who may post to them, what a repeated form gets, and what is kept from page to page and at a new start. */
import { describe, expect, it } from 'vitest';
import { password } from '../../../src/logins/password.ts';
import { html } from '../../../src/lib/html.ts';
import type { FormLogin, StepView } from '../../../src/model/login.ts';
import type { SecondFactor } from '../../../src/model/settings.ts';
import type { OAuthProviderOptions } from '../../../src/options/options.ts';
import { memoryStore } from '../../../src/stores/memory.ts';
import type { Browser, BrowserPage } from '../../../src/testing/browser.ts';
import { makeClock } from '../../../src/testing/clock.ts';
import { codeOf, type TestClient } from '../../../src/testing/oauth-client.ts';
import type { Runtime } from '../../../src/model/runtime.ts';
import { ALICE, type App, appOn, ISSUER } from '../../support/app.ts';
import { expectNothingWritten, expectPage, lastReason } from '../../support/verdicts.ts';

const SESSION = '__Host-portcullis-session';
const CLIENT = { redirect_uris: ['https://app.example/cb'] };
const view = (title: string): StepView => ({ title, text: 'Say it.', fields: html`<input name="answer" />`, button: 'Go on' });

type Prove = SecondFactor['steps']['prove'];
const judge: Prove = async (read) => {
  const answer = read('answer');
  if (answer === 'limited') return { kind: 'limited', retryAfter: 30 };
  return answer === 'sesame' ? { kind: 'passed' } : { kind: 'refused', reason: 'word_wrong', text: 'No.' };
};
const word = (prove: Prove = judge, tries?: number): SecondFactor => ({
  id: 'word',
  ask: async () => ({ kind: 'step', keep: null, ...(tries === undefined ? {} : { tries }) }),
  steps: { view: () => view('The word'), prove },
});

async function world(more: Partial<OAuthProviderOptions> = { secondFactor: word() }, machine: Partial<Runtime> = {}): Promise<App> {
  const clock = makeClock();
  return appOn(memoryStore(clock), clock, { logins: [password()], ...more }, machine);
}
const login = async (app: App, browser: Browser = app.browser(), fields: Record<string, string> = ALICE): Promise<{ browser: Browser; page: BrowserPage }> => {
  return { browser, page: await browser.submit(await browser.get(`${ISSUER}/login`), fields) };
}; // prettier-ignore
async function consent(app: App, fields: Record<string, string | readonly string[]> = {}): Promise<{ client: TestClient; browser: Browser; first: BrowserPage; page: BrowserPage }> {
  const [client, browser] = [await app.client(CLIENT), app.browser()];
  const first = await browser.get(await client.authorizeUrl({ scope: 'read write', redirect_uri: 'https://app.example/cb' }));
  return { client, browser, first, page: await browser.submit(first, { decision: 'approve', scope: ['read'], ...ALICE, ...fields }) };
} // prettier-ignore
const cookiesOf = ({ cookies }: Browser): string => [...cookies].map(([name, value]) => `${name}=${value}`).join('; ');
const secretOf = ({ text }: BrowserPage): string => /name="step" value="([^"]+)"/.exec(text)?.[1] ?? '';

describe('endpoints/authorize/step: who may post', () => {
  it('is a page of ours, and an old browser that says nothing of where the form is', async () => {
    const app = await world();
    const { browser, page } = await login(app);
    expectPage(await expectNothingWritten(app, () => browser.submit(page, { answer: 'sesame' }, { origin: 'https://evil.example' })), { status: 403 });
    expect([lastReason(app), app.events.at(-1)]).toEqual(['cross_site', expect.objectContaining({ code: 'access_denied' })]);
    const body = new URLSearchParams({ step: secretOf(page), answer: 'sesame' });
    expect((await app.ask('POST', /<form[^>]* action="([^"]+)"/.exec(page.text)?.[1] ?? '', body, { cookie: cookiesOf(browser) })).status).toBe(303);
  }); // prettier-ignore

  it('is refused where the login or factor of the step is gone from the options', async () => {
    const app = await world();
    const { browser, page } = await login(app);
    const without = await appOn(app.inner, app.clock, { logins: [password()] });
    const there = without.browser();
    for (const [name, value] of browser.cookies) there.cookies.set(name, value);
    expectPage(await expectNothingWritten(without, () => there.submit(page, { answer: 'sesame' })));
    expect((await browser.submit(page, { answer: 'sesame' })).status).toBe(303);
  });

  it('gets the page for what is over where the request was denied meanwhile', async () => {
    const app = await world();
    const { browser, first, page } = await consent(app);
    expect((await browser.submit(first, { decision: 'deny' })).location).toContain('error=access_denied');
    expectPage(await browser.submit(page, { answer: 'sesame' }));
    expect([app.events.some(({ kind }) => kind === 'grant.opened'), browser.cookies.has(SESSION)]).toEqual([false, false]);
  });
});

describe('endpoints/authorize/step: the same form again', () => {
  it('cannot be turned into a new start after the right answer', async () => {
    const app = await world({ secondFactor: word() }, { pause: async () => undefined });
    const { browser, page } = await consent(app);
    const code = codeOf(await browser.submit(page, { answer: 'sesame' }));
    expect(codeOf(await browser.submit(page, { answer: 'sesame', decision: 'restart' }))).toBe(code);
    const other = await app.browser().submit(page, { answer: 'sesame', decision: 'restart' });
    expect([other.location, other.text.includes('code_')]).toEqual([null, false]);
  });

  it('waits for no answer where the first one was a page', async () => {
    let pauses = 0;
    const twice: Prove = async (read, kept) => (kept === null ? { kind: 'step', keep: 'second' } : judge(read, kept, null as never));
    const app = await world({ secondFactor: word(twice) }, { pause: async () => void pauses++ });
    const atLogin = await login(app);
    expect((await atLogin.browser.submit(atLogin.page, {})).text).toContain('The word');
    expectPage(await atLogin.browser.submit(atLogin.page, {}));
    const { browser, page } = await consent(app);
    const second = await browser.submit(page, {});
    expect(second.text).toContain('The word');
    const again = await browser.submit(page, {});
    expect([again.status, again.text.includes('name="password"')]).toEqual([200, true]);
    expect(pauses).toBe(0);
    expect(codeOf(await browser.submit(second, { answer: 'sesame' }))).toMatch(/^code_/); // the first proof was kept
  });

  it('gets the code of the first one, which is still at work', async () => {
    for (const isLost of [false, true]) {
      const [held, paused] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()];
      const app = await world({ secondFactor: word() }, { pause: async () => (paused.resolve(), held.promise) });
      const { browser, page } = await consent(app);
      const write = app.inner.write.bind(app.inner);
      const begun = Promise.withResolvers<void>();
      app.inner.write = async (key, ...all) => {
        if (key.startsWith('answered:')) await (begun.resolve(), paused.promise);
        return write(key, ...all);
      };
      const first = browser.submit(page, { answer: 'sesame' });
      await begun.promise;
      const second = browser.submit(page, { answer: 'sesame' });
      await Promise.race([second, paused.promise]);
      paused.resolve();
      const code = codeOf(await first);
      if (isLost) for (const { key } of (await app.inner.all?.())?.records ?? []) if (/^(step|answered):/.test(key)) await app.inner.remove(key); // prettier-ignore
      held.resolve();
      if (isLost) expectPage(await second);
      else expect(codeOf(await second)).toBe(code);
    }
  });
});

describe('endpoints/authorize/step: what an answer is told', () => {
  it('is the text and status of the login, to the page and by its id to the operator; with the time to wait', async () => {
    const app = await world();
    const { browser, page } = await login(app);
    const wrong = await browser.submit(page, { answer: 'x' });
    expect([wrong.status, wrong.text.includes('>No.<')]).toEqual([403, true]);
    expect(app.events.at(-1)).toMatchObject({ kind: 'login.failed', login: 'word', reason: 'word_wrong' });
    const limited = await browser.submit(page, { answer: 'limited' });
    expect([limited.status, limited.headers.get('retry-after'), limited.text.includes('The word')]).toEqual([429, '30', true]);
    expect(app.events.at(-1)).toMatchObject({ kind: 'login.failed', login: 'word', reason: 'limited' });
  });

  it('stands on the first page after the last try', async () => {
    for (const [answer, status, retry] of [['x', 403, null], ['limited', 429, '30']] as const) {
      const app = await world({ secondFactor: word(judge, 1) });
      const atLogin = await login(app);
      const page = await atLogin.browser.submit(atLogin.page, { answer });
      expect([page.status, page.headers.get('retry-after'), page.text.includes('name="password"')]).toEqual([status, retry, true]);
      expect(page.text).toMatch(/role="alert"/);
      const flow = await consent(app);
      const back = await flow.browser.submit(flow.page, { answer });
      expect([back.status, back.headers.get('retry-after'), back.text.includes('name="password"')]).toEqual([status, retry, true]);
    }
  }); // prettier-ignore

  it('is read as empty where a field is missing', async () => {
    const seen: string[] = [];
    const app = await world({ secondFactor: word(async (read) => (seen.push(read('answer')), { kind: 'refused', reason: 'no' })) });
    const { browser, page } = await login(app);
    await browser.submit(page, {});
    expect(seen).toEqual(['']);
  });
});

describe('endpoints/authorize/step: what is kept', () => {
  it('is what was ticked and whether to remember, when the user starts again', async () => {
    const app = await world();
    for (const remember of ['yes', null]) {
      const { browser, first, page } = await consent(app, remember ? { remember } : {});
      expect(first.text).toContain('name="remember"');
      const again = await browser.submit(page, { decision: 'restart' });
      expect(/name="remember"[^>]* checked/.test(again.text)).toBe(remember === 'yes');
      expect(again.text).toMatch(/value="read"[^>]* checked/);
      expect(again.text).not.toMatch(/value="write"[^>]* checked/);
    }
  });

  it('is no cookie of the sign-in, once it is over', async () => {
    const app = await world();
    const { browser, page } = await login(app);
    const done = await browser.submit(page, { answer: 'sesame' });
    expect(done.headers.getSetCookie().find((line) => line.includes('flow-'))).toMatch(/^__Host-portcullis-flow-[^=]+=; .*Max-Age=0/);
  });

  it('is the identifier from page to page, so that the user can still switch to the other login, which then has signed in', async () => {
    const named = (id: string, pages: number): FormLogin => ({
      id,
      fields: () => html``,
      prove: async () => ({ kind: 'refused', reason: 'never' }),
      identifier: { accepts: (one) => one !== 'odd', begin: async (one) => ({ kind: 'step', keep: [id, one, 1] }), instead: `By ${id}` },
      steps: {
        view: (kept) => view((kept as [string, string, number]).join()),
        async prove(_read, kept) {
          const [, one, page] = kept as [string, string, number];
          if (page < pages) return { kind: 'step', keep: [id, one, page + 1] };
          return { kind: 'proven', identity: { issuer: 'https://names.example', subject: one, claims: {} } };
        },
      },
    });
    const app = await world({ logins: [named('slow', 2), named('quick', 1)] });
    const { browser, page } = await login(app, app.browser(), { decision: 'sign-in', identifier: 'ada' });
    expect([page.text.includes('slow,ada,1'), page.text.includes('By quick')]).toEqual([true, true]);
    const next = await browser.submit(page, {});
    expect([next.text.includes('slow,ada,2'), next.text.includes('By quick'), next.text.includes('By slow')]).toEqual([true, true, false]);
    const other = await browser.submit(next, { instead: 'quick' });
    expect([other.text.includes('quick,ada,1'), other.text.includes('By slow')]).toEqual([true, true]);
    const unknown = await browser.submit(other, { instead: 'third' }); // no other login: the form of this one
    expect([unknown.status, app.events.at(-1)]).toEqual([303, expect.objectContaining({ kind: 'login.succeeded', login: 'quick' })]);
  });
});
