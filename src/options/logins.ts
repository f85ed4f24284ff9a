/** Checks of the options `logins` and `secondFactor`. Each message names the option and the fix. */
import { haveSignIn, isForm, type Login } from '../model/login.ts';
import { fail } from './kinds.ts';
import { has } from './option-checks.ts';

/** Our own sections of the account page. */
const OWN_SECTIONS: readonly string[] = ['apps', 'sessions', 'sign-ins', 'keys'];

/** Our own pages below the sign-in page. */
const OWN_PAGES: readonly string[] = ['step'];

const ID = /^[a-z0-9][a-z0-9-]{0,31}$/;

function isLogin(login: unknown): boolean {
  return has(login, 'fields', 'prove') || has(login, 'begin', 'finish') || has(login, 'present');
}

/** Describes a value that is not a login. */
function notALogin(value: unknown): string {
  if (typeof value === 'function') return `holds a function; call it: ${value.name || 'password'}()`;
  if (has(value, 'startSignIn', 'finishSignIn')) {
    const { id } = value as { readonly id: unknown };
    return `holds the site ${String(id)} itself; write upstream(${String(id)}({ … })), with upstream from portcullis`;
  }
  if (has(value, 'ask')) return 'holds a second factor; give it as `secondFactor: totp()`';
  return 'holds a value that is not a login; give what password(), emailCode(), upstream() and the like return';
}

/** Checks that the option is a second factor. */
export function checkSecondFactor(factor: unknown): void {
  if (factor === undefined || has(factor, 'ask')) return;
  const [first]: readonly unknown[] = [factor].flat();
  if (isLogin(first)) fail('secondFactor', 'is a way to sign in; put it into `logins`');
  fail('secondFactor', `must be what totp() returns${Array.isArray(factor) ? ', not a list of it' : ''}: write secondFactor: totp()`);
}

/** Checks that the ids of logins, which are used in forms and paths, are unique and plain. */
export function checkLogins(logins: readonly Login[], hasDefaultHandler = false): void {
  if (!Array.isArray(logins)) fail('logins', 'must be a list: write logins: [password()], in brackets');
  for (const login of logins as readonly unknown[]) if (!isLogin(login)) fail('logins', notALogin(login));
  if (logins.length > 0 && !haveSignIn(logins) && !hasDefaultHandler)
    fail(
      'logins',
      'holds connections only, with which no user signs in; add a login, such as password(), or a `defaultHandler` that answers the authorize endpoint',
    );
  const ids = logins.map((login) => login.id);
  const twice = ids.find((id, at) => ids.indexOf(id) !== at);
  if (twice !== undefined) fail('logins', `holds two with the id ${JSON.stringify(twice)}; give one of them an \`id\` of its own`);
  const odd = ids.find((id) => !ID.test(id)); // used in the path of a callback
  if (odd !== undefined) fail('logins', `holds the id ${JSON.stringify(odd)}; use 1 to 32 lower-case letters, digits and hyphens`);
  if (logins.filter((login) => 'present' in login && login.present).length > 1)
    fail('logins', 'holds existingSession() twice; there is one application, so keep one and let its `find` look everywhere');
  checkBrought(logins);
}

/** Checks the pages and sections that logins add. */
function checkBrought(logins: readonly Login[]): void {
  checkIds('part of the account page', [...OWN_SECTIONS, ...logins.flatMap(({ account = [] }) => account.map(({ id }) => id))]);
  checkIds('page', [...OWN_PAGES, ...logins.filter(isForm).flatMap(({ pages = [] }) => pages.map(({ id }) => id))]);
}

/** Checks that ids can be used in paths and are not taken. */
function checkIds(what: string, ids: readonly string[]): void {
  const bad = ids.find((id, at) => ids.indexOf(id) !== at || !ID.test(id));
  if (bad !== undefined) fail('logins', `bring a ${what} with the id ${JSON.stringify(bad)}, which is taken or malformed; rename it`);
}
