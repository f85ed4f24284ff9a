/**
 * Sites: the servers of one provider, and which of them a request is for. One server answers whatever reaches it; of several, the path
 * decides, and the host where they have more than one. What the `Host` header says chooses among those that are configured, and makes
 * no address (SEC-108).
 */
import { covers } from '../model/resource.ts';
import { type ParsedOptions, parseOptions } from '../options/parse.ts';
import type { OAuthProviderOptions } from '../options/options.ts';
import { tenantsOf } from '../options/tenants.ts';

/** One server. */
export interface IssuerServer<Env> {
  /** The tenant; null where the provider is one server. */
  readonly tenant: string | null;
  /** Null where that is the provider's own. */
  readonly origin: string | null;
  /** Path of the issuer, or nothing. */
  readonly prefix: string;
  readonly parsed: ParsedOptions<Env>;
}

/** The servers of a provider. @throws {TypeError} when an option is wrong, naming it and the fix. */
export function issuerServers<Env>(options: OAuthProviderOptions<Env>): readonly IssuerServer<Env>[] {
  const tenants = tenantsOf(options);
  if (tenants.length === 0) {
    const site = { tenant: null, origin: null, prefix: '', parsed: parseOptions(options) };
    checkAudiences([site]);
    return [site];
  }
  const sites = tenants.map(({ id, origin, prefix, options: own }) => ({ tenant: id, origin, prefix, parsed: parseOptions(own) }));
  checkAudiences(sites);
  return sites;
}

/**
 * A token that names a client or a project in place of the resource is good wherever its source is asked: at one route of one tenant, or it
 * would open what it was not made for (RFC 8707 §2). @throws {TypeError}
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

/** The site of a tenant, or the only one. @throws {TypeError} for a tenant that is not there. */
export function issuerServerFor<Env>(sites: readonly IssuerServer<Env>[], tenant: string | null): IssuerServer<Env> {
  const site = sites.find((one) => one.tenant === tenant);
  if (site) return site;
  const known = sites.map((one) => one.tenant).join(', ');
  throw new TypeError(
    tenant === null
      ? `OAuthProvider: there are several servers here; say of which tenant: ${known}.`
      : `OAuthProvider: there is no tenant ${JSON.stringify(tenant)}.`,
  );
}

/** Which server a request is for, or null. @param own the provider's own origin, asked for only where hosts differ. */
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

/** The path that a metadata document is about: its own address puts the well-known name before it (RFC 8414 §3.1, RFC 9728 §3.1). */
function subjectOf(path: string): string {
  return /^\/\.well-known\/[^/]+(\/.*)?$/.exec(path)?.[1] ?? path;
}
