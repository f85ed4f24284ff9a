/**
 * Tenant store: one tenant's part of a store. All its keys and lists begin with the tenant's id and a slash, which no kind of record
 * contains, so that no id, even a chosen one, reaches another tenant's records.
 */
import { type Store, TENANT_ID } from '../model/store.ts';
import { prefixed, renamedStore } from './prefixed.ts';

/**
 * One tenant's view of a store. `all` gives only its records, without the prefix: to copy one tenant. Sweeping covers the whole store.
 *
 * @throws {TypeError} unless the id has 1 to 32 lower-case letters, digits and hyphens.
 * @example
 * const acme = tenantStore(sqliteStore('portcullis.db'), 'acme');
 */
export function tenantStore(store: Store, tenant: string): Store {
  if (!TENANT_ID.test(tenant))
    throw new TypeError(`tenantStore: ${JSON.stringify(tenant)} is not a tenant id; use 1 to 32 lower-case letters, digits and hyphens.`);
  return renamedStore(store, prefixed(`${tenant}/`));
}
