/**
 * Option checks: what is wrong with single options, that need more than a kind. Each message names the option and the fix.
 */
import { isForm, type Login } from '../model/login.ts';
import type { FetchObject } from '../model/handler.ts';
import { covers } from '../model/resource.ts';
import { fail } from './kinds.ts';

/** A handler must be something that answers requests. */
export function checkHandler(option: string, handler: unknown): void {
  const ok =
    typeof handler === 'function' ||
    (typeof handler === 'object' && handler !== null && 'fetch' in handler && typeof handler.fetch === 'function');
  if (!ok || isClassWithoutFetch(handler))
    fail(
      option,
      'must be an object with a `fetch` method, a fetch function, or a class with one (McpAgent: pass MyMCP.serve("/mcp") or MyMCP.Router)',
    );
}

/** A class that cannot be called and has no `fetch` to be called: most likely McpAgent itself. */
function isClassWithoutFetch(handler: unknown): boolean {
  if (typeof handler !== 'function' || !/^class\b/.test(Function.prototype.toString.call(handler))) return false;
  return typeof (handler.prototype as { fetch?: unknown }).fetch !== 'function';
}

/** A source of tokens has issuers and says what their tokens are worth. */
export function checkTokens(source: unknown): void {
  if (source === undefined) return;
  const { verify, authorizationServers } = (source ?? {}) as { verify?: unknown; authorizationServers?: unknown };
  if (typeof verify !== 'function' || !Array.isArray(authorizationServers))
    fail('externalTokens', 'must be a token source, such as verifyJwt({ issuer }) of portcullis/verifiers');
  if ('tokenOf' in (source as object))
    fail(
      'externalTokens',
      'cannot be a source that reads a header of its own, such as cloudflareAccess(); put guard() in front of your handler for that',
    );
}

/** Parts of the account page that are ours. */
const OWN_SECTIONS: readonly string[] = ['apps', 'sessions', 'sign-ins'];

/** Pages beside the sign-in page that are ours. */
const OWN_PAGES: readonly string[] = ['step'];

const ID = /^[a-z0-9][a-z0-9-]{0,31}$/;

function has(value: unknown, ...verbs: readonly string[]): boolean {
  return (
    typeof value === 'object' && value !== null && verbs.every((verb) => typeof (value as Record<string, unknown>)[verb] === 'function')
  );
}

function isLogin(login: unknown): boolean {
  return has(login, 'fields', 'prove') || has(login, 'begin', 'finish') || has(login, 'present');
}

/** What stands in the place of a login. */
function notALogin(value: unknown): string {
  if (typeof value === 'function') return `holds a function; call it: ${value.name || 'password'}()`;
  if (has(value, 'startSignIn', 'finishSignIn')) {
    const { id } = value as { readonly id: unknown };
    return `holds the site ${String(id)} itself; write upstream(${String(id)}({ … })), with upstream from portcullis`;
  }
  if (has(value, 'ask')) return 'holds a second factor; give it as `secondFactor: totp()`';
  return 'holds something that is no way to sign in; give what password(), emailCode(), upstream() and the like return';
}

/** A second factor is one, and asks. */
export function checkSecondFactor(factor: unknown): void {
  if (factor === undefined || has(factor, 'ask')) return;
  const [first]: readonly unknown[] = [factor].flat();
  if (isLogin(first)) fail('secondFactor', 'is a way to sign in; put it into `logins`');
  fail('secondFactor', `must be what totp() returns${Array.isArray(factor) ? ', not a list of it' : ''}: write secondFactor: totp()`);
}

/** Where a handler says at which paths it answers, each of its routes leads to one of them, and each of them is reached. */
export function checkServed(routes: readonly { readonly path: string; readonly handler: unknown }[]): void {
  for (const { path, handler } of routes) {
    const { servedPaths: served = [] } = handler as Pick<FetchObject, 'servedPaths'>;
    const isMine = (one: string): boolean => routes.find((route) => covers(route.path, plain(one)))?.handler === handler;
    const isBelow = (one: string, route: string): boolean => one.endsWith('/') && covers(plain(one), route);
    const isReached = (one: string): boolean =>
      isMine(one) || routes.some((route) => route.handler === handler && isBelow(one, route.path));
    const lost =
      served.find((one) => !isReached(one)) ??
      (served.some((one) => covers(path, plain(one)) || isBelow(one, path)) ? undefined : served[0]);
    if (lost !== undefined)
      fail(
        'apiRoute',
        `${path} and the path of its handler, ${plain(lost)}, do not fit: such calls would be answered with 404; give both the same path, or pass MyMCP.Router`,
      );
  }
}

function plain(served: string): string {
  return served.length > 1 && served.endsWith('/') ? served.slice(0, -1) : served;
}

/** Ids of logins stand in forms and paths: each once, and plain. */
export function checkLogins(logins: readonly Login[]): void {
  if (!Array.isArray(logins)) fail('logins', 'must be a list: write logins: [password()], in brackets');
  for (const login of logins as readonly unknown[]) if (!isLogin(login)) fail('logins', notALogin(login));
  if (logins.length > 0 && logins.every(({ kind }) => kind === 'connection'))
    fail(
      'logins',
      'holds connections alone, and nobody signs in with those; add a way to sign in, such as password() or existingSession()',
    );
  const ids = logins.map((login) => login.id);
  const twice = ids.find((id, at) => ids.indexOf(id) !== at);
  if (twice !== undefined) fail('logins', `holds two with the id ${JSON.stringify(twice)}; give one of them an \`id\` of its own`);
  const odd = ids.find((id) => !ID.test(id)); // it stands in the path of a callback
  if (odd !== undefined) fail('logins', `holds the id ${JSON.stringify(odd)}; use 1 to 32 lower-case letters, digits and hyphens`);
  if (logins.filter((login) => 'present' in login && login.present).length > 1)
    fail('logins', 'holds existingSession() twice; there is one application, so keep one and let its `find` look everywhere');
  checkBrought(logins);
}

/** What logins bring along. */
function checkBrought(logins: readonly Login[]): void {
  checkIds('part of the account page', [...OWN_SECTIONS, ...logins.flatMap(({ account = [] }) => account.map(({ id }) => id))]);
  checkIds('page', [...OWN_PAGES, ...logins.filter(isForm).flatMap(({ pages = [] }) => pages.map(({ id }) => id))]);
}

/** Ids can stand in paths, and are not there already. */
function checkIds(what: string, ids: readonly string[]): void {
  const bad = ids.find((id, at) => ids.indexOf(id) !== at || !ID.test(id));
  if (bad !== undefined) fail('logins', `bring a ${what} with the id ${JSON.stringify(bad)}, which is taken or malformed; rename it`);
}
