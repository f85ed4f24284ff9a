/**
 * Tenant store: the part of a store that is one tenant's. Every key and every list of it begins with the tenant's id and a slash,
 * which no kind of record has, so that no id, whoever chose it, leads into the records of another.
 */
import { type Store, TENANT_ID } from '../model/store.ts';
import { prefixed, renamedStore } from './prefixed.ts';

/**
 * What one tenant sees of a store. `all` gives its records alone, without the prefix: for a copy of one tenant, or into one. Sweeping
 * sweeps the whole store, where expired records are nobody's.
 *
 * @throws {TypeError} for an id that is not 1 to 32 lower-case letters, digits and hyphens.
 */
export function tenantStore(store: Store, tenant: string): Store {
  if (!TENANT_ID.test(tenant))
    throw new TypeError(`tenantStore: ${JSON.stringify(tenant)} is no tenant id; use 1 to 32 lower-case letters, digits and hyphens.`);
  return renamedStore(store, prefixed(`${tenant}/`));
}
