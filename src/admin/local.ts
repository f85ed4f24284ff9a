/**
 * An administrator of a store, without a running server: for the command line of an operator, who can read and write the store anyway. What
 * only the application's options say is unknown here: configured clients, resources, scopes, logins.
 */
import { coreParts } from '../core/parts.ts';
import type { AuthServer } from '../core/auth-server.ts';
import { readBlock, readTail } from '../core/audit/read.ts';
import type { Runtime } from '../model/runtime.ts';
import type { Seconds, Store } from '../model/store.ts';
import type { OAuthProviderOptions } from '../options/options.ts';
import { makeHelpers } from '../provider/helpers.ts';
import { makeHost } from '../provider/host.ts';
import { NO_PARTS, type Parts } from '../provider/parts.ts';
import { issuerServers, standingOf } from '../provider/servers.ts';
import type { Admin } from './act.ts';

/** Where and as whom to act. */
export interface LocalPlace {
  readonly store: Store;
  readonly runtime: Runtime;
  /** Who acts, for the audit: `cli:root`. */
  readonly by: string;
  readonly tenant: string | undefined;
  /** `PORTCULLIS_SECRET` and `PORTCULLIS_EPOCH`, as the server has them. */
  readonly env: { readonly [name: string]: string | undefined };
  /** The resource and the scopes of a key to make. */
  readonly resource: string | undefined;
  readonly scopes: readonly string[];
}

/** An origin for a store whose server is not named; it is in nothing that is stored. */
const NOWHERE = 'http://localhost';
/** Accounts and keys, which are administered, and no endpoint. */
const PARTS: Parts = { ...NO_PARTS, core: coreParts };

/** The administrator of a store. */
export interface LocalAdmin {
  readonly admin: Admin;
  /** Resolves when all is written that an act leaves behind, such as entries of the audit log. */
  readonly settled: () => Promise<void>;
}

/** Makes the administrator. @throws {TypeError} for a tenant, an epoch, a secret or a resource that cannot be. */
export async function localAdmin(place: LocalPlace): Promise<LocalAdmin> {
  const left: Promise<unknown>[] = [];
  const runtime: Runtime = { ...place.runtime, waitUntil: (work) => void left.push(work) };
  const as = serverOf(place, runtime, {});
  const keep = await keptFor(as);
  const server = keep === null ? as : serverOf(place, runtime, { audit: { keep } });
  const { accessKeys, clientPolicy } = server.settings;
  const settings = {
    ...server.settings,
    accessKeys: accessKeys && { ...accessKeys, personal: true }, // so that tokens of users are known when they are looked at
    clientPolicy: clientPolicy && { ...clientPolicy, newClients: 'configured' as never }, // what the option says is not known here
  };
  const own = { ...server, settings };
  const settled = async (): Promise<void> => {
    for (const work of left) await work; // which may leave more
  };
  return { admin: { as: own, helpers: makeHelpers(own), userId: place.by, permission: 'admin' }, settled };
}

/**
 * How long the server keeps the entries of its audit log, into which these acts belong; null if it keeps none. To the minute, so that it does
 * not grow by what passed before a block was written.
 */
async function keptFor(as: AuthServer): Promise<Seconds | null> {
  const { n } = await readTail(as);
  const block = n === 0 ? null : (await readBlock(as, n))?.block;
  if (!block) return null;
  const keep = block.until - (block.entries.at(-1)?.at ?? block.minute * 60);
  return Math.min(Math.max(Math.floor(keep / 60) * 60, 3600), 3650 * 86_400);
}

function serverOf(
  { store, tenant, env, resource, scopes }: LocalPlace,
  runtime: Runtime,
  more: Pick<OAuthProviderOptions, 'audit'>,
): AuthServer {
  const options: OAuthProviderOptions<LocalPlace['env']> = {
    issuer: NOWHERE,
    store,
    resources: { [resource ?? `${NOWHERE}/mcp`]: {} },
    scopesSupported: Object.fromEntries(scopes.map((scope) => [scope, scope])),
    clientPolicy: {},
    accessKeys: { personal: false },
    defaultHandler: () => new Response(null, { status: 404 }),
    on: () => undefined,
    formerStore: { findClient: () => null, findGrant: () => null }, // the server may have one: what is revoked here must not move from it
    ...more,
    ...(tenant === undefined ? {} : { tenants: { [tenant]: { issuer: `/${tenant}` } } }),
  };
  const [site] = issuerServers(options, PARTS);
  if (!site) throw new TypeError('There is no server.');
  const standing = standingOf(site.origin ?? NOWHERE, site);
  return makeHost(site, { ...standing, issuers: [standing.issuer] }, env, { runtime }, PARTS).as;
}
