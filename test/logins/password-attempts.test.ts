/** How a user name and a password are counted and looked at, call by call: over the services that the endpoints give to a login. */
import { describe, expect, it } from 'vitest';
import { consoleMailer } from '../../src/logins/console-mailer.ts';
import { password, type PasswordOptions } from '../../src/logins/password.ts';
import type { LoginServices } from '../../src/model/login.ts';
import { OAuthError } from '../../src/model/error.ts';
import { ENGLISH } from '../../src/words/words.ts';

const RULES = { most: 10, perNetwork: 100, per: 900 };
const HIDDEN = { most: 10, per: 900, isSlowed: false };
const COUNTED = [
  ['attempt', 'password', 'ada', RULES],
  ['attempt', 'password-account', 'account\nada', HIDDEN],
];
const ACCOUNT = { id: 'id-ada', username: 'ada', permissions: [], stamp: 'stamp', createdAt: 0 };
const CHECKED = ['check', ' Ada '.trim(), 'secret'];

interface Given {
  readonly wait?: number;
  /** The same of the account. */
  readonly hidden?: number;
  /** Thrown by the count. */
  readonly uncounted?: Error;
  /** Thrown by the check of a password. */
  readonly error?: Error;
  /** Why the password is not good. */
  readonly reason?: string;
  readonly isRight?: boolean;
}

/** What comes of a name and a password, and every call that was made for it, in order. */
async function prove(username: string, secret: string, { wait, hidden, uncounted, error, reason, isRight = true }: Given = {}): Promise<readonly [unknown, unknown[]]> {
  const calls: unknown[] = [];
  const services = {
    issuer: 'https://as.example',
    attempt: async (...all: unknown[]) => (calls.push(['attempt', ...all]), uncounted ? Promise.reject(uncounted) : ((all[0] === 'password' ? wait : hidden) ?? null)),
    withdraw: async (...all: unknown[]) => void calls.push(['withdraw', ...all]),
    succeeded: async (...all: unknown[]) => void calls.push(['succeeded', ...all]),
    accounts: {
      async checkPassword(name: string, typed: string, _who: unknown, tell: (reason: string) => void, allowed?: () => Promise<boolean>) {
        if ((await allowed?.()) === false) return null;
        calls.push(['check', name, typed]);
        if (error) throw error;
        if (reason !== undefined) tell(reason);
        return isRight && reason === undefined ? ACCOUNT : null;
      },
    },
  } as unknown as LoginServices;
  const result = await password().prove((field) => ({ username, password: secret })[field] ?? '', services).catch((thrown: unknown) => thrown);
  return [result, calls];
} // prettier-ignore

const refused = (reason: string): object => ({ kind: 'refused', reason, text: expect.any(Function), field: 'password' });

describe('logins/password, attempts', () => {
  it('counts a try before the password is looked at, and forgets it when it was right (SEC-152)', async () => {
    const [result, calls] = await prove(' Ada ', 'secret');
    expect(result).toMatchObject({ kind: 'proven', stamp: 'stamp', identity: { issuer: 'https://as.example', subject: 'id-ada' } });
    expect(calls).toEqual([...COUNTED, CHECKED, ['succeeded', 'password', 'ada'], ['succeeded', 'password-account', 'account\nada']]);
  });

  it('forgets nothing when it was wrong, and tells the operator why', async () => {
    expect(await prove('Ada', 'secret', { isRight: false })).toEqual([refused('credentials_wrong'), [...COUNTED, CHECKED]]);
    const [result] = await prove('Ada', 'secret', { reason: 'account_without_password' });
    expect(result).toEqual(refused('account_without_password'));
    expect((result as { text: (words: typeof ENGLISH) => string }).text(ENGLISH)).toBe(ENGLISH.refused.credentials_wrong);
  });

  it('looks at no password beyond the count', async () => {
    expect(await prove('Ada', 'secret', { wait: 0 })).toEqual([{ kind: 'limited', retryAfter: 0 }, [...COUNTED]]);
  });

  it('refuses a right password beyond the count of the account, after the same work as for a wrong one (SEC-152)', async () => {
    const limited = { ...refused('limited'), userId: 'id-ada' };
    expect(await prove('Ada', 'secret', { hidden: 60 })).toEqual([limited, [...COUNTED, CHECKED]]);
    expect(await prove('Ada', 'secret', { hidden: 60, isRight: false })).toEqual([refused('limited'), [...COUNTED, CHECKED]]);
    expect((await prove('Ada', 'secret', { hidden: 60, wait: 5 }))[0]).toEqual({ kind: 'limited', retryAfter: 5 });
  });

  it('does not count an attempt that failed with 503, but counts every other', async () => {
    const outage = new OAuthError('temporarily_unavailable', 'store_down');
    expect(await prove('Ada', 'secret', { error: outage })).toEqual([
      outage,
      [...COUNTED, CHECKED, ['withdraw', 'password', 'ada', RULES], ['withdraw', 'password-account', 'account\nada', HIDDEN]],
    ]);
    const fault = new TypeError('ours');
    expect(await prove('Ada', 'secret', { error: fault })).toEqual([fault, [...COUNTED, CHECKED]]);
  });

  it('looks at no password that was not counted, and takes no try back', async () => {
    const outage = new OAuthError('temporarily_unavailable', 'store_down');
    expect(await prove('Ada', 'secret', { uncounted: outage })).toEqual([outage, [...COUNTED]]);
  });

  it('takes a name of 256 characters and a password of 1,024, and counts nothing beyond', async () => {
    for (const [name, secret] of [['a'.repeat(256), 'x'], ['a', 'x'.repeat(1024)]] as const)
      expect((await prove(name, secret))[0]).toMatchObject({ kind: 'proven' });
    for (const [name, secret] of [['a'.repeat(257), 'x'], ['a', 'x'.repeat(1025)], ['', 'x'], ['a', ''], ['a\0', 'x'], ['a', '\0']] as const)
      expect(await prove(name, secret)).toEqual([refused('credentials_malformed'), []]);
  }); // prettier-ignore
});

/** What comes of a password on the page after the identifier, and every call that was made for it. */
async function proveAfter(identifier: string, username?: string): Promise<readonly [unknown, unknown[]]> {
  const calls: unknown[] = [];
  const services = {
    issuer: 'https://as.example',
    attempt: async (_kind: string, whose: string) => (calls.push(['attempt', whose]), null),
    succeeded: async (_kind: string, whose: string) => void calls.push(['succeeded', whose]),
    accounts: {
      findByEmail: async (email: string) => (calls.push(['find', email]), username === undefined ? null : { ...ACCOUNT, username }),
      checkPassword: async (name: string, typed: string) => (calls.push(['check', name, typed]), ACCOUNT),
    },
  } as unknown as LoginServices;
  const { steps } = password();
  return [await steps?.prove((field) => ({ password: 'secret' })[field] ?? '', identifier, services), calls];
}

describe('logins/password, after an identifier', () => {
  it('accepts what is within the bounds of a user name, and begins with its own page', async () => {
    const { identifier } = password();
    expect(['ada', 'a'.repeat(256), '', 'a'.repeat(257), 'a\0'].map((one) => identifier?.accepts(one))).toEqual([true, true, false, false, false]);
    expect(await identifier?.begin('ada', {} as never)).toEqual({ kind: 'step', keep: 'ada' });
    const { instead } = identifier!;
    expect(instead instanceof Function && instead(ENGLISH)).toBe(ENGLISH.password.instead);
  });

  it('finds the account of an e-mail address, and counts attempts under what was typed and under the account', async () => {
    const [result, calls] = await proveAfter('Ada@Mail.Example', 'ada');
    expect(result).toMatchObject({ kind: 'proven' });
    expect(calls).toEqual([['find', 'Ada@Mail.Example'], ['attempt', 'ada@mail.example'], ['attempt', 'account\nada'], ['check', 'ada', 'secret'], ['succeeded', 'ada@mail.example'], ['succeeded', 'account\nada']]);
    expect((await proveAfter('ada@mail.example'))[1]).toContainEqual(['check', 'ada@mail.example', 'secret']);
  });

  it('looks for no address in a user name', async () => {
    expect((await proveAfter('ada', 'eve'))[1]).toEqual([['attempt', 'ada'], ['attempt', 'account\nada'], ['check', 'ada', 'secret'], ['succeeded', 'ada'], ['succeeded', 'account\nada']]);
  });

  it('shows the identifier as text, and asks for the password in a field that password managers know', () => {
    const { title, text, fields, button } = password().steps!.view('a<b', ENGLISH);
    expect([title, String(text), button]).toEqual([ENGLISH.password.enter, '<strong><bdi>a&#60;b</bdi></strong>', ENGLISH.signIn.button]);
    expect(String(fields)).toMatch(/<input\s+type="hidden"\s+name="username"\s+value="a&#60;b"\s+autocomplete="username"/);
    expect(String(fields)).toMatch(/<label for="password-password"[^]*<input(?=[^>]* id="password-password")(?=[^>]* name="password")(?=[^>]* type="password")(?=[^>]* autocomplete="current-password")(?=[^>]* autofocus)/);
  });

  it('asks for both on the first page, under the names that it reads', () => {
    const text = String(password().fields({ username: 'ada' }, ENGLISH));
    expect([...text.matchAll(/ name="([^"]*)"/g)].map(([, name]) => name)).toEqual(['username', 'password']);
    expect([...text.matchAll(/ type="([^"]*)"/g)].map(([, type]) => type)).toContain('password');
    expect(text).not.toContain('autofocus');
  });
}); // prettier-ignore

describe('logins/password, options', () => {
  it.each<[unknown, RegExp]>([
    [{ signup: 'open' }, /^password: `signup` is not an option; did you mean `signUp`/],
    [{ accounts: [] }, /^password: `accounts` must be a function/],
    [{ signUp: 'public' }, /^password: `signUp` must be 'closed', 'invited' or 'open'/],
    [{ sendEmail: 'x' }, /^password: `sendEmail` must be a function/],
    [{ isBreached: [] }, /^password: `isBreached` must be a function/],
  ])('refuses %j at start-up', (options, message) => {
    expect(() => password(options as PasswordOptions)).toThrow(message);
  });

  it('takes each way to sign up, and no console for a mailer where others can reach the server', () => {
    for (const signUp of ['closed', 'invited', 'open'] as const) expect(() => password({ signUp })).not.toThrow();
    const { checkIssuer } = password({ sendEmail: consoleMailer(() => undefined) });
    expect(() => checkIssuer?.('https://as.example')).toThrow(/^password: `sendEmail` is consoleMailer/);
    expect(() => checkIssuer?.('http://localhost:8787')).not.toThrow();
  });

  it('adds what its options need, and nothing else', () => {
    const plain = password();
    expect([plain.id, plain.label instanceof Function && plain.label(ENGLISH)]).toEqual(['password', ENGLISH.password.label]);
    expect([plain.prepare, plain.checkEnv, plain.checkIssuer, plain.account?.length]).toEqual([undefined, undefined, undefined, 1]);
    const withAll = password({ accounts: () => [], sendEmail: async () => undefined, signUp: 'open' });
    expect([withAll.prepare, withAll.checkEnv, withAll.checkIssuer].every((one) => one instanceof Function)).toBe(true);
    const idsOf = (login: typeof plain): readonly string[] => (login.pages ?? []).map(({ id }) => id);
    expect([idsOf(plain), idsOf(withAll)]).toEqual([[], ['forgot', 'reset', 'sign-up']]);
  });
});
