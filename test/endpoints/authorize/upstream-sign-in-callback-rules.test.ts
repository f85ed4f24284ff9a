/** The return from a site whose answers the test gives: what each leads to, what a second return gets, and when a fresh sign-in is proven. */
import { describe, expect, it } from 'vitest';
import { html } from '../../../src/lib/html.ts';
import { connection } from '../../../src/logins/upstream.ts';
import { password } from '../../../src/logins/password.ts';
import type { Authenticated, RedirectLogin, ReturnResult } from '../../../src/model/login.ts';
import type { Runtime } from '../../../src/model/runtime.ts';
import type { SecondFactor } from '../../../src/model/settings.ts';
import type { OAuthProviderOptions } from '../../../src/options/options.ts';
import { memoryStore } from '../../../src/stores/memory.ts';
import type { Browser, BrowserPage } from '../../../src/testing/browser.ts';
import { makeClock } from '../../../src/testing/clock.ts';
import { codeOf, type TestClient } from '../../../src/testing/oauth-client.ts';
import { github } from '../../../src/upstreams/github.ts';
import { ALICE, type App, appOn, ISSUER } from '../../support/app.ts';
import { expectPage } from '../../support/verdicts.ts';

const SESSION = '__Host-portcullis-session';
const REDIRECT = 'https://app.example/cb';
const proven = (more: Partial<Authenticated> = {}): Authenticated => ({ kind: 'proven', identity: { issuer: 'https://door.example', subject: 'ada', claims: { name: 'Ada' } }, ...more } as never); // prettier-ignore
const REFUSED: ReturnResult = { kind: 'refused', reason: 'not_in_team', text: 'You are not in the team.' };
const word = (asks: (userId: string) => boolean = () => true): SecondFactor => ({
  id: 'word',
  ask: async (userId) => (asks(userId) ? { kind: 'step', keep: null } : null),
  steps: {
    view: () => ({ title: 'The word', text: 'Say it.', fields: html`<input name="answer" />`, button: 'Go on' }),
    prove: async () => ({ kind: 'passed' }),
  },
});

interface World {
  readonly app: App;
  /** What the site says next. */
  says: ReturnResult;
  pauses: number;
  /** From the sign-in page to the URL of the return. */
  away(browser: Browser, path?: string): Promise<string>;
  toConsent(
    more?: Record<string, string>,
    browser?: Browser,
  ): Promise<{ client: TestClient; browser: Browser; page: BrowserPage; url: () => Promise<string> }>;
}
async function makeWorld(more: Partial<OAuthProviderOptions> = {}): Promise<World> {
  const clock = makeClock();
  const machine: Partial<Runtime> = { pause: async () => void world.pauses++ };
  const door: RedirectLogin = {
    kind: 'redirect',
    id: 'door',
    label: 'Door',
    begin: async ({ state }: { readonly state: string }) => ({ location: `https://door.example/?state=${state}`, keep: null }),
    finish: async () => world.says,
  } as never;
  const back = ({ location }: BrowserPage): string => `${ISSUER}/authorize/callback/door${new URL(location ?? '').search}`;
  const app = await appOn(memoryStore(clock), clock, { logins: [password(), door], ...more }, machine);
  const world: World = {
    app,
    says: proven(),
    pauses: 0,
    away: async (browser, path = '/login') => back(await browser.submit(await browser.get(ISSUER + path), { with: 'door' })),
    async toConsent(asked = {}, browser = app.browser()) {
      const client = await app.client({ redirect_uris: [REDIRECT] });
      const page = await browser.get(await client.authorizeUrl({ scope: 'read write', redirect_uri: REDIRECT, ...asked }));
      return { client, browser, page, url: async () => back(await browser.submit(page, { with: 'door', scope: ['read'] })) };
    },
  };
  return world;
}
/** Alice on her way to the site, to add it to her account. */
const joining = async (world: World): Promise<{ browser: Browser; url: string }> => {
  const browser = world.app.browser();
  await browser.submit(await browser.get(`${ISSUER}/login`), ALICE);
  const gone = await browser.submit(await browser.get(`${ISSUER}/account/sign-ins`), { join: 'door' });
  return { browser, url: `${ISSUER}/authorize/callback/door${new URL(gone.location ?? '').search}` };
};
const isForm = ({ text }: BrowserPage): boolean => text.includes('name="password"');

describe('endpoints/authorize/upstream-sign-in, callback: an authorization request', () => {
  it('goes on with the second factor, for the scopes that were ticked', async () => {
    const world = await makeWorld({ secondFactor: word() });
    const { client, browser, url } = await world.toConsent();
    const page = await browser.get(await url());
    expect([page.status, page.text.includes('The word'), browser.cookies.has(SESSION)]).toEqual([200, true, false]);
    expect((await client.redeem(codeOf(await browser.submit(page, {})), { redirect_uri: REDIRECT })).body).toMatchObject({ scope: 'read' });
  });

  it('ends in a page where the proof was withdrawn meanwhile, or its user is disabled', async () => {
    const world = await makeWorld();
    world.says = proven({ stamp: 'of a former password' });
    const { browser, url } = await world.toConsent();
    expectPage(await browser.get(await url()));
    expect([world.app.events.some(({ kind }) => kind === 'grant.opened'), browser.cookies.has(SESSION)]).toEqual([false, false]);
  });

  it('shows the consent page again with the error, what was ticked, and when to try again', async () => {
    const world = await makeWorld();
    for (const [says, status, retry] of [
      [REFUSED, 403, null],
      [{ kind: 'unavailable', reason: 'down', retryAfter: 7 }, 503, '7'],
      [{ kind: 'unavailable', reason: 'down' }, 503, null],
      [{ kind: 'unavailable', reason: 'down', retryAfter: undefined as never }, 503, null],
    ] as const) {
      world.says = says;
      const { browser, page: first, url } = await world.toConsent();
      const page = await browser.get(await url());
      expect([page.status, page.headers.get('retry-after'), isForm(page)]).toEqual([status, retry, true]);
      expect(page.text).toMatch(/value="read"[^>]* checked/);
      expect(page.text).not.toMatch(/value="write"[^>]* checked/);
      expect([first, page].map(({ text }) => /name="remember"/.test(text) && /name="remember"[^>]* checked/.test(text))).toEqual([false, false]);
      expect(first.text).toContain('name="remember"');
    }
  }); // prettier-ignore

  it('lets a second return wait for no answer where the first one was a page', async () => {
    const world = await makeWorld();
    world.says = REFUSED;
    const { browser, url } = await world.toConsent();
    const to = await url();
    await browser.get(to);
    const again = await browser.get(to);
    expect([again.status, isForm(again), world.pauses]).toEqual([200, true, 0]);
  });
});

describe('endpoints/authorize/upstream-sign-in, callback: the sign-in page', () => {
  it('gets the browser back, signed in, and without the cookie of the way there', async () => {
    const world = await makeWorld();
    const browser = world.app.browser();
    const back = await browser.get(await world.away(browser, '/login?return_to=%2Fnotes'));
    expect([back.status, back.location, browser.cookies.has(SESSION)]).toEqual([303, '/notes', true]);
    expect(back.headers.getSetCookie().find((line) => line.includes('flow-'))).toMatch(/^__Host-portcullis-flow-[^=]+=; .*Max-Age=0/);
  });

  it('gets the page for what is over where the proof was withdrawn meanwhile', async () => {
    const world = await makeWorld();
    world.says = proven({ stamp: 'of a former password' });
    const browser = world.app.browser();
    expectPage(await browser.get(await world.away(browser)));
    expect(browser.cookies.has(SESSION)).toBe(false);
  });

  it('is shown again after a refusal, also to a second return, which waits for nothing', async () => {
    const world = await makeWorld();
    world.says = REFUSED;
    const browser = world.app.browser();
    const to = await world.away(browser, '/login?return_to=%2Fnotes');
    const first = await browser.get(to);
    expect([first.status, isForm(first), first.text.includes('You are not in the team.')]).toEqual([403, true, true]);
    const second = await browser.get(to);
    expect([second.status, isForm(second), second.text.includes('%2Fnotes'), world.pauses]).toEqual([400, true, true, 0]);
  });

  it('takes no return of a login that is only a connection by now: the options have changed', async () => {
    const world = await makeWorld();
    const browser = world.app.browser();
    const to = new URL(await world.away(browser));
    const site = { ...connection(github({ clientId: 'a', clientSecret: 'b' })), id: 'door', finish: async () => world.says };
    const later = await appOn(world.app.inner, world.app.clock, { logins: [password(), site as never], secret: 'a-secret-of-the-server-with-more-than-32-characters' });
    const there = later.browser();
    for (const [name, value] of browser.cookies) there.cookies.set(name, value);
    expectPage(await there.get(to.href));
    expect(there.cookies.has(SESSION)).toBe(false);
  }); // prettier-ignore
});

describe('endpoints/authorize/upstream-sign-in, callback: a sign-in that is joined', () => {
  it('ends in the page for what is over, not on the sign-in page, where it comes back twice after a refusal', async () => {
    const world = await makeWorld();
    world.says = REFUSED;
    const { browser, url } = await joining(world);
    await browser.get(url);
    const second = await browser.get(url);
    expectPage(second);
    expect([isForm(second), world.pauses]).toEqual([false, 0]);
  });

  it('is taken back where the user was signed out meanwhile', async () => {
    const world = await makeWorld();
    const { browser, url } = await joining(world);
    const { inner } = world.app;
    const write = inner.write.bind(inner);
    inner.write = async (key, ...all) => {
      const written = await write(key, ...all);
      if (key.startsWith('identity:')) for (const one of (await inner.all?.())?.records ?? []) if (one.key.startsWith('session:')) await inner.remove(one.key); // prettier-ignore
      return written;
    };
    expectPage(await browser.get(url));
    expect(((await inner.all?.())?.records ?? []).filter(({ key }) => key.startsWith('identity:'))).toEqual([]);
  });

  it('says that it belongs to another user, who keeps it', async () => {
    const world = await makeWorld();
    const other = world.app.browser();
    await other.get(await world.away(other));
    const { browser, url } = await joining(world);
    expect((await browser.get(url)).location).toBe('/account/sign-ins?taken=1');
  });
});

describe('endpoints/authorize/upstream-sign-in, callback: a result for new users alone', () => {
  const untold = proven({ ifNew: { kind: 'unavailable', reason: 'email_not_told' } as never });
  const reasonsOf = ({ app }: World): unknown[] => app.events.flatMap((event) => (event.kind === 'login.failed' ? [event.reason] : []));
  const enter = async (world: World): Promise<BrowserPage> => {
    const browser = world.app.browser();
    return browser.get(await world.away(browser));
  };

  it('keeps a user out of the sign-in page until the site tells the address, and lets one in who is known', async () => {
    const world = await makeWorld();
    world.says = untold;
    const first = await enter(world);
    expect([first.status, isForm(first), reasonsOf(world)]).toEqual([503, true, ['email_not_told']]);
    world.says = proven();
    expect((await enter(world)).status).toBe(303);
    world.says = untold;
    expect([(await enter(world)).status, reasonsOf(world)]).toEqual([303, ['email_not_told']]);
  });

  it('does the same where an app asks', async () => {
    const world = await makeWorld();
    world.says = untold;
    const first = await world.toConsent();
    const refused = await first.browser.get(await first.url());
    expect([refused.status, isForm(refused), reasonsOf(world)]).toEqual([503, true, ['email_not_told']]);
    world.says = proven();
    await enter(world);
    world.says = untold;
    const { browser, url } = await world.toConsent();
    expect(codeOf(await browser.get(await url()))).toMatch(/^code_/);
    expect(reasonsOf(world)).toEqual(['email_not_told']);
  });

  it('lets a user who is signed in add the login', async () => {
    const world = await makeWorld();
    world.says = untold;
    const { browser, url } = await joining(world);
    expect((await browser.get(url)).location).toBe('/account/sign-ins');
    expect([(await enter(world)).status, reasonsOf(world)]).toEqual([303, []]);
  });
});

describe('endpoints/authorize/upstream-sign-in, callback: a fresh sign-in', () => {
  /** The reason for a refusal, null for a code, or the word. */
  const verdict = async (world: World): Promise<unknown> => {
    const signedIn = world.app.browser();
    const entered = await signedIn.submit(await signedIn.get(`${ISSUER}/login`), ALICE);
    if (entered.status === 200) await signedIn.submit(entered, {});
    const { browser, url } = await world.toConsent({ prompt: 'login' }, signedIn);
    const page = await browser.get(await url());
    const last = world.app.events.findLast(({ kind }) => kind === 'login.failed' || kind === 'login.succeeded');
    return page.text.includes('The word') ? 'word' : last?.kind === 'login.failed' ? last.reason : null;
  };

  it('is proven by a time that is at most a minute before the way there', async () => {
    const world = await makeWorld();
    const now = world.app.clock.now();
    for (const [time, reason] of [[now, null], [now - 60, null], [now - 61, 'proof_too_old'], [undefined, 'proof_without_time']] as const) {
      world.says = proven(time === undefined ? {} : { authenticatedAt: time });
      expect([time, await verdict(world)]).toEqual([time, reason]);
    }
  }); // prettier-ignore

  it('is not what is said of a refusal', async () => {
    const world = await makeWorld({ secondFactor: word() });
    world.says = REFUSED;
    expect(await verdict(world)).toBe('not_in_team');
  });

  it('may be proven by a second factor that will be asked for, and by none that will not', async () => {
    const world = await makeWorld({ secondFactor: word() });
    world.says = proven();
    expect(await verdict(world)).toBe('proof_without_time'); // a first sign-in: no user yet whom it could ask
    const browser = world.app.browser();
    await browser.submit(await browser.get(await world.away(browser)), {});
    expect(await verdict(world)).toBe('word');
    world.says = proven({ authenticatedAt: world.app.clock.now() - 3600 });
    expect(await verdict(world)).toBe('word');
    world.says = proven({ multiFactor: true }); // the factor is not asked for then
    expect(await verdict(world)).toBe('proof_without_time');
    const none = await makeWorld({ secondFactor: word(() => false) });
    const known = none.app.browser();
    await known.get(await none.away(known));
    expect(await verdict(none)).toBe('proof_without_time');
  });
});
