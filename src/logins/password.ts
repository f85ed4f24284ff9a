/**
 * Sign-in with user name and password, for the accounts of our own store, and the accounts of the option `accounts` (seeds).
 * Order of checks: bounds, limits, hash. An unknown name and a wrong password get the same answer after the same work.
 */
import { field, html, type Html } from '../lib/html.ts';
import { checkNames } from '../lib/check-options.ts';
import { type Accounts, canBePassword, identityOf, type NewAccount, usernameKey } from '../model/account.ts';
import { checkMailer, foldAddress, type SendEmail } from '../model/email.ts';
import { isOutage } from '../model/error.ts';
import type { FormLogin, LoginResult, LoginServices, Step, StepView } from '../model/login.ts';
import type { Awaitable } from '../model/runtime.ts';
import type { Json } from '../model/store.ts';
import type { Words } from '../words/words.ts';
import { passwordSection, resetPages } from './password-change.ts';
import type { PasswordRules } from './password-rules.ts';
import { signUpPages } from './password-sign-up.ts';

/** Options of `password()`. */
export interface PasswordOptions<Env = unknown> {
  /**
   * Accounts that exist from the start, with passwords from the environment. Created before the first page is shown. A configured
   * password that changes replaces the account's, and ends its sessions and grants; one that the user chose stays until then.
   */
  readonly accounts?: ((env: Env) => readonly NewAccount[]) | undefined;
  /** Who may create an account: none (`closed`, the default), users invited by `accounts.invite`, or all (`open`). */
  readonly signUp?: 'closed' | 'invited' | 'open' | undefined;
  /** Sends messages. It enables password reset, and sign-up by e-mail address. */
  readonly sendEmail?: SendEmail<Env> | undefined;
  /** Whether a password is in a list of breached ones; called when one is chosen. When it throws, none is set. */
  readonly isBreached?: ((password: string, env: Env) => Awaitable<boolean>) | undefined;
}

const MAX_USERNAME = 256;
const MAX_PASSWORD = 1024;

/** NIST SP 800-63B §3.2.2 asks for a limit on failed tries; here waiting, not locking, limits them (SEC-152). */
const RULES = { most: 10, perNetwork: 100, per: 15 * 60 };
/** Those of an account under all its identifiers. */
const HIDDEN = { most: 10, per: 15 * 60, isSlowed: false };

/**
 * Signs users in by user name and password, for accounts of this server. Failed attempts are limited by account and network (NIST SP 800-63B
 * §3.2.2). Needs scrypt, which the entries for Node and Workers have.
 *
 * @throws {TypeError} at start-up for a wrong option.
 * @example
 * password({ accounts: (env: Env) => [{ username: 'ada', password: env['ADA_PASSWORD'], permissions: ['admin'] }] })
 */
export function password<Env = unknown>(options: PasswordOptions<Env> = {}): FormLogin {
  checkNames('password', options, 'accounts signUp sendEmail isBreached');
  const rules = rulesOf(options);
  const seeds = options.accounts && makeSeeds(options.accounts);
  return {
    id: 'password',
    account: [passwordSection(rules)],
    pages: [...(rules.sendEmail ? resetPages(rules) : []), ...signUpPages(rules)],
    label: (words) => words.password.label,
    ...(seeds ? { prepare: ({ accounts, env }: LoginServices) => seeds.prepare(accounts, env), checkEnv: seeds.check } : {}),
    fields,
    prove: (read, services) => check(read('username').trim(), read('password'), services),
    identifier: {
      accepts: (identifier) => isBounded(identifier, MAX_USERNAME),
      begin: async (identifier) => ({ kind: 'step', keep: identifier }),
      instead: (words) => words.password.instead,
    },
    steps: {
      view: stepView,
      async prove(read, kept, services) {
        const identifier = kept as string;
        const owner = foldAddress(identifier) === null ? null : await services.accounts.findByEmail(identifier);
        const result = await check(owner?.username ?? identifier, read('password'), services, identifier);
        return result as Exclude<LoginResult, Step>;
      },
    },
    ...(rules.sendEmail
      ? { checkIssuer: (issuer: string): void => checkMailer(rules.sendEmail as SendEmail<never>, issuer, 'password') }
      : {}),
    check({ scrypt }) {
      if (scrypt) return;
      throw new TypeError(
        'logins: password() needs scrypt, which this runtime lacks. Start with serve() from portcullis/node or portcullis/worker.',
      );
    },
  };
}

/** @param typed the identifier, if it is not the user name. */
async function check(username: string, secret: string, services: LoginServices, typed = username): Promise<LoginResult> {
  if (!isBounded(username, MAX_USERNAME) || !isBounded(secret, MAX_PASSWORD)) return refused('credentials_malformed');
  const counts = countsOf(username, typed);
  const counting = Promise.all(counts.map((count) => services.attempt(...count)));
  const allowed = counting.then(([wait]) => wait === null); // the account is read meanwhile, and nothing is hashed before
  allowed.catch(() => undefined); // reported by `checkPassword`
  let [reason, userId]: [string, string | undefined] = ['credentials_wrong', undefined];
  const tell = (...told: [string, string | undefined]): void => void ([reason, userId] = told);
  const account = await services.accounts
    .checkPassword(username, secret, undefined, tell, () => allowed)
    .catch(async (error: unknown) => {
      const isCounted = await allowed.catch(() => false);
      if (isCounted && isOutage(error)) for (const count of counts) await services.withdraw(...count); // the password was not checked
      throw error;
    });
  const [retryAfter = null, hidden = null] = await counting;
  if (retryAfter !== null) return { kind: 'limited', retryAfter, userId };
  if (hidden !== null) return refused('limited', account?.id ?? userId);
  if (!account) return refused(reason, userId);
  await Promise.all(counts.map(([kind, name]) => services.succeeded(kind, name)));
  return { kind: 'proven', identity: identityOf(account, services.issuer), stamp: account.stamp };
}

/**
 * Attempts count under what was typed, which the user is told, and under the account. The second count is not told: who has used up that of an
 * address would learn by it which user name belongs to the address.
 */
function countsOf(username: string, typed: string): readonly Parameters<LoginServices['attempt']>[] {
  return [
    ['password', usernameKey(typed), RULES],
    ['password-account', `account\n${usernameKey(username)}`, HIDDEN], // a name that no user can have, so that each count knows its own browsers
  ];
}

/** The page for the password, after the identifier. The identifier is in a field that only password managers see. */
function stepView(kept: Json, { password: say, signIn }: Words): StepView {
  const identifier = kept as string;
  return {
    title: say.enter,
    text: html`<strong><bdi>${identifier}</bdi></strong>`,
    fields: html`<input
        type="hidden"
        name="username"
        value="${identifier}"
        autocomplete="username"
      />${field('password', say.password, 'current-password', { id: 'password-password', type: 'password', autofocus: true })}`,
    button: signIn.button,
  };
}

/** One response for all, so that it does not reveal which names exist; the reason is for the operator. */
function refused(reason: string, userId?: string): LoginResult {
  return { kind: 'refused', reason, userId, text: ({ refused: say }: Words) => say.credentials_wrong, field: 'password' };
}

function fields(typed: { readonly [name: string]: string }, { password: say }: Words): Html {
  const username = field('username', say.username, 'username', { id: 'password-username', value: typed['username'] });
  return html`${username}${field('password', say.password, 'current-password', { id: 'password-password', type: 'password' })}`;
}

function isBounded(text: string, max: number): boolean {
  return text !== '' && text.length <= max && !text.includes('\0');
}

function rulesOf<Env>({ signUp = 'closed', sendEmail, isBreached, accounts }: PasswordOptions<Env>): PasswordRules {
  if (accounts !== undefined && typeof accounts !== 'function')
    throw new TypeError(
      'password: `accounts` must be a function of the environment, as passwords stand there: accounts: (env) => [{ username, password: env.ADA_PASSWORD }].',
    );
  if (!['closed', 'invited', 'open'].includes(signUp)) throw new TypeError("password: `signUp` must be 'closed', 'invited' or 'open'.");
  for (const [name, hook] of Object.entries({ sendEmail, isBreached })) {
    if (hook !== undefined && typeof hook !== 'function') throw new TypeError(`password: \`${name}\` must be a function.`);
  }
  return { signUp, ...(sendEmail ? { sendEmail: sendEmail as SendEmail<never> } : {}), ...(isBreached ? { isBreached } : {}) };
}

/** What a login does with its seeds. */
interface Seeds {
  /**
   * Warns, once, of permissions that the server does not read.
   *
   * @throws {TypeError} naming the account, and the variables of the environment that are missing.
   */
  readonly check: (env: unknown, isRead?: (permission: string) => boolean) => void;
  prepare(accounts: Accounts, env: unknown): Promise<void>;
}

/**
 * Seeds of a function from the environment to accounts: checked when a server is made for an environment, and created or updated before it
 * answers the first request for a page: no sign-up comes first, and no session opened with an old secret is shown anything.
 */
function makeSeeds<Env>(list: (env: Env) => readonly NewAccount[]): Seeds {
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
