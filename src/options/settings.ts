/**
 * Settings: the options of one issuer, completed with every default and frozen.
 */
import { isLoopbackHost } from '../lib/url.ts';
import { makeScopeExpansion, rightsIn } from '../model/scope.ts';
import { covers, everyRouteOf, type Resource } from '../model/resource.ts';
import type { Paths, Settings } from '../model/settings.ts';
import { brandOf } from '../pages/theme.ts';
import { makeLanguages } from '../words/languages.ts';
import { clientsOf } from './clients.ts';
import { issuersOf } from './issuers.ts';
import { registrationOf } from './registration.ts';
import { resourcesOf, uriOf } from './resources.ts';
import type { CheckedOptions } from './check.ts';
import { fail } from './kinds.ts';

const DAY = 86_400;

/** Where a server stands. */
export interface Place {
  readonly issuer: string;
  /** Which tenant that is. */
  readonly tenant?: string | null;
  /** The issuer's path, of a tenant that has one. */
  readonly prefix?: string;
  /** The issuers of all tenants. */
  readonly issuers?: readonly string[];
}

/** Completes the settings of one issuer. @throws {TypeError} naming the option and the fix. */
export function settingsOf<Env>(
  { options, paths, routes, scopes }: CheckedOptions<Env>,
  { issuer, tenant = null, prefix = '', issuers = [issuer] }: Place,
  limits: boolean,
  env: Env,
): Settings {
  checkIssuer(issuer, prefix);
  if (prefix !== '' && routes.some(({ path }) => path === '/'))
    fail('apiRoute', 'cannot be "/" where the issuer has a path; give it a path of its own, such as "/mcp"');
  for (const login of options.logins ?? []) login.checkIssuer?.(issuer, issuers);
  const access = options.accessTokenTTL ?? 3600;
  const absolute = options.refreshTokenTTL ?? 365 * DAY;
  const idle = absolute === 0 ? 0 : Math.min(absolute, options.refreshTokenIdleTTL ?? options.refreshTokenTTL ?? 30 * DAY);
  const codeTtl = options.authorizationCodeTTL ?? 60;
  const required = rightsIn(options.requiredScopes ?? []);
  const { origin } = new URL(issuer);
  const name = options.name ?? new URL(issuer).host;
  const resources = resourcesOf(options, routes, { issuer, prefix });
  const longest = Math.max(access, ...resources.map(({ accessTtl = 0 }) => accessTtl));
  return Object.freeze({
    issuer,
    issuers,
    origin,
    tenant,
    paths: below(prefix, paths),
    resources,
    defaultResource: options.defaultResource === undefined ? null : uriOf(options.defaultResource, issuer),
    everyRoute: options.defaultResource === undefined ? everyRouteIn(resources, issuer) : undefined,
    scopes,
    expandScopes: makeScopeExpansion(scopes),
    strictScopes: options.unknownScopes === 'refuse',
    defaultScope: required.length > 0 ? required : scopes.map((scope) => scope.name),
    lifetimes: { access, refresh: idle, grace: options.refreshTokenGrace ?? 120 },
    tokenCacheSeconds: options.dangerouslyCacheTokens ?? 0,
    pushedOnly: options.requirePushedAuthorizationRequests ?? false,
    dpopNonces: options.dpopNonces ?? false,
    grantTtl: absolute === 0 ? longest + codeTtl : absolute,
    codeTtl,
    clients: clientsOf(typeof options.clients === 'function' ? options.clients(env) : (options.clients ?? [])),
    trustedIssuers: issuersOf(options.trustedIssuers ?? [], issuer),
    exchangePolicy: options.tokenExchange ?? null,
    registration: registrationOf(options.clientRegistration),
    clientTtl: options.clientRegistrationTTL ?? 90 * DAY,
    sessionTtl: 14 * DAY,
    sessionIdleTtl: 3 * DAY,
    limits,
    documents: options.clientIdMetadataDocumentEnabled ?? true,
    documentPolicy: options.clientIdMetadataPolicy ?? null,
    logins: options.logins ?? [],
    secondFactor: options.secondFactor ?? null,
    permissions: options.permissions ?? null,
    grantableScopes: options.grantableScopes ?? null,
    name,
    brand: { ...brandOf(name, options.pages ?? {}), templates: options.pages?.templates ?? {} },
    languages: makeLanguages(options.pages?.words),
    on: options.on ?? null,
    onError: options.onError ?? null,
  });
}

/** What a request means that names none of several routes: a token that is good at all of them, and has what each of them needs. */
function everyRouteIn(resources: readonly Resource[], issuer: string): Resource | undefined {
  const routes = resources.filter(({ path }) => path !== null);
  if (resources.length < 2 || routes.length === 0) return undefined;
  const accessTtl = routes.flatMap(({ accessTtl: one }) => one ?? []);
  const scopes = [...new Set(routes.flatMap((route) => route.scopes))];
  return {
    uri: everyRouteOf(issuer),
    path: null,
    metadataPath: '',
    scopes,
    ...(accessTtl.length === 0 ? {} : { accessTtl: Math.min(...accessTtl) }),
  };
}

/** The paths of a server whose issuer has a path. */
function below(prefix: string, paths: Paths): Paths {
  return Object.fromEntries(Object.entries(paths).map(([name, path]) => [name, path === null ? null : prefix + path])) as unknown as Paths;
}

function checkIssuer(issuer: string, prefix: string): void {
  const url = URL.canParse(issuer) ? new URL(issuer) : null;
  const shown = JSON.stringify(issuer);
  const isPlain = /^(?:\/[A-Za-z0-9\-_~][A-Za-z0-9\-._~]*)*$/.test(prefix) && !covers('/.well-known', prefix);
  if (!url || url.origin + prefix !== issuer || !isPlain)
    fail(
      'issuer',
      `must be an origin such as "https://mcp.example", or one with a path such as "https://example.com/mcp-server": scheme and host in lower case, no slash at the end; it is ${shown}`,
    );
  if (url.protocol !== 'https:' && !(url.protocol === 'http:' && isLoopbackHost(url.hostname)))
    fail('issuer', `must be https (plain http is for localhost only); it is ${shown}`);
}
