import { beforeEach, describe, expect, it } from 'vitest';
import { ENGLISH } from '../../src/words/words.ts';
import { password } from '../../src/logins/password.ts';
import type { Account, Accounts, NewAccount } from '../../src/model/account.ts';
import type { LoginResult, LoginServices } from '../../src/model/login.ts';

const ADA: NewAccount = { username: 'ada', password: 'correct horse', name: 'Ada', email: 'ada@example.org' };
/** What the person is told is the same for all. */
const WRONG = (reason: string): object => ({ kind: 'refused', reason, text: expect.any(Function), field: 'password' });

/** Accounts in a map, which count how often a password was hashed. */
class FakeAccounts implements Accounts {
  readonly kept = new Map<string, Account & { readonly password: string }>();
  hashed = 0;
  async create({ username, password: secret = '', name, email, permissions = [] }: NewAccount): Promise<Account> {
    if (secret.length < 8) throw new TypeError('A password must have 8 to 1,024 characters.');
    if (this.kept.has(username)) throw new TypeError('This username is taken.');
    const rest = { ...(name !== undefined && { name }), ...(email !== undefined && { email }) };
    const account = { id: `id-${username}`, username, permissions, stamp: 'first', createdAt: 0, ...rest };
    this.kept.set(username, { ...account, password: secret });
    return account;
  }
  async findByUsername(username: string): Promise<Account | null> {
    return this.kept.get(username) ?? null;
  }
  async checkPassword(
    username: string,
    secret: string,
    _who: unknown,
    _tell: unknown,
    allowed?: () => Promise<boolean>,
  ): Promise<Account | null> {
    if ((await allowed?.()) === false) return null;
    this.hashed += 1;
    const account = this.kept.get(username.toLowerCase());
    return account?.password === secret ? account : null;
  }
  async find(id: string): Promise<Account | null> {
    return [...this.kept.values()].find((account) => account.id === id) ?? null;
  }
  removeSecondFactor = async (): Promise<boolean> => false;
  seed = async (): Promise<'same'> => 'same';
  findByEmail = async (): Promise<null> => null;
  permissionsOf = async (): Promise<readonly string[]> => [];
  setPassword = async (): Promise<null> => null;
  setEmail = async (): Promise<void> => {};
  invite = async (): Promise<never> => Promise.reject(new TypeError('nobody is invited here'));
  setPermissions = async (): Promise<void> => {};
  remove = async (): Promise<void> => {};
}

let accounts: FakeAccounts;
let counts: Map<string, number>;

const services = (network = '192.0.2.1'): LoginServices => ({
  issuer: 'https://as.example',
  accounts,
  passkeys: {} as never, // none of its business
  totps: {} as never,
  signIns: {} as never,
  after: (work) => void work(),
  secret: () => 'secret',
  links: {} as never,
  newId: () => 'id',
  pageUrl: (page) => `https://as.example/login/${page}`,
  now: () => 1_000,
  limit: async () => null,
  forgive: async () => {},
  async attempt(kind, whose, { most, per }) {
    const name = `${kind} ${whose} ${network}`;
    const count = (counts.get(name) ?? 0) + 1;
    counts.set(name, count);
    return count > most ? per : null;
  },
  withdraw: async () => {},
  async succeeded(kind, whose) {
    counts.delete(`${kind} ${whose} ${network}`);
  },
  network,
  env: { MARK: 'env' },
  words: ENGLISH,
});

const login = password();
const tryWith = (username: string, secret: string, over: Partial<{ network: string; by: typeof login }> = {}): Promise<LoginResult> =>
  (over.by ?? login).prove((field) => ({ username, password: secret })[field] ?? '', services(over.network));

beforeEach(async () => {
  accounts = new FakeAccounts();
  counts = new Map();
  await accounts.create(ADA);
});

describe('logins/password', () => {
  it('proves the account, vouched for by our own issuer', async () => {
    expect(await tryWith('ada', 'correct horse')).toMatchObject({
      kind: 'proven',
      identity: {
        issuer: 'https://as.example',
        subject: 'id-ada',
        claims: { sub: 'id-ada', preferred_username: 'ada', name: 'Ada', email: 'ada@example.org' },
      },
    });
  });

  it('claims nothing that the account does not say', async () => {
    await accounts.create({ username: 'bob', password: 'battery staple' });
    expect(await tryWith('bob', 'battery staple')).toMatchObject({ identity: { claims: { sub: 'id-bob', preferred_username: 'bob' } } });
    const bare = await tryWith('bob', 'battery staple');
    expect(bare.kind === 'proven' && Object.keys(bare.identity.claims).toSorted()).toEqual(['preferred_username', 'sub']);
  });

  it('gives an unknown name and a wrong password one answer, after one hash each', async () => {
    expect(await tryWith('nobody', 'correct horse')).toEqual(WRONG('credentials_wrong'));
    expect(await tryWith('ada', 'wrong horse')).toEqual(WRONG('credentials_wrong'));
    expect(accounts.hashed).toBe(2);
  });

  it.each([
    ['an empty name', '', 'correct horse'],
    ['a name of blanks', '  ', 'correct horse'],
    ['an empty password', 'ada', ''],
    ['a name of 257 characters', 'a'.repeat(257), 'correct horse'],
    ['a password of 1,025 characters', 'ada', 'p'.repeat(1025)],
    ['a password of a megabyte', 'ada', 'p'.repeat(1_000_000)],
    ['a NUL in the name', 'ada\0', 'correct horse'],
    ['a NUL in the password', 'ada', 'correct horse\0'],
  ])('refuses %s without hashing and without counting (SEC-159)', async (_what, username, secret) => {
    expect(await tryWith(username, secret)).toEqual(WRONG('credentials_malformed'));
    expect([accounts.hashed, counts.size]).toEqual([0, 0]);
  });

  it('accepts a password of 1,024 characters, and a user name with a trailing blank', async () => {
    await accounts.create({ username: 'long', password: 'p'.repeat(1024) });
    expect(await tryWith('long ', 'p'.repeat(1024))).toMatchObject({ kind: 'proven' });
  });

  it('delays the eleventh attempt on one account, in any spelling, without hashing (SEC-152)', async () => {
    for (let count = 0; count < 10; count++) await tryWith('ada', 'wrong horse');
    for (const username of ['ada', 'ADA', ' ada ', '\uFF41\uFF44\uFF41', '\u0430d\u0430'])
      expect(await tryWith(username, 'correct horse')).toEqual({ kind: 'limited', retryAfter: 900 });
    expect(accounts.hashed).toBe(10);
    expect(await tryWith('eve', 'whatever it is')).toEqual(WRONG('credentials_wrong'));
  });

  it('does not sign in if the password was changed meanwhile (SEC-053)', async () => {
    const proven = await tryWith('ada', 'correct horse');
    if (proven.kind !== 'proven') throw new Error('not proven');
    expect(proven.stamp).toBe(accounts.kept.get('ada')!.stamp);
  });

  it('refuses to start without scrypt, and names the fix', () => {
    expect(() => login.check?.({ scrypt: false })).toThrow(/scrypt.*portcullis\/node or portcullis\/worker/);
    expect(() => login.check?.({ scrypt: true })).not.toThrow();
  });

  it('has fields that password managers know, and never fills a password in', () => {
    const text = login.fields({ username: '"><b>', password: 'tell nobody' }, ENGLISH).toString();
    expect(text).toMatch(/autocomplete="username"[^>]*autocapitalize="none"[^>]*spellcheck="false"/);
    expect(text).toContain('autocomplete="current-password"');
    expect(text).toContain('value="&#34;&#62;&#60;b&#62;"');
    expect(text).not.toContain('tell nobody');
    for (const id of ['password-username', 'password-password']) expect(text).toMatch(new RegExp(`for="${id}"[^]*id="${id}"`));
  });
});
