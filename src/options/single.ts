/**
 * Option checks: what is wrong with single options, found when the provider is made. Each message names the option and the mend.
 */
import { isForm, type Login } from '../model/login.ts';

const DAY = 86_400;

/** What these checks look at of the provider's options. */
export interface LooseOptions {
  readonly permissions?: unknown;
  readonly grantableScopes?: unknown;
  readonly on?: unknown;
  readonly onError?: unknown;
  readonly allowedOrigins?: unknown;
  readonly [option: string]: unknown;
}

/** Refuses an option. @throws {TypeError} always. */
export function fail(option: string, mend: string): never {
  throw new TypeError(`OAuthProvider: \`${option}\` ${mend}.`);
}

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
export function checkTokens({ externalTokens: source, anonymous }: LooseOptions): void {
  if (anonymous !== undefined && typeof anonymous !== 'boolean') fail('anonymous', 'must be true or false');
  if (source === undefined) return;
  const { verify, authorizationServers } = (source ?? {}) as { verify?: unknown; authorizationServers?: unknown };
  if (typeof verify !== 'function' || !Array.isArray(authorizationServers))
    fail('externalTokens', 'must be a token source, such as verifyJwt({ issuer }) of portcullis/verifiers');
}

/** Functions must be functions, origins origins. */
export function checkRest({
  permissions,
  grantableScopes,
  on,
  onError,
  allowedOrigins,
  requirePushedAuthorizationRequests: push,
  dpopNonces: nonces,
}: LooseOptions): void {
  if (push !== undefined && typeof push !== 'boolean') fail('requirePushedAuthorizationRequests', 'must be true or false');
  if (nonces !== undefined && typeof nonces !== 'boolean') fail('dpopNonces', 'must be true or false');
  if (permissions !== undefined && typeof permissions !== 'function') fail('permissions', 'must be a function (access, env) → permissions');
  if (grantableScopes !== undefined && typeof grantableScopes !== 'function')
    fail('grantableScopes', 'must be a function (who, env) → scopes');
  if (on !== undefined && typeof on !== 'function') fail('on', 'must be a function that takes an event');
  if (onError !== undefined && typeof onError !== 'function')
    fail('onError', 'must be a function (refusal, response, request) → response or nothing');
  if (allowedOrigins === undefined) return;
  const isOrigin = (one: unknown): boolean => one === '*' || (typeof one === 'string' && URL.canParse(one) && new URL(one).origin === one);
  if (!Array.isArray(allowedOrigins) || !allowedOrigins.every(isOrigin)) {
    fail('allowedOrigins', 'must be a list of origins such as "https://app.example", without a path or a slash at the end, or ["*"]');
  }
}

/** Ids of logins stand in forms and paths: each once, and plain. */
export function checkLogins(logins: readonly Login[]): void {
  if (!Array.isArray(logins)) fail('logins', 'must be a list, such as [password()]');
  const ids = logins.map((login) => login.id);
  const twice = ids.find((id, at) => ids.indexOf(id) !== at);
  if (twice !== undefined) fail('logins', `holds two with the id ${JSON.stringify(twice)}; give one of them an \`id\` of its own`);
  const odd = ids.find((id) => !/^[a-z0-9][a-z0-9-]{0,31}$/.test(id)); // it stands in the path of a callback
  if (odd !== undefined) fail('logins', `holds the id ${JSON.stringify(odd)}; use 1 to 32 lower-case letters, digits and hyphens`);
  if (logins.filter((login) => 'present' in login && login.present).length > 1)
    fail('logins', 'holds existingSession() twice; there is one application, so keep one and let its `find` look everywhere');
  checkSections(logins);
  checkPages(logins);
}

/** Parts of the account page that are ours. */
const OWN_SECTIONS: readonly string[] = ['apps', 'sessions', 'sign-ins'];

/** Pages beside the sign-in page that are ours. */
const OWN_PAGES: readonly string[] = ['step'];

function checkPages(logins: readonly Login[]): void {
  const ids = [...OWN_PAGES, ...logins.filter(isForm).flatMap(({ pages = [] }) => pages.map((page) => page.id))];
  const bad = ids.find((id, at) => ids.indexOf(id) !== at || !/^[a-z0-9][a-z0-9-]{0,31}$/.test(id));
  if (bad !== undefined) fail('logins', `bring a page with the id ${JSON.stringify(bad)}, which is taken or malformed; rename it`);
}

function checkSections(logins: readonly Login[]): void {
  const ids = [...OWN_SECTIONS, ...logins.flatMap((login) => (login.account ?? []).map((section) => section.id))];
  const bad = ids.find((id, at) => ids.indexOf(id) !== at || !/^[a-z0-9][a-z0-9-]{0,31}$/.test(id));
  if (bad !== undefined)
    fail('logins', `bring a part of the account page with the id ${JSON.stringify(bad)}, which is taken or malformed; rename it`);
}

/** Times are whole seconds within bounds. */
export function checkTimes(options: LooseOptions): void {
  const bounds: [string, number, number][] = [
    ['accessTokenTTL', 60, 30 * DAY], ['refreshTokenIdleTTL', 60, 3650 * DAY], ['refreshTokenGrace', 0, 3600],
    ['authorizationCodeTTL', 10, 600], ['clientRegistrationTTL', 3600, 3650 * DAY],
  ]; // prettier-ignore
  for (const [name, least, most] of bounds) checkSeconds(name, options[name], least, most);
  if (options.refreshTokenTTL !== 0) checkSeconds('refreshTokenTTL', options.refreshTokenTTL, 60, 3650 * DAY);
}

/** A whole number of seconds within bounds, or nothing. */
export function checkSeconds(name: string, value: unknown, least: number, most: number): void {
  if (value === undefined || (Number.isSafeInteger(value) && Number(value) >= least && Number(value) <= most)) return;
  fail(name, `must be a whole number of seconds from ${least} to ${most}; it is ${JSON.stringify(value)}`);
}
