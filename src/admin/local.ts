/**
 * An administrator of a store, without a running server: for the command line of an operator, who can read and write the store anyway. What
 * only the application's options say is unknown here: configured clients, resources, scopes, logins.
 */
import type { Runtime } from '../model/runtime.ts';
import type { Store } from '../model/store.ts';
import type { OAuthProviderOptions } from '../options/options.ts';
import { makeHelpers } from '../provider/helpers.ts';
import { makeHost } from '../provider/host.ts';
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

/** The administrator. @throws {TypeError} for a tenant, an epoch, a secret or a resource that cannot be. */
export function localAdmin({ store, runtime, by, tenant, env, resource, scopes }: LocalPlace): Admin {
  const options: OAuthProviderOptions<LocalPlace['env']> = {
    issuer: NOWHERE,
    store,
    resources: { [resource ?? `${NOWHERE}/mcp`]: {} },
    scopesSupported: Object.fromEntries(scopes.map((scope) => [scope, scope])),
    clientPolicy: {},
    accessKeys: { personal: false },
    defaultHandler: () => new Response(null, { status: 404 }),
    on: () => undefined,
    ...(tenant === undefined ? {} : { tenants: { [tenant]: { issuer: `/${tenant}` } } }),
  };
  const [site] = issuerServers(options, null);
  if (!site) throw new TypeError('There is no server.');
  const standing = standingOf(site.origin ?? NOWHERE, site);
  const { as: server } = makeHost(site, { ...standing, issuers: [standing.issuer] }, env, { runtime }, null);
  const { accessKeys, clientPolicy, ...known } = server.settings;
  const settings = {
    ...known,
    accessKeys: accessKeys && { ...accessKeys, personal: true }, // so that tokens of users are known when they are looked at
    clientPolicy: clientPolicy && { ...clientPolicy, newClients: 'configured' as never }, // what the option says is not known here
  };
  const as = { ...server, settings };
  return { as, helpers: makeHelpers(as), userId: by, permission: 'admin' };
}
