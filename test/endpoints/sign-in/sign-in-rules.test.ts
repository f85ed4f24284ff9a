/** A sign-in without pages: which login is asked, what a session holds and for how long, and when it does not begin or ends at once. */
import { describe, expect, it, vi } from 'vitest';
import { type Call, makeCall } from '../../../src/endpoints/endpoint.ts';
import { changed } from '../../../src/endpoints/sign-in/browser-context.ts';
import { sessionOf } from '../../../src/endpoints/sign-in/session.ts';
import {
  admit,
  autoSignIn,
  nameOf,
  prepareLogins,
  renewSession,
  servicesOf,
  signIn,
  type SignedIn,
  startSession,
} from '../../../src/endpoints/sign-in/sign-in.ts';
import type { Authenticated, FormLogin, LoginResult } from '../../../src/model/login.ts';
import { paramsOf } from '../../../src/model/params.ts';
import type { Settings } from '../../../src/model/settings.ts';
import { makeClock } from '../../../src/testing/clock.ts';
import { ENGLISH } from '../../../src/words/words.ts';
import { html } from '../../../src/lib/html.ts';
import { makeMailbox } from '../../support/mailbox.ts';
import { makeServer } from '../../support/server.ts';

const START = 1_790_000_000;
const [TTL, IDLE] = [8000, 900];
const FIREFOX = 'Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0';
const ADA = { issuer: 'https://door.example', subject: 'ada', claims: { name: 'Ada' } };
const proven = (more: object = {}): Authenticated => ({ kind: 'proven', identity: ADA, ...more }) as Authenticated;

/** A form login with this result, and the fields that it read. */
function form(id: string, result: LoginResult, asked: string[] = []): FormLogin {
  return { id, fields: () => html``, prove: async (read) => (asked.push(`${id}:${read('word')}`), result) };
}
const site = { kind: 'redirect', id: 'site', label: 'Site' } as never;

function makeWorld(settings: Partial<Settings> = {}) {
  const clock = makeClock(START);
  const { as, store, events } = makeServer({
    clock,
    settings: {
      paths: { login: '/login', account: '/account', admin: '/admin' } as Settings['paths'],
      languages: { of: () => ENGLISH } as never, issuers: ['https://as.example'], secondFactor: null, securityEmails: null,
      sessionTtl: TTL, sessionIdleTtl: IDLE, logins: [form('door', proven()), site], name: 'Acme', ...settings,
    },
  }); // prettier-ignore
  const call = (headers: Record<string, string> = {}, method = 'GET', network = '192.0.2.77'): Call =>
    makeCall(new Request('https://as.example/login', { method, headers }), as, {}, { network: () => network, waitUntil: () => undefined });
  const cookieOf = ({ cookie = '' }: SignedIn): string => cookie.split(';', 1)[0] ?? '';
  const submit = (fields: Record<string, string>, headers = {}): ReturnType<typeof signIn> =>
    signIn(call(headers), paramsOf(new Map(Object.entries(fields).map(([name, value]) => [name, [value]]))));
  const sessionIn = async ({ hash }: SignedIn) => (await as.records.findSession(hash)) as unknown as Record<string, unknown> | null;
  return { as, clock, store, events, call, cookieOf, submit, sessionIn };
}
const signedIn = (result: unknown): SignedIn => {
  expect(result).toHaveProperty('userId');
  return result as SignedIn;
};

describe('endpoints/sign-in/sign-in: which login is asked', () => {
  it('is the one whose button was pressed, else the one that the form names, else the first with a form', async () => {
    const asked: string[] = [];
    const world = makeWorld({ logins: [site, form('a', proven(), asked), form('b', proven(), asked)] });
    await world.submit({ with: 'b', login: 'a', word: 'x' });
    await world.submit({ login: 'b' });
    for (const fields of [{}, { with: 'site' }, { login: 'unknown' }] as Record<string, string>[]) await world.submit(fields);
    expect(asked).toEqual(['b:x', 'b:', 'a:', 'a:', 'a:']);
  });

  it('does not exist where there is no form', async () => {
    expect(await makeWorld({ logins: [site] }).submit({})).toEqual({ problem: ENGLISH.signIn.choose, status: 400 });
  });

  it('is the first of those that share a field that takes the identifier; one alone shares none', async () => {
    const asked: string[] = [];
    const named = (id: string, accepts: (text: string) => boolean, result: object = { kind: 'step', keep: id }): FormLogin => ({
      ...form(id, proven(), asked),
      identifier: { accepts, begin: async (text: string) => (asked.push(`${id}=${text}`), result), instead: '' } as never,
    });
    const world = makeWorld({ logins: [named('name', (text) => text === 'ada'), named('mail', (text) => text.includes('@'))] });
    expect(await world.submit({ identifier: ' ada@x ' })).toMatchObject({ asker: 'login:mail', step: { keep: 'mail' }, identifier: 'ada@x' });
    expect(await world.submit({ identifier: 'ada' })).toMatchObject({ asker: 'login:name' });
    expect(await world.submit({ identifier: '?' })).toMatchObject({ asker: 'login:name' });
    expect(asked.splice(0)).toEqual(['mail=ada@x', 'name=ada', 'name=?']);
    await world.submit({ identifier: 'ada', with: 'mail' });
    await world.submit({});
    expect(asked.splice(0)).toEqual(['mail:', 'name:']);
    const refusing = makeWorld({ logins: [named('name', () => true, { kind: 'refused', reason: 'odd', text: 'No.' }), named('mail', () => true)] });
    expect(await refusing.submit({ identifier: 'ada' })).toEqual({ problem: 'No.', status: 403, wrong: 'identifier' });
    const limited = makeWorld({ logins: [named('name', () => true, { kind: 'limited', retryAfter: 9 }), named('mail', () => true)] });
    expect(await limited.submit({ identifier: 'ada' })).toEqual({ problem: expect.anything(), status: 429, retryAfter: 9 });
    const alone = makeWorld({ logins: [named('name', () => true), form('door', proven(), asked)] });
    await alone.submit({ identifier: 'ada' });
    expect(asked).toEqual(['name=ada', 'name=ada', 'name:']);
  }); // prettier-ignore
});

describe('endpoints/sign-in/sign-in: a failed one', () => {
  it('is told to the operator with its reason, and to the page with its text, and marks no browser as known', async () => {
    const world = makeWorld({ logins: [form('door', { kind: 'refused', reason: 'wrong', text: 'No.' })] });
    expect(await world.submit({})).toEqual({ problem: 'No.', status: 403 });
    expect(world.events).toMatchObject([{ kind: 'login.failed', login: 'door', reason: 'wrong', network: '192.0.2.77' }]);
    const limited = makeWorld({ logins: [form('door', { kind: 'limited', retryAfter: 61 })] });
    expect(await limited.submit({})).toMatchObject({ status: 429, retryAfter: 61 });
    expect(limited.events).toMatchObject([{ kind: 'login.failed', reason: 'limited' }]);
    const gone = makeWorld({ logins: [form('door', proven({ stamp: 'former' }))] });
    const call = gone.call();
    call.cookies.push('known=1');
    expect(await signIn(call, paramsOf(new Map()))).toMatchObject({ status: 403 });
    expect([call.cookies, gone.events.at(-1)]).toEqual([[], expect.objectContaining({ reason: 'credentials_changed' })]);
  });

  it('asks for a step where the login does, and for the second factor unless it was two in one', async () => {
    const step = { kind: 'step', keep: 1 } as const;
    expect(await makeWorld({ logins: [form('door', step)] }).submit({})).toEqual({ asker: 'login:door', step });
    const asks: unknown[] = [];
    const factor = (asked: object | null) => ({ secondFactor: { id: 'word', ask: async (userId: string) => (asks.push(userId), asked) } as never });
    const world = makeWorld(factor(step));
    expect(await world.submit({})).toEqual({ asker: 'factor:word', step, first: { login: 'door', proven: { authenticatedAt: START, ...proven() } } });
    const both = makeWorld({ ...factor(step), logins: [form('door', proven({ multiFactor: true }))] });
    signedIn(await both.submit({}));
    const { userId } = signedIn(await makeWorld(factor(null)).submit({}));
    expect([asks.length, asks[1]]).toEqual([2, userId]);
  }); // prettier-ignore
});

describe('endpoints/sign-in/sign-in: a session', () => {
  it('holds who, from where and until when, and what the login said of rights', async () => {
    const organizations = [{ id: 'acme', name: 'Acme' }];
    const world = makeWorld({ logins: [form('door', proven({ permissions: ['admin'], organizations, standing: { id: 7 } }))] });
    const user = signedIn(await world.submit({}, { 'user-agent': FIREFOX }));
    const { origin, ...rest } = (await world.sessionIn(user))!;
    expect(rest).toEqual({
      v: 1, userId: user.userId, claims: { name: 'Ada', sub: user.userId }, permissions: ['admin'], organizations, provenAt: START,
      createdAt: START, expiresAt: START + TTL, seenAt: START, idleUntil: START + IDLE, agent: { browser: 'Firefox', system: 'Linux' }, network: expect.stringContaining('192.0.2'),
    });
    expect(origin).toEqual({ login: 'door', sealed: expect.any(String) });
    expect(user.cookie).toMatch(new RegExp(`^__Host-portcullis-session=[\\w-]{43}; .*Max-Age=${TTL}(;|$)`));
    expect(user).toMatchObject({ came: { login: 'door', standing: { id: 7 } }, linked: [] });
    expect(world.events.at(-1)).toMatchObject({ kind: 'login.succeeded', login: 'door', userId: user.userId });
    const plain = makeWorld();
    const session = (await plain.sessionIn(signedIn(await plain.submit({}))))!;
    expect(['permissions' in session, 'organizations' in session, 'host' in session, session['origin']]).toEqual([false, false, false, { login: 'door' }]);
  }); // prettier-ignore

  it('counts as proven when the login says, never later than now; for a form of ours without a time, now; for a site, never', async () => {
    for (const [login, authenticatedAt, provenAt] of [['door', undefined, START], ['door', START - 50, START - 50], ['door', START + 50, START], ['site', undefined, 0], ['site', START - 5, START - 5], ['gone', undefined, 0]] as const) {
      const world = makeWorld();
      const user = signedIn(await admit(world.call(), { login, proven: proven(authenticatedAt === undefined ? {} : { authenticatedAt }) }));
      expect([login, (await world.sessionIn(user))?.['provenAt']]).toEqual([login, provenAt]);
    }
  }); // prettier-ignore

  it('has a new id, and ends the one that this browser had (no session fixation)', async () => {
    const world = makeWorld();
    const first = signedIn(await world.submit({}));
    const second = signedIn(await world.submit({}, { cookie: world.cookieOf(first) }));
    expect([first.userId === second.userId, first.hash === second.hash]).toEqual([true, false]);
    expect([await world.sessionIn(first), (await world.sessionIn(second)) === null]).toEqual([null, false]);
  });

  it('ends at once where the account was changed, disabled or removed meanwhile', async () => {
    const world = makeWorld();
    const account = await world.as.accounts.create({ username: 'bob', password: 'correct horse battery' });
    const own = (stamp?: string) => startSession(world.call(), { login: 'door', proven: { kind: 'proven', identity: { issuer: 'https://as.example', subject: account.id, claims: {} }, ...(stamp === undefined ? {} : { stamp }) } as never });
    expect((await world.as.accounts.find(account.id))?.stamp).toBe(account.stamp);
    signedIn(await own(account.stamp));
    expect(await own('former')).toBeNull();
    const gone = startSession(world.call(), { login: 'door', proven: { kind: 'proven', identity: { issuer: 'https://as.example', subject: 'unknown', claims: {} }, stamp: 'x' } as never });
    expect(await gone).toBeNull();
  }); // prettier-ignore

  it('tells of a new place where the user was not signed in here before, and only with the option', async () => {
    const mailbox = makeMailbox();
    const world = makeWorld({ securityEmails: mailbox.send as never, logins: [form('door', { kind: 'refused', reason: 'x' })] });
    const account = await world.as.accounts.create({ username: 'bob', password: 'correct horse battery', email: 'bob@mail.example', emailVerified: true });
    const identity = { issuer: 'https://as.example', subject: account.id, claims: {} };
    const enter = async (headers: Record<string, string>, network?: string): Promise<SignedIn> =>
      signedIn(await startSession(world.call(headers, 'GET', network), { login: 'door', proven: { kind: 'proven', identity } as never }));
    const { cookie = '' } = await enter({});
    const knownBefore = async (): Promise<number> =>
      ((await world.store.read(`notices:${await world.as.secrets.hash(`notices\n${account.id}`)}`))?.value as { known: string[] } | undefined)?.known.length ?? 0;
    await expect.poll(knownBefore).toBe(1);
    await enter({ 'user-agent': FIREFOX.replace(/Firefox.*/, 'Chrome/140.0.0.0 Safari/537.36'), cookie: cookie.split(';', 1)[0] ?? '' }); // this browser had the user's session
    await enter({ 'user-agent': FIREFOX });
    await expect.poll(() => mailbox.messages.length).toBe(1);
    expect(mailbox.messages[0]?.text).toContain('Firefox on Linux');
    await enter({}, '198.51.100.9');
    await expect.poll(() => mailbox.messages.length).toBe(2);
    expect(mailbox.messages[1]?.text).toContain(ENGLISH.account.browserOn('?', '?'));
    await enter({}, '198.51.100.9');
    await enter({ 'user-agent': 'curl/8' }, '198.51.100.200'); // the same network, a browser as unknown
    expect([mailbox.messages.length, await knownBefore()]).toEqual([2, 3]); // and none of Chrome
  }); // prettier-ignore
});

describe('endpoints/sign-in/sign-in: a renewed session', () => {
  it('has a new id and the times, rights, accounts and origin of the old one, which is over', async () => {
    const world = makeWorld();
    const account = await world.as.accounts.create({ username: 'bob', password: 'correct horse battery' });
    const identity = { issuer: 'https://as.example', subject: account.id, claims: { name: 'Bob' } };
    const user = signedIn(await startSession(world.call(), { login: 'door', proven: { kind: 'proven', identity, permissions: ['admin'], authenticatedAt: START - 9, standing: { id: 7 } } as never }));
    world.clock.pass(100);
    const call = world.call({ cookie: world.cookieOf(user) });
    const session = (await sessionOf(call))!;
    const next = (await renewSession(call, session, { stamp: account.stamp }))!;
    expect([next.hash === user.hash, await world.sessionIn(user)]).toEqual([false, null]);
    expect(await world.sessionIn(next)).toMatchObject({ userId: account.id, claims: { name: 'Bob' }, permissions: ['admin'], provenAt: START - 9, createdAt: START, expiresAt: START + TTL, seenAt: START + 100, idleUntil: START + 100 + IDLE });
    expect(next).toMatchObject({ linked: [], came: { login: 'door', standing: { id: 7 } } });
    expect(next.cookie).toContain(`Max-Age=${TTL - 100}`);
    const hosted = (await renewSession(world.call({ cookie: world.cookieOf(next) }), { ...(await world.as.records.findSession(next.hash))!, hash: next.hash, host: 'door' } as never, { stamp: account.stamp }))!;
    expect(await world.sessionIn(hosted)).toMatchObject({ host: 'door' });
    const { provenAt: _, ...unproven } = (await world.as.records.findSession(hosted.hash))!;
    const last = (await renewSession(world.call(), { ...unproven, hash: hosted.hash } as never, { stamp: account.stamp }))!;
    expect(await world.sessionIn(last)).not.toHaveProperty('provenAt');
  }); // prettier-ignore

  it('keeps the accounts of sites that the session may use', async () => {
    const world = makeWorld();
    const { id, stamp } = await world.as.accounts.create({ username: 'bob', password: 'correct horse battery' });
    const user = signedIn(await startSession(world.call(), { login: 'door', proven: { kind: 'proven', identity: { issuer: 'https://as.example', subject: id, claims: {} } } as never }));
    const linked = [{ id: 'r1', account: { provider: 'corp', id: 'a1' }, key: 'k' }];
    const token = world.cookieOf(user).split('=')[1] ?? '';
    const upstreams = await world.as.secrets.sealUnder(token, linked, `session:${user.hash}:upstreams`);
    const session = { ...(await world.as.records.findSession(user.hash))!, hash: user.hash, upstreams };
    Object.assign(world.as, { vault: { allExist: async () => true } });
    const next = (await renewSession(world.call({ cookie: world.cookieOf(user) }), session as never, { stamp }))!;
    expect([next.linked, typeof (await world.sessionIn(next))?.['upstreams']]).toEqual([linked, 'string']);
  }); // prettier-ignore

  it('does not exist where the account was changed again, or is gone', async () => {
    const world = makeWorld();
    const account = await world.as.accounts.create({ username: 'bob', password: 'correct horse battery' });
    const identity = { issuer: 'https://as.example', subject: account.id, claims: {} };
    const enter = async (): Promise<Parameters<typeof renewSession>[1]> => {
      const user = signedIn(await startSession(world.call(), { login: 'door', proven: { kind: 'proven', identity } as never }));
      return { ...(await world.as.records.findSession(user.hash))!, hash: user.hash };
    };
    expect(await renewSession(world.call(), await enter(), { stamp: 'former' })).toBeNull();
    expect(await renewSession(world.call(), { ...(await enter()), userId: 'unknown' }, { stamp: account.stamp })).toBeNull();
    expect(((await world.store.list(`sessions:${account.id}`)).keys ?? []).length).toBe(0);
  });
});

describe('endpoints/sign-in/sign-in: what else it does', () => {
  it('names a user by name, username, address or id, in this order', () => {
    const all = { name: 'Ada', preferred_username: 'ada', email: 'ada@x', sub: '7' };
    const names = ['name', 'preferred_username', 'email', 'sub'].map((last) => {
      const name = nameOf(all as never, ENGLISH);
      delete (all as Record<string, string>)[last];
      return name;
    });
    expect(names).toEqual(['Ada', 'ada', 'ada@x', '7']);
    for (const claims of [{}, { name: 7 }]) expect(nameOf(claims as never, ENGLISH)).toBe(ENGLISH.signIn.yourAccount);
  });

  it('begins a session for the user of the application on a GET alone, without a session, and not before a second factor', async () => {
    const world = makeWorld();
    const found = { login: 'host', proven: proven() };
    const seen: unknown[] = [];
    const endpoint = autoSignIn(async (call) => (seen.push(call.begun?.userId), new Response()));
    const ask = async (more: Partial<Call>, headers = {}, method = 'GET', by = world): Promise<boolean> => {
      const call = by.call(headers, method);
      const answers = { hostSession: Promise.resolve(found as never) };
      return (await endpoint(changed(call, { answers, ...more }))).headers.has('set-cookie');
    };
    expect([await ask({}), await ask({}, {}, 'POST'), await ask({ answers: { hostSession: Promise.resolve(null) } })]).toEqual([true, false, false]);
    expect(seen.map((one) => typeof one)).toEqual(['string', 'undefined', 'undefined']);
    const user = signedIn(await world.submit({}));
    expect([await ask({}, { cookie: world.cookieOf(user) }), seen.at(-1)]).toEqual([false, undefined]);
    const asking = makeWorld({ secondFactor: { id: 'word', ask: async () => ({ kind: 'step', keep: null }) } as never });
    expect([await ask({}, {}, 'GET', asking), seen.at(-1)]).toEqual([false, undefined]);
    const gone = { answers: { hostSession: Promise.resolve({ login: 'host', proven: proven({ stamp: 'former' }) } as never) } };
    expect([await ask(gone), seen.at(-1)]).toEqual([false, undefined]);
  }); // prettier-ignore

  it('prepares each login, and answers 503 for a wrong configuration, which the log explains', async () => {
    const done: string[] = [];
    const door = form('door', proven());
    const told: Parameters<NonNullable<FormLogin['prepare']>>[0][] = [];
    const prepare = async (services: (typeof told)[number]): Promise<void> => void (told.push(services), done.push('prepared'));
    const world = makeWorld({ logins: [site, { ...door, prepare }, door] });
    await prepareLogins(world.call());
    expect(done).toEqual(['prepared']);
    expect([told[0]?.accounts === world.as.accounts, told[0]?.issuer]).toEqual([true, 'https://as.example']);
    const printed = vi.spyOn(console, 'error').mockImplementation(() => undefined);
    const wrong = makeWorld({ logins: [{ ...door, prepare: () => Promise.reject(new TypeError('ADA_PASSWORD is missing')) }] });
    await expect(prepareLogins(wrong.call())).rejects.toMatchObject({
      code: 'temporarily_unavailable',
      reason: 'login_misconfigured',
      cause: expect.any(TypeError),
    });
    expect(printed.mock.calls).toEqual([['portcullis: the sign-in pages answer 503.', 'ADA_PASSWORD is missing']]);
    printed.mockRestore();
    const down = makeWorld({ logins: [{ ...door, prepare: () => Promise.reject(new Error('down')) }] });
    await expect(prepareLogins(down.call())).rejects.toThrow('down');
  });

  it('hashes passwords in the queue of the network of the request, and stops when it is cancelled', async () => {
    const world = makeWorld();
    const waiters: unknown[] = [];
    const note = async (...all: unknown[]): Promise<null> => (waiters.push(all.find((one) => typeof one === 'object' && one !== null && 'signal' in one)), null);
    Object.assign(world.as.accounts, { create: note, checkPassword: note, setPassword: note });
    const { accounts } = servicesOf(world.call());
    await accounts.create({ username: 'a', password: 'b' }, 'id');
    await accounts.checkPassword('a', 'b');
    await accounts.setPassword('id', 'b');
    expect(waiters).toEqual(Array.from({ length: 3 }, () => ({ network: '192.0.2.77', signal: expect.any(AbortSignal) })));
  }); // prettier-ignore

  it('gives a login random secrets and ids, the time, its pages, and the network of the request', () => {
    const services = servicesOf(makeWorld().call());
    expect([services.secret(), services.newId(), services.now(), services.network, services.issuer]).toEqual([
      expect.stringMatching(/^[\w-]{43}$/), expect.stringMatching(/^[\w-]{22}$/), START, '192.0.2.77', 'https://as.example',
    ]);
    expect(services.pageUrl('reset')).toBe('https://as.example/login/reset');
  }); // prettier-ignore
});
