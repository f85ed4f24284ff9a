/**
 * Tenants: several authorization servers in one provider, each with an issuer, users, clients, grants and keys of its own. The path and
 * the host configured here select the tenant of a request; a host that is not configured belongs to no tenant (SEC-108, SEC-198).
 */
import { isLoopbackHost } from '../lib/url.ts';
import { covers } from '../model/resource.ts';
import { TENANT_ID } from '../model/store.ts';
import type { OAuthProviderOptions, TenantOptions } from './options.ts';
import { fail } from './kinds.ts';

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
  return { id, origin: origin ?? base, prefix, options: { ...common, ...own } as OAuthProviderOptions<Env> }; // the handler is the same with and without `anonymous`
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
