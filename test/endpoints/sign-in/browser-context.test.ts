/** What a page endpoint knows of the browser: where its form was, its cookies, its language, and whose session it has. */
import { describe, expect, it } from 'vitest';
import type { AuthServer } from '../../../src/core/auth-server.ts';
import type { Session } from '../../../src/core/records/records.ts';
import { userIdOf } from '../../../src/core/users/identities.ts';
import { type Call, makeCall } from '../../../src/endpoints/endpoint.ts';
import {
  changed,
  cookieName,
  cookieOf,
  detectLanguage,
  flowCookie,
  isSameOrigin,
  redirectTo,
  scriptHashOf,
  setCookie,
  withLanguage,
} from '../../../src/endpoints/sign-in/browser-context.ts';
import { countsFor, sessionFor, sessionOf } from '../../../src/endpoints/sign-in/session.ts';
import type { Authenticated } from '../../../src/model/login.ts';
import type { Settings } from '../../../src/model/settings.ts';
import { makeClock } from '../../../src/testing/clock.ts';
import { french, german } from '../../../src/words/index.ts';
import { makeLanguages } from '../../../src/words/words.ts';
import { makeServer } from '../../support/server.ts';

const START = 1_790_000_000;
const ADA = { issuer: 'https://app.example', subject: 'ada', claims: { name: 'Ada' } };

function makeWorld(settings: Partial<Settings> = {}) {
  const clock = makeClock(START);
  const paths = { login: '/login', account: '/account', admin: '/admin' } as Settings['paths'];
  const languages = makeLanguages([german, french]);
  const { as } = makeServer({ clock, settings: { paths, languages, issuers: ['https://as.example'], sessionIdleTtl: 900, ...settings } });
  const call = (headers: Record<string, string> = {}, path = '/login'): Call =>
    makeCall(new Request(`https://as.example${path}`, { headers }), as, {}, { network: () => 'net', waitUntil: () => undefined });
  /** A stored session, and a call of its browser. */
  const open = async (more: Partial<Session> = {}) => {
    const token = as.secrets.secret();
    const hash = await as.secrets.recordId(token);
    await as.records.openSession(hash, { v: 1, userId: 'ada', claims: { sub: 'ada' }, createdAt: START, expiresAt: START + 9000, ...more });
    const from = (path?: string): Call => call({ cookie: `__Host-portcullis-session=${token}` }, path);
    return { token, hash, from };
  };
  return { as, clock, call, open };
}

describe('endpoints/sign-in/browser-context: where a form was sent from', () => {
  const isOurs = (headers: Record<string, string>, strict: boolean): boolean => isSameOrigin(makeWorld().call(headers), strict);
  const [ours, other] = ['https://as.example', 'https://evil.example'];

  it.each([
    ['what a browser of today sends', { 'sec-fetch-site': 'same-origin', origin: ours }, [true, true]],
    ['a page of ours whose origin is hidden', { 'sec-fetch-site': 'same-origin', origin: 'null' }, [true, true]],
    ['a browser that sends no origin', { 'sec-fetch-site': 'same-origin' }, [true, true]],
    ['a browser without fetch metadata', { origin: ours }, [true, true]],
    ['an old browser, or no browser, that says nothing', {}, [true, false]],
    ['another origin', { origin: other }, [false, false]],
    ['another origin that claims to be ours', { 'sec-fetch-site': 'same-origin', origin: other }, [false, false]],
    ['a sandboxed page, whose origin is null', { origin: 'null' }, [false, false]],
    ['another site', { 'sec-fetch-site': 'cross-site', origin: ours }, [false, false]],
    ['another host of our site', { 'sec-fetch-site': 'same-site' }, [false, false]],
    ['an address that was typed', { 'sec-fetch-site': 'none' }, [false, false]],
  ] as const)('tells for %s', (_name, headers, expected) => {
    expect([isOurs(headers, false), isOurs(headers, true)]).toEqual(expected);
  });
});

describe('endpoints/sign-in/browser-context: cookies and redirects', () => {
  it('names cookies by tenant, and marks them as secure but on a computer of its own', () => {
    const named = (settings: Partial<Settings>): string => cookieName(makeWorld(settings).as, 'session');
    expect(named({})).toBe('__Host-portcullis-session');
    expect(named({ tenant: 'acme' })).toBe('__Host-portcullis-acme.session');
    expect(named({ issuer: 'https://mcp.example/a_b//c-d' })).toBe('__Host-portcullis-a_b.c-d.session');
    expect(named({ issuer: 'http://localhost:3000' })).toBe('portcullis-session');
    const local = makeWorld({ issuer: 'http://localhost:3000' }).as;
    expect(setCookie(local, 'session', 'x', 60)).toBe('portcullis-session=x; Path=/; Max-Age=60; HttpOnly; SameSite=Lax');
    const { as } = makeWorld();
    expect(setCookie(as, 'session', 'x', 60)).toBe('__Host-portcullis-session=x; Path=/; Max-Age=60; HttpOnly; SameSite=Lax; Secure');
    expect(setCookie(as, 'session', '', 60)).toBe('__Host-portcullis-session=; Path=/; Max-Age=0; HttpOnly; SameSite=Lax; Secure');
  });

  it('reads the cookie of its own tenant, and one flow beside another', () => {
    const { as } = makeWorld({ tenant: 'acme' });
    const request = new Request('https://as.example', {
      headers: { cookie: '__Host-portcullis-session=no; __Host-portcullis-acme.session=yes' },
    });
    expect([cookieOf({ request, as }, 'session'), cookieOf({ request, as }, 'known')]).toEqual(['yes', undefined]);
    expect(flowCookie('0123456789abcdefghij')).toBe('flow-0123456789abcdef');
  });

  it('redirects with GET, without a referrer, and so that no cache stores the response', async () => {
    const response = redirectTo('https://app.example/cb?code=x', ['a=1', undefined, 'b=2']);
    expect([response.status, await response.text(), response.headers.getSetCookie()]).toEqual([303, '', ['a=1', 'b=2']]);
    expect(Object.fromEntries([...response.headers].filter(([name]) => name !== 'set-cookie'))).toEqual({
      location: 'https://app.example/cb?code=x',
      'cache-control': 'no-store, private',
      'referrer-policy': 'no-referrer',
    });
    expect(redirectTo('/').headers.getSetCookie()).toEqual([]);
  });

  it('hashes a script for the Content-Security-Policy', async () => {
    expect(await scriptHashOf(makeWorld().as, 'abc')).toBe('ungWv48Bz+pBQUDeXa4iI7ADYaOWF3qctBD/YfIAFa0=');
  });
});

describe('endpoints/sign-in/browser-context: the language', () => {
  it('changes, and the rest of the call stays: the session that it began above all', async () => {
    const begun = { hash: 'h', userId: 'ada' } as Call['begun'];
    const call = changed(makeWorld().call(), begun ? { begun } : {});
    const german = await withLanguage(call, 'de');
    expect([german.words.lang, german.begun, german.request === call.request]).toEqual(['de', begun, true]);
    expect(await withLanguage(makeWorld().call(), 'de')).not.toHaveProperty('begun');
  });

  const langOf = async (headers: Record<string, string>, query = ''): Promise<string> =>
    (await detectLanguage(makeWorld().call(headers, `/login${query}`))).words.lang;

  it('is the first one that we have of those in the URL, then of those of the browser, else English', async () => {
    const german = { 'accept-language': 'de' };
    expect(await langOf(german, '?ui_locales=tlh%20fr-CA')).toBe('fr');
    expect(await langOf(german, '?ui_locales=tlh')).toBe('de');
    expect([await langOf(german), await langOf({}), await langOf({ 'accept-language': 'tlh' })]).toEqual(['de', 'en', 'en']);
  });

  it('is kept where no other is known', async () => {
    const call = await withLanguage(makeWorld().call(), 'de');
    expect([await withLanguage(call, null), await withLanguage(call, undefined)]).toEqual([call, call]);
    expect((await withLanguage(call, 'fr')).words.lang).toBe('fr');
  });
});

describe('endpoints/sign-in/session: of this browser', () => {
  it('is found by its cookie alone, and by nothing that is no cookie of ours', async () => {
    const { as, open, call } = makeWorld();
    const { token, hash, from } = await open();
    expect(await sessionOf(from())).toMatchObject({ userId: 'ada', hash });
    expect(await sessionOf(call())).toBeNull();
    const asked: string[] = [];
    const recordId: AuthServer['secrets']['recordId'] = async (text) => (asked.push(text), hash);
    const watched = (cookie: string): Call => ({ ...from(), request: new Request('https://as.example', { headers: { cookie } }), as: { ...as, secrets: { ...as.secrets, recordId } } }) as Call; // prettier-ignore
    for (const text of ['', `${token}A`, `A${token}`, token.slice(1), `${token.slice(1)}.`, `.${token}`, `${token}.`])
      expect(await sessionOf(watched(`__Host-portcullis-session=${text}`))).toBeNull();
    expect([await sessionOf(watched('other=1')), asked]).toEqual([null, []]); // nothing is looked up for them
    await as.records.endSession(hash);
    expect(await sessionOf(from())).toBeNull();
  });

  it('is the one that this request began, whatever cookie came with it', async () => {
    const { open } = makeWorld();
    const [one, other] = [await open(), await open({ userId: 'bob' })];
    const begun = await sessionOf(other.from());
    expect(await sessionOf(changed(one.from(), begun ? { begun } : {}))).toBe(begun);
  });

  it('does not count where a new sign-in was asked for after it', async () => {
    const { open, call } = makeWorld();
    const { hash, from } = await open();
    expect(await sessionFor(from(), {})).toMatchObject({ hash });
    expect(await sessionFor(from(), { staleSession: 'another' })).toMatchObject({ hash });
    expect([await sessionFor(from(), { staleSession: hash }), await sessionFor(call(), { staleSession: hash }), await sessionFor(call(), {})]).toEqual([null, null, null]); // prettier-ignore
    expect(countsFor({ staleSession: hash }, null)).toBeNull();
  });

  it('of a command line opens the administration API alone, while the browser that allowed it is signed in', async () => {
    const { as, open } = makeWorld();
    const browser = await open();
    const cli = await open({ cliOf: browser.hash });
    expect(await sessionOf(cli.from('/admin/api/users'))).toMatchObject({ userId: 'ada', hash: cli.hash });
    for (const path of ['/login', '/account', '/admin', '/admin/', '/admin/apis/x', '/x/admin/api/', '/x/admin/api/users'])
      expect([path, await sessionOf(cli.from(path))]).toEqual([path, null]);
    expect(await sessionOf(browser.from('/account'))).toMatchObject({ hash: browser.hash });
    await as.records.endSession(browser.hash);
    expect(await sessionOf(cli.from('/admin/api/users'))).toBeNull();
  });
});

describe('endpoints/sign-in/session: one that follows the one of the application', () => {
  /** A session of a user of the application, and what the application says now. */
  async function followed(more: Partial<Session> = {}) {
    const world = makeWorld();
    const userId = await userIdOf(world.as, ADA);
    const { hash, from } = await world.open({ userId, host: 'app', claims: { sub: userId, name: 'Old' }, ...more });
    const look = (said: Partial<Authenticated> | null, login = 'app') =>
      sessionOf(changed(from(), { answers: { hostSession: Promise.resolve(said && { login, proven: { kind: 'proven', identity: ADA, ...said } as Authenticated }) } })); // prettier-ignore
    return { ...world, userId, hash, look };
  }

  it('has its user and its claims, permissions and organizations of this moment', async () => {
    const organizations = [{ id: 'acme', name: 'Acme' }];
    const { look, userId, hash } = await followed({ permissions: ['old'], organizations: [{ id: 'old', name: 'Old' }] });
    const session = await look({ permissions: ['admin'], organizations });
    expect(session).toMatchObject({
      userId,
      hash,
      host: 'app',
      claims: { name: 'Ada', sub: userId },
      permissions: ['admin'],
      organizations,
    });
    const plain = await look({});
    expect([plain?.claims, plain && 'permissions' in plain, plain && 'organizations' in plain]).toEqual([{ name: 'Ada', sub: userId }, false, false]); // prettier-ignore
  });

  it('was proven at the latest proof, and never in the future', async () => {
    for (const [authenticatedAt, provenAt, expected] of [[undefined, undefined, 0], [START - 90, undefined, START - 90], [undefined, START - 50, START - 50], [START - 90, START - 50, START - 50], [START - 40, START - 50, START - 40], [START + 90, START - 50, START]] as const) {
      const { look } = await followed(provenAt === undefined ? {} : { provenAt });
      expect((await look(authenticatedAt === undefined ? {} : { authenticatedAt }))?.provenAt).toBe(expected);
    }
  }); // prettier-ignore

  it('is not there while the user is signed out at the application, and continues afterwards', async () => {
    const { look } = await followed();
    expect([await look(null), await look({}, 'another login')]).toEqual([null, null]);
    expect(await look({})).not.toBeNull();
  });

  it('ends for good where another user has signed in at the application', async () => {
    const { look, as, hash } = await followed();
    expect(await look({ identity: { ...ADA, subject: 'bob' } })).toBeNull();
    expect([await as.records.findSession(hash), await look({})]).toEqual([null, null]);
  });
});
