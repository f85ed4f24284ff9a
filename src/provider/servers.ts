/**
 * The authorization servers of a provider: one, or one for each tenant, with an issuer, users, clients, grants and keys of its own. Selects the
 * server of a request, and derives its issuer and path. A single server answers every request; of several, the path decides, and the host if they
 * have more than one. The `Host` header only selects among the configured hosts, and is never used to build a URL (SEC-108, SEC-198).
 */
import { defined } from '../lib/json.ts';
import { isLoopbackHost } from '../lib/url.ts';
import { covers } from '../model/resource.ts';
import { TENANT_ID } from '../model/store.ts';
import { type ParsedOptions, parseOptions, type PartParsers } from '../options/parse.ts';
import { fail } from '../options/option-checks.ts';
import type { OAuthProviderOptions, TenantOptions } from '../options/options.ts';

/** One server. */
export interface IssuerServer<Env> {
  /** The tenant; null for a single server. */
  readonly tenant: string | null;
  /** Null for the provider's own origin. */
  readonly origin: string | null;
  /** Path of the issuer, or empty. */
  readonly prefix: string;
  readonly parsed: ParsedOptions<Env>;
}

/** The servers of a provider. @throws {TypeError} when an option is wrong, naming it and the fix. */
export function issuerServers<Env>(options: OAuthProviderOptions<Env>, parts: PartParsers): readonly IssuerServer<Env>[] {
  const tenants = tenantsOf(options);
  for (const own of [options, ...tenants.map((one) => one.options)]) parts.check?.(own as OAuthProviderOptions<never>, parts);
  if (tenants.length === 0) {
    const site = { tenant: null, origin: null, prefix: '', parsed: parseOptions(options, parts) };
    checkAudiences([site]);
    return [site];
  }
  const sites = tenants.map(({ id, origin, prefix, options: own }) => ({ tenant: id, origin, prefix, parsed: parseOptions(own, parts) }));
  checkAudiences(sites);
  return sites;
}

/**
 * Refuses a token source without resources for more than one route: a token that names a client or a project in place of the resource is
 * valid wherever that source is used, also where it was not issued for (RFC 8707 §2). @throws {TypeError}
 */
function checkAudiences<Env>(sites: readonly IssuerServer<Env>[]): void {
  const audiences = sites.flatMap(({ parsed }) => parsed.routes.flatMap(() => [...new Set(parsed.options.externalTokens?.fixedAudience)]));
  const shared = audiences.find((one, at) => audiences.indexOf(one) !== at);
  if (shared === undefined) return;
  throw new TypeError(
    `OAuthProvider: \`externalTokens\` would take one token at several resources: its audience is fixed (${shared}), and there are several ${sites.length > 1 ? 'tenants' : 'routes'}. ` +
      'Let tokens name the resource (leave `audience` out), or give each of them a provider or a tenant with a source of its own.',
  );
}

/** The server of a tenant, or the only one. @throws {TypeError} for an unknown tenant. */
export function issuerServerFor<Env>(sites: readonly IssuerServer<Env>[], tenant: string | null): IssuerServer<Env> {
  const site = sites.find((one) => one.tenant === tenant);
  if (site) return site;
  const known = sites.map((one) => one.tenant).join(', ');
  throw new TypeError(
    tenant === null
      ? `OAuthProvider: there are several tenants; name one of them: ${known}.`
      : `OAuthProvider: there is no tenant ${JSON.stringify(tenant)}.`,
  );
}

/** The server of a request, or null. @param own returns the provider's own origin; called only if hosts differ. */
export function findIssuerServer<Env>(
  sites: readonly IssuerServer<Env>[],
  url: string,
  path: string,
  own: () => string,
): IssuerServer<Env> | null {
  const [first] = sites;
  if (first && first.tenant === null) return first;
  const asked = subjectOf(path);
  const there = sites.filter(({ prefix }) => prefix === '' || covers(prefix, asked));
  if (sites.every(({ origin }) => origin === first?.origin)) return there[0] ?? null;
  const { host } = new URL(url);
  return there.find(({ origin }) => new URL(origin ?? own()).host === host) ?? null;
}

/** The path that a metadata document is about: its URL has the well-known name before it (RFC 8414 §3.1, RFC 9728 §3.1). */
function subjectOf(path: string): string {
  return /^\/\.well-known\/[^/]+(\/.*)?$/.exec(path)?.[1] ?? path;
}

/** The path as all of our routers see it: one spelling, decided once. */
export function pathOf(url: string): string {
  if (/\\|\/\.(?![a-z])|%2e/i.test(url)) return new URL(url).pathname; // a dot and a letter are not a dot segment
  const start = url.indexOf('/', url.indexOf('//') + 2);
  if (start < 0) return '/';
  const query = url.indexOf('?', start);
  const fragment = url.indexOf('#', start);
  const end = query < 0 || (fragment >= 0 && fragment < query) ? fragment : query;
  return end < 0 ? url.slice(start) : url.slice(start, end);
}

/**
 * The path as the router of an application may read it: decoded once, without empty and dot segments. Such a router may have the API, too, and
 * must not be given by another spelling what the guard is before.
 */
export function decodedPath(path: string): string {
  if (!/%[2-7]|\/\//.test(path)) return path;
  const decoded = path.replace(/%([2-7].)/g, (_, hex: string) => String.fromCharCode(parseInt(hex, 16)));
  return new URL(`http://a${decoded.replace(/[\\/]+/g, '/')}`).pathname;
}

/** The request without the tenant's path: `MyMCP.serve('/mcp')` answers at `/mcp` of every tenant. */
export function withoutPrefix(request: Request, prefix: string): Request {
  if (prefix === '') return request;
  const url = new URL(request.url);
  url.pathname = url.pathname.slice(prefix.length);
  return new Request(url, request);
}

/** The issuer of a server and the issuer's path. */
export interface Standing {
  readonly issuer: string;
  readonly prefix: string;
}

/**
 * The issuer of a server, whose path may come from the issuer or from `basePath`.
 *
 * @param given the configured issuer, or an origin. @throws {TypeError} if the two paths differ.
 */
export function standingOf(given: string, site: { readonly tenant: string | null; readonly prefix: string }, basePath = ''): Standing {
  if (site.tenant !== null) return { issuer: given + site.prefix, prefix: site.prefix };
  const pathname = URL.canParse(given) ? new URL(given).pathname : '/';
  const own = pathname === '/' ? '' : pathname;
  if (own !== '' && basePath !== '' && own !== basePath)
    throw new TypeError(`OAuthProvider: \`basePath\` is ${basePath}, and the issuer has the path ${own}; make them the same.`);
  return own === '' ? { issuer: given + basePath, prefix: basePath } : { issuer: given, prefix: own };
}

/** Adds the base path that a proxy has removed. A request that has it already, and metadata, stays as it is. */
export function withBase(request: Request, basePath: string): Request {
  const path = pathOf(request.url);
  const [, wellKnown = '', below] = /^(\/\.well-known\/[^/]+)(\/.*)?$/.exec(path) ?? [];
  const subject = wellKnown === '' ? path : (below ?? '');
  if (subject === basePath || subject.startsWith(`${basePath}/`)) return request;
  const url = new URL(request.url);
  url.pathname = wellKnown + basePath + subject; // metadata has the path after its name (RFC 8414 §3.1, RFC 9728 §3.1)
  return new Request(url, request);
}

/** A tenant with its options. */
export interface Tenant<Env> {
  readonly id: string;
  /** Null for the provider's own origin. */
  readonly origin: string | null;
  /** Path of the issuer: `/acme`, or nothing. */
  readonly prefix: string;
  readonly options: OAuthProviderOptions<Env>;
}

const COMMON = [
  'tenants', 'store', 'dangerouslyAllowEventualStore', 'secret', 'defaultHandler', 'apiRoute', 'apiHandler', 'apiHandlers',
  'authorizeEndpoint', 'tokenEndpoint', 'clientRegistrationEndpoint', 'deviceAuthorizationEndpoint', 'on',
]; // prettier-ignore

/** The tenants of the options; none where the provider is one server. @throws {TypeError} naming what is wrong. */
export function tenantsOf<Env>(options: OAuthProviderOptions<Env>): readonly Tenant<Env>[] {
  const { tenants, issuer: base, ...common } = options;
  if (tenants === undefined) return [];
  if (options.basePath !== undefined) fail('basePath', 'cannot go with `tenants`, each of which has a path or a host of its own');
  if (typeof tenants !== 'object' || tenants === null || Array.isArray(tenants) || Object.keys(tenants).length === 0)
    fail('tenants', 'must name at least one tenant, such as { acme: { issuer: "/acme" } }; leave it out for one server');
  const found = Object.entries(tenants).map(([id, own]) => tenantOf(id, own, { common, base }));
  checkApart(found);
  return found;
}

function tenantOf<Env>(
  id: string,
  given: TenantOptions<Env>,
  { common, base = null }: { readonly common: OAuthProviderOptions<Env>; readonly base: string | null | undefined },
): Tenant<Env> {
  if (!TENANT_ID.test(id))
    fail('tenants', `holds the id ${JSON.stringify(id)}; use 1 to 32 lower-case letters, digits and hyphens, and never change it`);
  const name = `tenants.${id}`;
  if (typeof given !== 'object' || given === null || typeof given.issuer !== 'string') fail(name, 'needs an `issuer`, such as "/acme"');
  const shared = COMMON.find((option) => Object.hasOwn(given, option));
  if (shared !== undefined) fail(`${name}.${shared}`, 'cannot differ by tenant; give it once, beside `tenants`');
  const { issuer, ...own } = given;
  const { origin, prefix } = placeOf(name, issuer);
  const routes = [common.apiRoute ?? [], Object.keys(common.apiHandlers ?? {})].flat();
  if (prefix !== '' && routes.includes('/'))
    fail('apiRoute', 'cannot be "/" where tenants stand at paths; give it a path of its own, such as "/mcp"');
  return { id, origin: origin ?? base, prefix, options: { ...common, ...defined(own) } as OAuthProviderOptions<Env> }; // the handler is the same with and without `anonymous`
}

function placeOf(name: string, issuer: string): Pick<Tenant<never>, 'origin' | 'prefix'> {
  const isPath = issuer.startsWith('/');
  const url = URL.canParse(issuer, isPath ? 'https://x' : undefined) ? new URL(issuer, isPath ? 'https://x' : undefined) : null;
  const prefix = url === null || url.pathname === '/' ? '' : url.pathname;
  const plain = /^(?:\/[A-Za-z0-9\-_~][A-Za-z0-9\-._~]*)*$/.test(prefix);
  const whole = url && (isPath ? prefix : url.origin + prefix);
  if (!url || !plain || issuer === '/' || whole !== issuer || covers('/.well-known', prefix))
    fail(
      `${name}.issuer`,
      `must be a path such as "/acme" or an address such as "https://mcp.example/acme", in lower-case scheme and host and without a slash at the end; it is ${JSON.stringify(issuer)}`,
    );
  if (!isPath && url.protocol !== 'https:' && !(url.protocol === 'http:' && isLoopbackHost(url.hostname)))
    fail(`${name}.issuer`, `must be https (plain http is for localhost only); it is ${JSON.stringify(issuer)}`);
  return { origin: isPath ? null : url.origin, prefix };
}

/** Refuses a tenant at or below another one: each request belongs to one tenant, or to none. */
function checkApart(tenants: readonly Tenant<never>[]): void {
  for (const one of tenants)
    for (const other of tenants) {
      if (one === other || one.origin !== other.origin) continue;
      if (one.prefix === '' || covers(one.prefix, other.prefix))
        fail(`tenants.${other.id}.issuer`, `lies at or below that of ${one.id}; give each tenant a path or a host of its own`);
    }
}
