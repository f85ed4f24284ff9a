/**
 * Password seeds: the accounts of `password({ accounts })`. They are checked when a server is made for an environment, and created or updated
 * before it answers the first request for a page: no sign-up comes first, and no session opened with an old secret is shown anything.
 */
import type { Accounts, NewAccount } from '../model/account.ts';
import { canBePassword, usernameKey } from '../model/account.ts';

/** What a login does with its seeds. */
export interface Seeds {
  /**
   * Warns, once, of permissions that the server does not read.
   *
   * @throws {TypeError} naming the account, and the variables of the environment that are missing.
   */
  readonly check: (env: unknown, isRead?: (permission: string) => boolean) => void;
  prepare(accounts: Accounts, env: unknown): Promise<void>;
}

/** Seeds of a function from the environment to accounts. */
export function makeSeeds<Env>(list: (env: Env) => readonly NewAccount[]): Seeds {
  const done = new WeakSet<Accounts>();
  const accountsIn = (env: unknown): readonly NewAccount[] => {
    const { watched, missing } = watch(env);
    const accounts = list(watched as Env);
    for (const account of accounts) checkSeed(account, missing);
    const names = accounts.map(({ username }) => usernameKey(username));
    const twice = names.find((name, at) => names.indexOf(name) !== at);
    if (twice !== undefined) throw new TypeError(`password: \`accounts\` names "${twice}" twice. Leave one of them out.`);
    return accounts;
  };
  let isWarned = false;
  return {
    check(env, isRead = () => true) {
      const unread = accountsIn(env).find(({ permissions = [] }) => !permissions.every(isRead));
      if (!unread || isWarned) return;
      isWarned = true;
      console.warn(`portcullis: password({ accounts }): "${unread.username}" ${UNREAD}`);
    },
    async prepare(accounts, env) {
      if (done.has(accounts)) return;
      for (const account of accountsIn(env)) {
        const outcome = await accounts.seed(account);
        if (outcome in WARNINGS) console.warn(`portcullis: password({ accounts }): "${account.username}" ${WARNINGS[outcome as 'taken']}`);
      }
      done.add(accounts);
    },
  };
}

const UNREAD =
  'has `permissions`, but tools get none without the option `permissions` of OAuthProvider. Give it permissions: ({ userId }, env) => env.OAUTH_PROVIDER.accounts.permissionsOf(userId).';

const WARNINGS = {
  taken:
    'is an account that was not made from `accounts`, so its password was left alone. Remove it (`accounts.remove`), or seed another name.',
  stale: 'has a newer password than the configured one, which was used before. Configure the newer one, or one that was never used.',
} as const;

/** An omitted password makes an account without one; one that is present and undefined is a secret that is not set. */
function checkSeed({ username, ...rest }: NewAccount, missing: readonly string[]): void {
  if (!('password' in rest)) return;
  const { password } = rest as { password?: unknown };
  if (typeof password === 'string' && canBePassword(password)) return;
  const variables = missing.length === 0 ? '' : ` Not set in the environment: ${missing.join(', ')}.`;
  const what = typeof password === 'string' ? 'a password that has not 8 to 1,024 characters' : 'no password';
  throw new TypeError(
    `password: \`accounts\` gives "${username}" ${what}.${variables} Set the secret, or leave \`password\` out for an account without one.`,
  );
}

/** The environment, wrapped to record every variable that was read and is not set. */
function watch(env: unknown): { readonly watched: unknown; readonly missing: readonly string[] } {
  const missing: string[] = [];
  if (typeof env !== 'object' || env === null) return { watched: env, missing };
  const watched = new Proxy(env, {
    get(target, name) {
      const value: unknown = Reflect.get(target, name);
      if ((value === undefined || value === '') && typeof name === 'string' && !missing.includes(name)) missing.push(name);
      return value;
    },
  });
  return { watched, missing };
}
