/**
 * Parses the options when the provider is made: checks them once and adds every default, and refuses those of what it is built without, as
 * `portcullis/own-pages` is. Values that need the issuer or the environment are added in `provider/host.ts`. Each message names the option and the fix.
 */
import type { SendEmail } from '../model/email.ts';
import type { Handler } from '../model/context.ts';
import type { Brand } from '../model/display.ts';
import { insteadOf } from '../lib/check-options.ts';
import { withoutSlash } from '../lib/url.ts';
import { haveSignIn } from '../model/login.ts';
import { covers } from '../model/resource.ts';
import { makeScopeExpansion, rightsIn } from '../model/scope.ts';
import type { Paths, Settings } from '../model/settings.ts';
import { checkHandler, checkKind, checkServed, checkTokens, clientsOf, fail, registrationOf, secretsOf } from './option-checks.ts';
import { accessKeysOf, adminOf, areHosts, auditOf, clientPolicyOf, hostsMust, monitoringPathsOf, telemetryOf } from './features.ts';
import { checkResources, scopesOf } from './resources.ts';
import { KNOWN, type OAuthProviderOptions } from './options.ts';
import type { checkLogins, checkSecondFactor, parsePages } from './pages.ts';
import type { IssuerFinder, TrustedIssuer } from '../model/assertion.ts';

/** An API route with its handler. */
export interface ApiRoute<Env> {
  readonly path: string;
  readonly handler: Handler<Env>;
}

/** The parsed options. All other code uses this value only. */
export interface ParsedOptions<Env> {
  /** The options as given: for `store` and `clients`, which may need the environment, and for settings of the same name. */
  readonly options: OAuthProviderOptions<Env>;
  readonly routes: readonly ApiRoute<Env>[];
  /** Null if they come from the environment. */
  readonly secrets: readonly string[] | null;
  readonly look: Omit<Brand, 'name'>;
  /** The settings that need no issuer and no environment, under the names of the options. */
  readonly settings: ParsedSettings;
}

/** The settings that are the same for every issuer and environment. */
export type ParsedSettings = Omit<
  Settings,
  | 'issuer'
  | 'issuers'
  | 'origin'
  | 'tenant'
  | 'resources'
  | 'defaultResource'
  | 'everyRoute'
  | 'clients'
  | 'formerStore'
  | 'name'
  | 'brand'
  | 'scrapeToken'
  | 'limits'
>;

const DAY = 86_400;
const NO_PARSERS: PartParsers = { pages: null, rareGrants: null };

/** Checks and completes the options when the provider is made. @throws {TypeError} naming the option and the fix. */
export function parseOptions<Env>(options: OAuthProviderOptions<Env>, { pages, rareGrants }: PartParsers = NO_PARSERS): ParsedOptions<Env> {
  for (const [name, value] of Object.entries(options)) {
    if (!Object.hasOwn(KNOWN, name)) fail(name, `is not an option of OAuthProvider; ${insteadOf(name, Object.keys(KNOWN))}`);
    const kind = KNOWN[name as keyof typeof KNOWN];
    if (kind !== null) checkKind(name, kind, value);
  }
  const { basePath, logins = [], secondFactor, defaultHandler, externalTokens, clientIdMetadataPolicy, clients } = options;
  if (basePath !== undefined) {
    checkPath('basePath', basePath);
    if (basePath === '/') fail('basePath', 'cannot be "/"; leave it out where the issuer has no path');
  }
  pages?.checkLogins(logins, defaultHandler !== undefined);
  pages?.checkSecondFactor(secondFactor);
  const paths = pathsOf(options);
  const routes = routesOf(options);
  checkClashes(servedPaths(paths, options), routes);
  checkServed(routes);
  if (!defaultHandler && logins.length === 0) {
    fail('logins', 'is missing: give `logins: [password()]`, or a `defaultHandler` that answers the authorize endpoint');
  }
  if (options.deviceAuthorizationEndpoint !== undefined && !haveSignIn(logins))
    fail('deviceAuthorizationEndpoint', 'needs `logins`: the page where people type the code is ours');
  if (options.unknownScopes === 'grant' && haveSignIn(logins))
    fail('unknownScopes', 'cannot be "grant" with `logins`: our consent page has no words for scopes that are not in `scopesSupported`');
  if (defaultHandler !== undefined) checkHandler('defaultHandler', defaultHandler);
  checkTokens(externalTokens);
  checkPolicy(clientIdMetadataPolicy);
  if (clients !== undefined && typeof clients !== 'function') clientsOf(clients);
  checkResources(options, routes);
  const { look, languages } = pages === null ? NO_PAGES : pages.parsePages(options.pages);
  const secrets = options.secret === undefined ? null : secretsOf(options.secret, undefined);
  const scopesSupported = scopesOf(options);
  const required = rightsIn(options.requiredScopes ?? []);
  const settings: ParsedSettings = {
    paths,
    scopesSupported,
    expandScopes: makeScopeExpansion(scopesSupported),
    unknownScopes: options.unknownScopes ?? 'ignore',
    defaultScope: required.length > 0 ? required : scopesSupported.map((scope) => scope.name),
    ...ttlsOf(options),
    dangerouslyCacheTokens: options.dangerouslyCacheTokens ?? 0,
    requirePushedAuthorizationRequests: options.requirePushedAuthorizationRequests ?? false,
    dpopNonces: options.dpopNonces ?? false,
    ...(rareGrants?.issuersOf(options.trustedIssuers ?? []) ?? { trustedIssuers: [], issuerFinder: null }),
    tokenExchange: options.tokenExchange ?? null,
    admin: adminOf(options.admin, haveSignIn(logins)),
    audit: auditOf(options.audit),
    telemetry: telemetryOf(options.telemetry),
    clientPolicy: clientPolicyOf(options.clientPolicy),
    accessKeys: accessKeysOf(options.accessKeys, logins.length > 0),
    clientRegistration: registrationOf(options.clientRegistration),
    clientIdMetadataDocumentEnabled: options.clientIdMetadataDocumentEnabled ?? true,
    clientIdMetadataPolicy: clientIdMetadataPolicy ?? null,
    logins,
    secondFactor: secondFactor ?? null,
    permissions: options.permissions ?? null,
    grantableScopes: options.grantableScopes ?? null,
    onTokens: options.onTokens ?? null,
    languages,
    on: options.on ?? null,
    securityEmails: (options.securityEmails as SendEmail<never> | undefined) ?? null,
    onError: options.onError ?? null,
  };
  return { options, routes, secrets, look, settings };
}

/** Every lifetime, in seconds. */
function ttlsOf(options: OAuthProviderOptions<never>): Pick<ParsedSettings, TTL> {
  const { refreshTokenTTL = 365 * DAY } = options;
  const idle = options.refreshTokenIdleTTL ?? options.refreshTokenTTL ?? 30 * DAY;
  return {
    accessTokenTTL: options.accessTokenTTL ?? 3600,
    refreshTokenTTL,
    refreshTokenIdleTTL: refreshTokenTTL === 0 ? 0 : Math.min(refreshTokenTTL, idle),
    refreshTokenGrace: options.refreshTokenGrace ?? 120,
    authorizationCodeTTL: options.authorizationCodeTTL ?? 60,
    clientRegistrationTTL: options.clientRegistrationTTL ?? 90 * DAY,
    sessionTtl: 14 * DAY,
    sessionIdleTtl: 3 * DAY,
  };
}

type TTL = Extract<keyof Settings, `${string}TTL` | `${string}Ttl` | 'refreshTokenGrace'>;

function pathsOf({
  authorizeEndpoint = '/authorize',
  tokenEndpoint = '/token',
  clientRegistrationEndpoint,
  deviceAuthorizationEndpoint,
  admin,
  monitoring,
}: OAuthProviderOptions<never>): Paths {
  for (const [option, path] of Object.entries({
    authorizeEndpoint,
    tokenEndpoint,
    clientRegistrationEndpoint,
    deviceAuthorizationEndpoint,
  })) {
    if (path === undefined) continue;
    checkPath(option, path);
    if (path === '/') fail(option, 'cannot be "/"; give it a path of its own, such as "/authorize"');
    if (covers('/.well-known', path)) fail(option, `cannot lie under /.well-known, where metadata stands; it is ${path}`);
  }
  const beside = (path: string, name: string): string => path.slice(0, path.lastIndexOf('/') + 1) + name;
  const probes = monitoringPathsOf(monitoring, (name) => beside(authorizeEndpoint, name));
  for (const [name, path] of Object.entries(probes)) if (path !== null) checkPath(`monitoring.${name}`, path);
  return {
    ...probes,
    authorize: authorizeEndpoint,
    approve: `${authorizeEndpoint}/approve`,
    login: beside(authorizeEndpoint, 'login'),
    account: beside(authorizeEndpoint, 'account'),
    step: `${beside(authorizeEndpoint, 'login')}/step`,
    token: tokenEndpoint,
    revoke: beside(tokenEndpoint, 'revoke'),
    introspect: beside(tokenEndpoint, 'introspect'),
    deviceAuthorization: deviceAuthorizationEndpoint ?? null,
    device: beside(authorizeEndpoint, 'device'),
    jwks: beside(tokenEndpoint, 'jwks'),
    push: beside(tokenEndpoint, 'par'),
    admin: admin === undefined ? null : beside(authorizeEndpoint, 'admin'),
    register: clientRegistrationEndpoint ?? null,
  };
}

function checkPath(option: string, path: string): void {
  if (typeof path === 'string' && /^\/(?:[A-Za-z0-9\-._~]+(?:\/[A-Za-z0-9\-._~]+)*)?$/.test(path) && !/(^|\/)\.{1,2}(\/|$)/.test(path))
    return;
  fail(option, `must be a path such as "/mcp": a slash, then letters, digits and - . _ ~ between slashes; it is ${JSON.stringify(path)}`);
}

function routesOf<Env>({ apiRoute, apiHandler, apiHandlers, resources }: OAuthProviderOptions<Env>): readonly ApiRoute<Env>[] {
  if (apiHandlers !== undefined && (apiRoute !== undefined || apiHandler !== undefined))
    fail('apiHandlers', 'cannot go with `apiRoute` and `apiHandler`; keep one of the two forms');
  const isElsewhere = Object.keys(Object(resources)).some((name) => !name.startsWith('/'));
  if (apiHandlers === undefined && apiRoute === undefined && apiHandler === undefined && isElsewhere) return []; // an authorization server alone
  if (apiHandlers === undefined && (apiRoute === undefined || apiHandler === undefined))
    fail('apiRoute', 'and `apiHandler` are needed: the path to protect, and what answers there');
  const pairs = apiHandlers ? Object.entries(apiHandlers) : [apiRoute].flat().map((path) => [path, apiHandler] as const);
  if (pairs.length === 0) fail(apiHandlers ? 'apiHandlers' : 'apiRoute', 'is empty; name at least one path to protect');
  return pairs
    .map(([path, handler]) => {
      const route = withoutSlash(path ?? '');
      checkPath(apiHandlers ? 'apiHandlers' : 'apiRoute', route);
      checkHandler(apiHandlers ? `apiHandlers[${JSON.stringify(path)}]` : 'apiHandler', handler);
      return { path: route, handler: handler as Handler<Env> };
    })
    .toSorted((a, b) => b.path.length - a.path.length); // the longest path wins
}

/** Paths that exist with these options: the application may use the others. */
function servedPaths(
  paths: Paths,
  { logins = [], accessTokenSigning = 'none', resources = {} }: OAuthProviderOptions<never>,
): Partial<Paths> {
  const { approve, login, account, step, device, jwks, ...always } = paths;
  const isSigned = [accessTokenSigning, ...Object.values(resources).map((one) => one?.accessTokenSigning)].some(
    (alg = 'none') => alg !== 'none',
  );
  return { ...always, ...(haveSignIn(logins) ? { approve, login, account, step, device } : {}), ...(isSigned ? { jwks } : {}) };
}

function checkClashes(paths: Partial<Paths>, routes: readonly { readonly path: string }[]): void {
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

function checkPolicy(policy: unknown): void {
  if (policy === undefined || typeof policy === 'function') return;
  if (!areHosts(policy)) fail('clientIdMetadataPolicy', `must be a function, or ${hostsMust(policy)}`);
}

/** Refuses to start with documents where the machine cannot fetch them. @throws {TypeError} naming the fix. */
export function checkFetch(options: OAuthProviderOptions<never>, canFetch: boolean): void {
  if (canFetch) return;
  const clients = typeof options.clients === 'function' ? [] : (options.clients ?? []);
  for (const [name, list] of Object.entries({ trustedIssuers: options.trustedIssuers ?? [], clients })) {
    if (typeof list !== 'function' && !list.some(({ jwksUri }) => jwksUri !== undefined)) continue;
    const fix = 'on Workers add the compatibility flag "global_fetch_strictly_public", or give `jwks`';
    fail(name, `has a \`jwksUri\`, which needs a fetch that reaches public addresses only: ${fix}`);
  }
  if (options.clientIdMetadataDocumentEnabled !== true) return;
  fail(
    'clientIdMetadataDocumentEnabled',
    'needs a fetch that reaches public addresses only: on Workers add the compatibility flag "global_fetch_strictly_public"',
  );
}

/** Parsers of options of parts; null for a part that the server is built without. */
export interface PartParsers {
  readonly pages: {
    readonly parsePages: typeof parsePages;
    readonly checkLogins: typeof checkLogins;
    readonly checkSecondFactor: typeof checkSecondFactor;
  } | null;
  readonly rareGrants: {
    /** The trusted issuers, checked, or the function that finds them. @throws {TypeError} naming what is wrong. */
    readonly issuersOf: (given: readonly TrustedIssuer[] | IssuerFinder<never>) => Pick<Settings, 'trustedIssuers' | 'issuerFinder'>;
  } | null;
  /** Refuses the options of what is missing. */
  readonly check?: typeof checkLeftOut;
}

/** A server without our pages speaks no language. */
const NO_PAGES: ReturnType<typeof parsePages> = {
  look: { templates: {} },
  languages: {
    find: () => null,
    of() {
      throw new TypeError('This server has no pages of ours.');
    },
  },
};

/** Refuses options of what a provider is built without. @throws {TypeError} naming the option and the fix. */
export function checkLeftOut(
  { logins = [], pages, secondFactor, securityEmails, tokenExchange, trustedIssuers = [] }: OAuthProviderOptions<never>,
  parts: PartParsers,
): void {
  const ofPages = { logins: logins.length > 0, pages, secondFactor, securityEmails };
  const ofRareGrants = { tokenExchange, trustedIssuers: [trustedIssuers].flat().length > 0 };
  const given = { ...(parts.pages ? {} : ofPages), ...(parts.rareGrants ? {} : ofRareGrants) };
  for (const [name, value] of Object.entries(given))
    if (value !== undefined && value !== false) fail(name, 'is not part of portcullis/own-pages; import OAuthProvider from portcullis');
}
