/**
 * Option checks: the checks of single options beyond their kind, and their parsed values. Each message names the option and the fix.
 * No message contains any part of a secret (SEC-208).
 */
import { checkTypes, typeOf } from '../lib/check-options.ts';
import { withoutSlash } from '../lib/url.ts';
import { checkSecret as checkClientSecret, checkMembers, clientFrom, type ConfiguredClient } from '../model/client-spec.ts';
import type { FetchObject } from '../model/context.ts';
import type { FormerStore } from '../model/former.ts';
import { isForbiddenScheme, KNOWN_SCHEMES } from '../model/redirect.ts';
import { covers } from '../model/resource.ts';
import type { RegistrationRules, SecretClient } from '../model/settings.ts';
import type { TrustedIssuer } from '../model/assertion.ts';

/** Checks that a handler can answer requests. */
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

/** A class without a `fetch` method, which cannot handle requests: most likely McpAgent itself. */
function isClassWithoutFetch(handler: unknown): boolean {
  if (typeof handler !== 'function' || !/^class\b/.test(Function.prototype.toString.call(handler))) return false;
  return typeof (handler.prototype as { fetch?: unknown }).fetch !== 'function';
}

/** Checks that a token source has issuers and a verifier. */
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

/** Whether a value is an object with these functions. */
export function has(value: unknown, ...verbs: readonly string[]): boolean {
  return (
    typeof value === 'object' && value !== null && verbs.every((verb) => typeof (value as Record<string, unknown>)[verb] === 'function')
  );
}

/** If a handler declares its paths, checks that each of its routes leads to one of them, and that each of them has a route. */
export function checkServed(routes: readonly { readonly path: string; readonly handler: unknown }[]): void {
  for (const { path, handler } of routes) {
    const { servedPaths: served = [] } = handler as Pick<FetchObject, 'servedPaths'>;
    const isMine = (one: string): boolean => routes.find((route) => covers(route.path, withoutSlash(one)))?.handler === handler;
    const isBelow = (one: string, route: string): boolean => one.endsWith('/') && covers(withoutSlash(one), route);
    const isReached = (one: string): boolean =>
      isMine(one) || routes.some((route) => route.handler === handler && isBelow(one, route.path));
    const lost =
      served.find((one) => !isReached(one)) ??
      (served.some((one) => covers(path, withoutSlash(one)) || isBelow(one, path)) ? undefined : served[0]);
    if (lost !== undefined)
      fail(
        'apiRoute',
        `${path} and the path of its handler, ${withoutSlash(lost)}, do not fit: such calls would be answered with 404; give both the same path, or pass MyMCP.Router`,
      );
  }
}

/** The former store, or null. @throws {TypeError} if the option is no such store. */
export function formerStoreOf(given: FormerStore | undefined): FormerStore | null {
  if (given === undefined) return null;
  if (!has(given, 'findClient', 'findGrant'))
    fail('formerStore', 'must be a former store, such as workersOAuthKv((env) => env.OAUTH_KV) of portcullis/former');
  return given;
}

/** The clients by id. @throws {TypeError} naming what is wrong. */
export function clientsOf(given: readonly ConfiguredClient[]): ReadonlyMap<string, SecretClient> {
  if (!Array.isArray(given)) fail('clients', 'must be a list of clients, or a function of the environment that gives one');
  const clients = new Map<string, SecretClient>();
  for (const one of given as readonly ConfiguredClient[]) {
    if (typeof one?.id !== 'string') fail('clients', 'holds a client without an `id`; give each one a text');
    if (clients.has(one.id)) fail('clients', `holds ${JSON.stringify(one.id)} twice; give each client an id of its own`);
    checkMembers(`The client ${JSON.stringify(one.id)}`, one, ' id:string secret:string');
    const client = { ...clientFrom(one.id, one, 0), entered: true };
    checkClientSecret(one, client);
    clients.set(one.id, one.secret === undefined ? { client } : { client, secret: one.secret });
  }
  return clients;
}

/** Refuses our own issuer: this server signs no assertions. @throws {TypeError} */
export function checkOwnIssuer(issuers: readonly TrustedIssuer[], own: string): void {
  if (issuers.some(({ issuer }) => issuer === own)) fail('trustedIssuers', 'holds our own issuer, which signs no assertions; remove it');
}

/** How clients may register themselves. */
export interface RegistrationOptions {
  /** `required`: each registration needs a token of `helpers().clients.createInitialAccessToken()`, which works once. */
  readonly initialAccessToken?: 'required' | undefined;
  /** Maximum number of registered clients. Default 100,000. */
  readonly most?: number | undefined;
  /**
   * Private-use URI schemes of redirect URIs that are accepted besides those of known clients (`cursor`, `claude`, `vscode` …) and reversed
   * domain names (`com.example.app`, RFC 8252 §7.1); an empty list for none at all.
   */
  readonly redirectSchemes?: readonly string[] | undefined;
  /** Decides whether a client with this checked metadata may register, or change its registration. The body of the request is read already. */
  readonly policy?: RegistrationRules['policy'] | undefined;
}

const MAX_CLIENTS = 100_000;

/** The rules with every default. @throws {TypeError} naming the fix. */
export function registrationOf(given: RegistrationOptions = {}): RegistrationRules {
  checkTypes('OAuthProvider: `clientRegistration`', given, 'initialAccessToken most policy:function redirectSchemes');
  const { initialAccessToken, most = MAX_CLIENTS, policy = null, redirectSchemes } = given;
  if (initialAccessToken !== undefined && initialAccessToken !== 'required')
    fail('clientRegistration', 'takes `initialAccessToken: "required"`, or none');
  if (!Number.isSafeInteger(most) || most < 1) fail('clientRegistration', 'needs a whole number of at least 1 as `most`');
  const isScheme = (one: unknown): boolean => typeof one === 'string' && /^[a-z][a-z0-9+.-]*$/.test(one) && !isForbiddenScheme(one);
  if (redirectSchemes !== undefined && !(Array.isArray(redirectSchemes) && redirectSchemes.every(isScheme)))
    fail('clientRegistration', 'needs schemes as `redirectSchemes`, such as ["myapp"], in lower case and without a colon; [] for none');
  const schemes = redirectSchemes?.length === 0 ? [] : [...KNOWN_SCHEMES, ...(redirectSchemes ?? [])];
  return { needsInitialAccessToken: initialAccessToken === 'required', most, policy, redirectSchemes: schemes };
}

/** `openssl rand -base64 32` gives at least 43 characters; 32 bytes in hexadecimal have 64. */
const MIN_SIGNS = 43;
const MIN_DIGITS = 64;
/** Random text of that length has about twice as many different characters. */
const MIN_DIFFERENT = 16;
const MIN_DIFFERENT_DIGITS = 8;
const PLACEHOLDER =
  /change.?me|replace.?me|your.?secret|my.?secret|super.?secret|secret.?key|password|example|default|insecure|placeholder/i;

/**
 * The secrets of the option, else those of PORTCULLIS_SECRET (separated by commas), newest first; none if neither is set.
 *
 * @throws {TypeError} naming the option and the fix, when one is too short, all zero, a placeholder or a pattern.
 */
export function secretsOf(option: string | readonly string[] | undefined, variable: unknown): readonly string[] {
  const name = option === undefined ? 'secret (PORTCULLIS_SECRET)' : 'secret';
  const given: unknown = option === undefined ? variable || [] : option;
  const secrets = typeof given === 'string' ? given.split(option === undefined ? ',' : '\n').map((one) => one.trim()) : given;
  if (!texts.is(secrets) || (Array.isArray(option) && option.length === 0))
    fail(name, 'must be a string, or a list of strings with the newest first');
  const list = secrets as readonly string[];
  for (const secret of list) checkSecret(name, secret);
  if (new Set(list).size < list.length) fail(name, 'holds one secret twice');
  return list;
}

function checkSecret(name: string, secret: string): void {
  const digits = /^[0-9a-f]*$/i.test(secret);
  const fix = 'Take 32 random bytes, as from `openssl rand -base64 32`';
  if (secret.length < (digits ? MIN_DIGITS : MIN_SIGNS)) fail(name, `is too short to be a key: it must hold 32 random bytes. ${fix}`);
  if (PLACEHOLDER.test(secret)) fail(name, `looks like a placeholder. ${fix}`);
  const different = new Set(secret).size;
  if (different < (digits ? MIN_DIFFERENT_DIGITS : MIN_DIFFERENT) || isPattern(secret))
    fail(name, `could be guessed: it repeats or counts. ${fix}`);
}

/** Whether a text repeats a part of itself, or mostly counts up or down. */
function isPattern(text: string): boolean {
  if ((text + text).indexOf(text, 1) < text.length) return true;
  let steps = 0;
  for (let at = 1; at < text.length; at++) if (Math.abs(text.charCodeAt(at) - text.charCodeAt(at - 1)) <= 1) steps++;
  return steps > text.length / 2;
}

/** What a value must be. */
export interface Kind {
  /** Completes "must …": "be true or false". */
  readonly must: string;
  readonly is: (value: unknown) => boolean;
}

/** Refuses an option. @throws {TypeError} always. */
export function fail(option: string, problem: string): never {
  throw new TypeError(`OAuthProvider: \`${option}\` ${problem}.`);
}

/** Refuses a defined value of another kind. @throws {TypeError} naming the option and the fix. */
export function checkKind(option: string, { must, is }: Kind, value: unknown): void {
  if (value !== undefined && !is(value)) fail(option, `must ${must}; it is ${JSON.stringify(value)}`);
}

/** True or false. */
export const flag: Kind = { must: 'be true or false', is: (value) => typeof value === 'boolean' };

/** A function. @param form `(event) → nothing` */
export function functionOf(form: string): Kind {
  return { must: `be a function ${form}`, is: (value) => typeof value === 'function' };
}

/** One of some words. */
export function oneOf(...words: readonly string[]): Kind {
  return { must: `be one of ${words.join(', ')}`, is: (value) => words.some((word) => word === value) };
}

/** A whole number of seconds within bounds. @param isNone also allows 0, for "none". */
export function seconds(least: number, most: number, isNone = false): Kind {
  const none = isNone ? ', or 0 for none' : '';
  return {
    must: `be a whole number of seconds from ${least} to ${most}${none}`,
    is: (value) => (isNone && value === 0) || (Number.isSafeInteger(value) && Number(value) >= least && Number(value) <= most),
  };
}

/** Origins of pages, or all. */
export const origins: Kind = {
  must: 'be a list of origins such as "https://app.example", "tauri://localhost" or "null", as browsers send them, without a path or a slash at the end, or ["*"]',
  is: (value) => Array.isArray(value) && value.every((one) => one === '*' || isOrigin(one)),
};

/** Schemes whose origins have a host and a port; of all others the text is compared as it is. */
const WEB = /^https?:$/;

function isOrigin(text: unknown): boolean {
  if (text === 'null') return true; // sent by sandboxed frames, files and some desktop apps
  if (typeof text !== 'string' || !URL.canParse(text)) return false;
  const { protocol, origin } = new URL(text);
  return WEB.test(protocol) ? origin === text : /^[a-z][a-z0-9+.-]*:\/\/[A-Za-z0-9._-]+(:\d{1,5})?$/.test(text);
}

/** Names of scopes, or an object whose members they are. */
export const scopeNames: Kind = {
  must: "be a list of scopes such as ['notes:read', 'notes:write'], or an object with the words for each: { 'notes:read': 'Read your notes' }",
  is: (value) => /^(object|string\[\])$/.test(typeOf(value)),
};

/** A string. */
export const word: Kind = { must: 'be a string that is not empty', is: (value) => typeof value === 'string' && value !== '' };

/** Settings by route or URL. */
export const object: Kind = {
  must: 'be an object of settings, by route or full URL',
  is: (value) => typeOf(value) === 'object',
};

/** A list of texts. */
export const texts: Kind = {
  must: "be a list, such as ['notes:read', 'notes:write']",
  is: (value) => typeOf(value) === 'string[]',
};

/** Bounds of an access token's lifetime. */
export const ACCESS_TTL: Kind = seconds(60, 30 * 86_400);
