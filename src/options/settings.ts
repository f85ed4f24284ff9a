/**
 * Settings of one issuer: the parsed options, with what needs the issuer or the environment; frozen.
 */
import { isLoopbackHost } from '../lib/url.ts';
import { covers, everyRouteOf, type Resource } from '../model/resource.ts';
import type { Paths, Settings } from '../model/settings.ts';
import { checkOwnIssuer, clientsOf, formerStoreOf } from './option-checks.ts';
import { scrapeTokenOf } from './monitoring.ts';
import { resourcesOf, uriOf } from './resources.ts';
import type { ParsedOptions } from './parse.ts';
import { fail } from './kinds.ts';

/** The issuer and the path of a server. */
export interface Place {
  readonly issuer: string;
  /** Id of the tenant. */
  readonly tenant?: string | null;
  /** The path of a tenant's issuer, if it has one. */
  readonly prefix?: string;
  /** The issuers of all tenants. */
  readonly issuers?: readonly string[];
}

/** Completes the settings of one issuer. @throws {TypeError} naming the option and the fix. */
export function settingsOf<Env>(
  { options, routes, look, settings }: ParsedOptions<Env>,
  { issuer, tenant = null, prefix = '', issuers = [issuer] }: Place,
  limits: boolean,
  env: Env,
): Settings {
  checkIssuer(issuer, prefix);
  if (prefix !== '' && routes.some(({ path }) => path === '/'))
    fail('apiRoute', 'cannot be "/" where the issuer has a path; give it a path of its own, such as "/mcp"');
  for (const login of settings.logins) login.checkIssuer?.(issuer, issuers);
  checkOwnIssuer(settings.trustedIssuers, issuer);
  const { origin, host } = new URL(issuer);
  const { name = host, defaultResource, clients = [], formerStore } = options;
  const resources = resourcesOf(options, routes, { issuer, prefix });
  return Object.freeze({
    ...settings,
    issuer,
    issuers,
    origin,
    tenant,
    paths: below(prefix, settings.paths),
    resources,
    defaultResource: defaultResource === undefined ? null : uriOf(defaultResource, issuer),
    everyRoute: defaultResource === undefined ? everyRouteIn(resources, issuer) : undefined,
    formerStore: formerStoreOf(typeof formerStore === 'function' ? formerStore(env) : formerStore),
    clients: clientsOf(typeof clients === 'function' ? clients(env) : clients),
    limits,
    scrapeToken: scrapeTokenOf(options.monitoring, env),
    name,
    brand: { ...look, name },
  });
}

/** The resource of a request that names none of several routes: its token is valid at all of them and has the scopes that each requires. */
function everyRouteIn(resources: readonly Resource[], issuer: string): Resource | undefined {
  const routes = resources.filter(({ path }) => path !== null);
  if (resources.length < 2 || routes.length === 0) return undefined;
  const accessTokenTTL = routes.flatMap(({ accessTokenTTL: one }) => one ?? []);
  const requiredScopes = [...new Set(routes.flatMap((route) => route.requiredScopes))];
  return {
    uri: everyRouteOf(issuer),
    path: null,
    metadataPath: '',
    requiredScopes,
    ...(accessTokenTTL.length === 0 ? {} : { accessTokenTTL: Math.min(...accessTokenTTL) }),
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
