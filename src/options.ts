/**
 * Options: what an application hands over, every default, every start-up check. Checked when the provider is made,
 * completed when the issuer is known, frozen after that. Each message names the option and the mend.
 */
import { isLoopbackHost } from './lib/url.ts';
import { checkHandler, checkLogins, checkRest, checkTimes, fail } from './option-checks.ts';
import type { Event } from './model/event.ts';
import type { Handler } from './model/handler.ts';
import type { Login } from './model/login.ts';
import { canonicalResource, covers, type Resource } from './model/resource.ts';
import { isScopeToken, type ScopeInfo } from './model/scope.ts';
import type { DocumentPolicy, Paths, Permissions, Settings } from './model/settings.ts';
import type { Seconds, Store } from './model/store.ts';
import { metadataPathOf } from './guard/resource-metadata.ts';

/** Options of `OAuthProvider`. */
export interface OAuthProviderOptions<Env = unknown> {
  /** Path or paths that need a token; each is a resource of its own (`/mcp`). Goes with `apiHandler`. */
  readonly apiRoute?: string | readonly string[];
  /** Answers requests with a good token: `MyMCP.serve('/mcp')`, `MyMCP.Router`, `{ fetch }`, a function, a `WorkerEntrypoint` class. */
  readonly apiHandler?: Handler<Env>;
  /** Several routes with a handler each, instead of the pair above. */
  readonly apiHandlers?: { readonly [route: string]: Handler<Env> };
  /** Answers everything else. Without `logins` it also owns `authorizeEndpoint`. */
  readonly defaultHandler?: Handler<Env>;
  /** Ways to sign in that we run: `[password()]`. With them the consent and sign-in pages are ours. */
  readonly logins?: readonly Login[];
  /** Default `/authorize`. */
  readonly authorizeEndpoint?: string;
  /** Default `/token`. */
  readonly tokenEndpoint?: string;
  /** Where clients register themselves (RFC 7591). Unset: they cannot. */
  readonly clientRegistrationEndpoint?: string;
  /** Whether clients may be known by a metadata document at the URL that is their id. Default: where the machine can fetch safely. */
  readonly clientIdMetadataDocumentEnabled?: boolean;
  /** Hosts whose documents are taken (`['claude.ai']`, subdomains included), or a decision for each URL. Default: all. */
  readonly clientIdMetadataPolicy?: DocumentPolicy;
  /** Public origin, `https://mcp.example`. Default: the variable `PORTCULLIS_ISSUER`; on loopback, the request's own origin. */
  readonly issuer?: string;
  /** Where records live, or how to find that in the environment. Default: `env.PORTCULLIS`, a Durable Object namespace or a store. */
  readonly store?: Store | ((env: Env) => Store);
  /** The name that pages show. Default: the issuer's host. */
  readonly name?: string;
  /** Scopes of this server: names, or names with the words that the consent page says ("Read your notes"). */
  readonly scopesSupported?: readonly string[] | { readonly [scope: string]: string };
  /** Scopes without which no call is let in; published, asked for, enforced. */
  readonly requiredScopes?: readonly string[];
  /** What a user may do, looked up on every request and put into `props.permissions`. When it throws, the request is refused with 503. */
  readonly permissions?: Permissions<Env>;
  /** Seconds; default 3,600. */
  readonly accessTokenTTL?: Seconds;
  /** Seconds from consent to the end of everything, however often refreshed; 0 for no refresh tokens. Default a year. */
  readonly refreshTokenTTL?: Seconds;
  /** Seconds without a refresh after which a grant ends. Default 30 days, or `refreshTokenTTL` where that is given. */
  readonly refreshTokenIdleTTL?: Seconds;
  /** Seconds in which a rotated refresh token still gets the same successor; 0 is strict. Default 120. */
  readonly refreshTokenGrace?: Seconds;
  /** Seconds, at most 600; default 60. */
  readonly authorizationCodeTTL?: Seconds;
  /** Seconds after which an unused registration ends. Default 90 days. */
  readonly clientRegistrationTTL?: Seconds;
  /** Origins of browser pages that may call the API, beside our own; `['*']` for all. */
  readonly allowedOrigins?: readonly string[];
  /** Told of every success, refusal and failure. Never gets a secret. */
  readonly on?: (event: Event) => void | Promise<void>;
}

const DAY = 86_400;
const KNOWN: { readonly [option in keyof Required<OAuthProviderOptions>]: true } = {
  apiRoute: true, apiHandler: true, apiHandlers: true, defaultHandler: true, logins: true, authorizeEndpoint: true,
  tokenEndpoint: true, clientRegistrationEndpoint: true, issuer: true, store: true, name: true, scopesSupported: true,
  requiredScopes: true, permissions: true, accessTokenTTL: true, refreshTokenTTL: true, refreshTokenIdleTTL: true,
  refreshTokenGrace: true, authorizationCodeTTL: true, clientRegistrationTTL: true, allowedOrigins: true, on: true,
  clientIdMetadataDocumentEnabled: true, clientIdMetadataPolicy: true,
}; // prettier-ignore

/** An API route with its handler. */
export interface ApiRoute<Env> {
  readonly path: string;
  readonly handler: Handler<Env>;
}

/** Options that passed every check that needs no issuer. */
export interface CheckedOptions<Env> {
  readonly options: OAuthProviderOptions<Env>;
  readonly paths: Paths;
  readonly routes: readonly ApiRoute<Env>[];
  readonly scopes: readonly ScopeInfo[];
}

/** Checks what can be checked at construction. @throws {TypeError} naming the option and the mend. */
export function checkOptions<Env>(options: OAuthProviderOptions<Env>): CheckedOptions<Env> {
  for (const name of Object.keys(options))
    if (!Object.hasOwn(KNOWN, name)) fail(name, 'is not an option of OAuthProvider; remove it, or check its spelling');
  const paths = pathsOf(options);
  const routes = routesOf(options);
  checkClashes(paths, routes);
  if (!options.defaultHandler && (options.logins?.length ?? 0) === 0) {
    fail('logins', 'is missing: give `logins: [password()]`, or a `defaultHandler` that answers the authorize endpoint');
  }
  if (options.defaultHandler !== undefined) checkHandler('defaultHandler', options.defaultHandler);
  checkLogins(options.logins ?? []);
  checkTimes({ ...options });
  checkRest({ ...options });
  checkDocuments(options);
  return { options, paths, routes, scopes: scopesOf(options) };
}

/** Completes the settings of one issuer. @throws {TypeError} naming the option and the mend. */
export function settingsOf<Env>({ options, paths, routes, scopes }: CheckedOptions<Env>, issuer: string, limits: boolean): Settings {
  checkIssuer(issuer);
  const access = options.accessTokenTTL ?? 3600;
  const absolute = options.refreshTokenTTL ?? 365 * DAY;
  const idle = absolute === 0 ? 0 : Math.min(absolute, options.refreshTokenIdleTTL ?? options.refreshTokenTTL ?? 30 * DAY);
  const codeTtl = options.authorizationCodeTTL ?? 60;
  const required = options.requiredScopes ?? [];
  const resources = routes.map(({ path }): Resource => {
    const uri = canonicalResource(issuer + path) ?? issuer;
    return {
      uri,
      path,
      metadataPath: metadataPathOf(uri),
      scopes: required,
      ...(options.name === undefined ? {} : { name: options.name }),
    };
  });
  return Object.freeze({
    issuer,
    paths,
    resources,
    scopes,
    defaultScope: required.length > 0 ? required : scopes.map((scope) => scope.name),
    lifetimes: { access, refresh: idle, grace: options.refreshTokenGrace ?? 120 },
    grantTtl: absolute === 0 ? access + codeTtl : absolute,
    codeTtl,
    clientTtl: options.clientRegistrationTTL ?? 90 * DAY,
    sessionTtl: 14 * DAY,
    limits,
    documents: options.clientIdMetadataDocumentEnabled ?? true,
    documentPolicy: options.clientIdMetadataPolicy ?? null,
    logins: options.logins ?? [],
    permissions: options.permissions ?? null,
    name: options.name ?? new URL(issuer).host,
    on: options.on ?? (() => {}),
  });
}

function pathsOf({
  authorizeEndpoint = '/authorize',
  tokenEndpoint = '/token',
  clientRegistrationEndpoint,
}: OAuthProviderOptions<never>): Paths {
  for (const [option, path] of Object.entries({ authorizeEndpoint, tokenEndpoint, clientRegistrationEndpoint })) {
    if (path === undefined) continue;
    checkPath(option, path);
    if (path === '/') fail(option, 'cannot be "/"; give it a path of its own, such as "/authorize"');
    if (covers('/.well-known', path)) fail(option, `cannot lie under /.well-known, where metadata stands; it is ${path}`);
  }
  const beside = (path: string, name: string): string => path.slice(0, path.lastIndexOf('/') + 1) + name;
  return {
    authorize: authorizeEndpoint,
    approve: `${authorizeEndpoint}/approve`,
    login: beside(authorizeEndpoint, 'login'),
    token: tokenEndpoint,
    revoke: beside(tokenEndpoint, 'revoke'),
    register: clientRegistrationEndpoint ?? null,
  };
}

function checkPath(option: string, path: string): void {
  if (typeof path === 'string' && /^\/(?:[A-Za-z0-9\-._~]+(?:\/[A-Za-z0-9\-._~]+)*)?$/.test(path) && !/(^|\/)\.{1,2}(\/|$)/.test(path))
    return;
  fail(option, `must be a path such as "/mcp": a slash, then letters, digits and - . _ ~ between slashes; it is ${JSON.stringify(path)}`);
}

function routesOf<Env>({ apiRoute, apiHandler, apiHandlers }: OAuthProviderOptions<Env>): readonly ApiRoute<Env>[] {
  if (apiHandlers !== undefined && (apiRoute !== undefined || apiHandler !== undefined))
    fail('apiHandlers', 'cannot go with `apiRoute` and `apiHandler`; keep one of the two forms');
  if (apiHandlers === undefined && (apiRoute === undefined || apiHandler === undefined))
    fail('apiRoute', 'and `apiHandler` are needed: the path to protect, and what answers there');
  const pairs = apiHandlers ? Object.entries(apiHandlers) : [apiRoute].flat().map((path) => [path, apiHandler] as const);
  if (pairs.length === 0) fail(apiHandlers ? 'apiHandlers' : 'apiRoute', 'is empty; name at least one path to protect');
  return pairs
    .map(([path, handler]) => {
      checkPath(apiHandlers ? 'apiHandlers' : 'apiRoute', path ?? '');
      checkHandler(apiHandlers ? `apiHandlers[${JSON.stringify(path)}]` : 'apiHandler', handler);
      return { path: path ?? '', handler: handler as Handler<Env> };
    })
    .toSorted((a, b) => b.path.length - a.path.length); // the longest path decides
}

function checkClashes(paths: Paths, routes: readonly { readonly path: string }[]): void {
  const seen = new Set<string>();
  for (const path of Object.values(paths)) {
    if (path === null) continue;
    if (seen.has(path))
      fail('authorizeEndpoint', `and the other endpoints clash: ${path} is used twice; give each endpoint a path of its own`);
    seen.add(path);
    const route = routes.find((one) => covers(one.path, path));
    if (route) fail('apiRoute', `${route.path} clashes with the endpoint ${path}, which must answer without a token; move one of them`);
  }
  const double = routes.find((route, at) => routes.findIndex((other) => other.path === route.path) !== at);
  if (double) fail('apiRoute', `names ${double.path} twice`);
  const hidden = routes.find((route) => covers('/.well-known', route.path));
  if (hidden) fail('apiRoute', `${hidden.path} lies under /.well-known, where metadata stands; move it`);
}

function checkDocuments({ clientIdMetadataDocumentEnabled: enabled, clientIdMetadataPolicy: policy }: OAuthProviderOptions<never>): void {
  if (enabled !== undefined && typeof enabled !== 'boolean') fail('clientIdMetadataDocumentEnabled', 'must be true or false');
  if (policy === undefined || typeof policy === 'function') return;
  const wrong = Array.isArray(policy) ? policy.find((host) => !isHost(host)) : policy;
  if (!Array.isArray(policy) || wrong !== undefined)
    fail('clientIdMetadataPolicy', `must be a function, or a list of host names such as "claude.ai"; it holds ${JSON.stringify(wrong)}`);
}

function isHost(host: unknown): boolean {
  return (
    typeof host === 'string' && URL.canParse(`https://${host}/`) && new URL(`https://${host}/`).hostname === host && !host.endsWith('.')
  );
}

/** Refuses to start with documents where the machine cannot fetch them. @throws {TypeError} naming the mend. */
export function checkFetch(options: OAuthProviderOptions<never>, canFetch: boolean): void {
  if (options.clientIdMetadataDocumentEnabled !== true || canFetch) return;
  fail(
    'clientIdMetadataDocumentEnabled',
    'needs a fetch that reaches public addresses only: on Workers add the compatibility flag "global_fetch_strictly_public"',
  );
}

function scopesOf({ scopesSupported = [], requiredScopes = [] }: OAuthProviderOptions<never>): readonly ScopeInfo[] {
  const listed: ScopeInfo[] = Array.isArray(scopesSupported)
    ? scopesSupported.map((name: string) => ({ name }))
    : Object.entries(scopesSupported).map(([name, description]) => ({ name, description }));
  const bad = [...listed.map((scope) => scope.name), ...requiredScopes].find((name) => !isScopeToken(name));
  if (bad !== undefined)
    fail('scopesSupported', `holds ${JSON.stringify(bad)}, which is not a scope: printable ASCII without spaces, quotes and backslashes`);
  const missing = requiredScopes.filter((name) => !listed.some((scope) => scope.name === name)).map((name) => ({ name }));
  return [...missing, ...listed];
}

function checkIssuer(issuer: string): void {
  const url = URL.canParse(issuer) ? new URL(issuer) : null;
  const shown = JSON.stringify(issuer);
  if (!url || url.origin !== issuer)
    fail(
      'issuer',
      `must be an origin such as "https://mcp.example": scheme and host in lower case, no path, no slash at the end; it is ${shown}`,
    );
  if (url.protocol !== 'https:' && !(url.protocol === 'http:' && isLoopbackHost(url.hostname)))
    fail('issuer', `must be https (plain http is for localhost only); it is ${shown}`);
}
