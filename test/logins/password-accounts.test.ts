/** The accounts of `password({ accounts })`: what is refused at start-up, what is warned of, and how often the store is asked. */
import { describe, expect, it, onTestFinished, vi } from 'vitest';
import { password, type PasswordOptions } from '../../src/logins/password.ts';
import type { Accounts, NewAccount } from '../../src/model/account.ts';

type Env = { readonly [name: string]: string | undefined };
const SECRET = 'a long secret';
const of = (accounts: PasswordOptions<Env>['accounts']) => password<Env>({ accounts });
const checked = (accounts: PasswordOptions<Env>['accounts'], env: unknown, isRead?: (permission: string) => boolean): void =>
  of(accounts).checkEnv?.(env, isRead);

/** What is printed on the console until the test ends. */
function warnings(): string[] {
  const lines: string[] = [];
  const spy = vi.spyOn(console, 'warn').mockImplementation((line: string) => void lines.push(line));
  onTestFinished(() => spy.mockRestore());
  return lines;
}

describe('logins/password, accounts of the configuration', () => {
  it('are refused with the variables that are not set, each once', () => {
    const accounts = (env: Env): readonly NewAccount[] => [{ username: 'ada', password: (env['A'] ?? '') + (env['B'] ?? '') + (env['A'] ?? '') }];
    const set = 'password: `accounts` gives "ada" a password that has not 8 to 1,024 characters. Set';
    expect(() => checked(accounts, {})).toThrow(set.replace(' Set', ' Not set in the environment: A, B. Set'));
    expect(() => checked(accounts, { A: '', B: 'x' })).toThrow(set.replace(' Set', ' Not set in the environment: A. Set'));
    expect(() => checked(accounts, { A: 'x', B: 'x' })).toThrow(set);
    expect(() => checked(accounts, { A: SECRET, B: 'x' })).not.toThrow();
    const symbol = (env: object): readonly NewAccount[] => [{ username: 'ada', password: (env as { [key: symbol]: string })[Symbol.iterator] as string }];
    expect(() => checked(symbol, {})).toThrow('password: `accounts` gives "ada" no password. Set');
  }); // prettier-ignore

  it('need no environment where they do not read it', () => {
    for (const env of [undefined, null, 'text', 7]) {
      const seen: unknown[] = [];
      checked((given) => (seen.push(given), [{ username: 'ada', password: SECRET }]), env);
      expect(seen).toEqual([env]);
    }
  });

  it('may have no password, and no name twice in any case', () => {
    expect(() => checked(() => [{ username: 'ada' }, { username: 'bob' }], {})).not.toThrow();
    expect(() => checked(() => [{ username: 'Ada' }, { username: 'ada' }], {})).toThrow('names "ada" twice');
  });

  it('are warned of once where the server reads none of their permissions', () => {
    const lines = warnings();
    const login = of(() => [{ username: 'ada', permissions: ['admin'] }, { username: 'bob' }]);
    login.checkEnv?.({});
    login.checkEnv?.({}, () => true);
    expect(lines).toEqual([]);
    login.checkEnv?.({}, (permission) => permission !== 'admin');
    login.checkEnv?.({}, () => false);
    expect(lines).toEqual([expect.stringContaining('"ada" has `permissions`, but tools get none')]);
  });

  it('are entered once for each store, again where that failed, and with a warning where a name is not theirs', async () => {
    const lines = warnings();
    const entered: string[] = [];
    const outcomes = ['made', 'taken', 'stale'];
    const seed = async ({ username }: NewAccount): Promise<string> => (entered.push(username), outcomes[entered.length - 1] ?? 'same');
    const login = of(() => ['ada', 'bob', 'eve'].map((username) => ({ username, password: SECRET })));
    const [one, other] = [{ seed }, { seed }] as unknown as Accounts[];
    const prepare = (accounts: Accounts | undefined) => login.prepare?.({ accounts, env: {} } as never);
    await prepare(one);
    await prepare(one);
    expect(entered).toEqual(['ada', 'bob', 'eve']);
    expect(lines).toEqual([expect.stringContaining('"bob" is an account that was not made'), expect.stringContaining('"eve" has a newer password')]);
    await prepare(other);
    expect(entered).toHaveLength(6);
    const down = { seed: () => Promise.reject(new Error('down')) } as unknown as Accounts;
    await expect(prepare(down)).rejects.toThrow('down');
    await expect(prepare(down)).rejects.toThrow('down');
  }); // prettier-ignore
});
