/**
 * Tenant store: the part of a store that is one tenant's. Every key and every list of it begins with the tenant's id and a slash,
 * which no kind of record has, so that no id, whoever chose it, leads into the records of another.
 */
import { type IndexKey, type Kept, type Key, type Store, TENANT_ID, type WriteOptions } from '../model/store.ts';

/**
 * What one tenant sees of a store. `all` gives its records alone, without the prefix: for a copy of one tenant, or into one. Sweeping
 * sweeps the whole store, where expired records are nobody's.
 *
 * @throws {TypeError} for an id that is not 1 to 32 lower-case letters, digits and hyphens.
 */
export function tenantStore(store: Store, tenant: string): Store {
  if (!TENANT_ID.test(tenant))
    throw new TypeError(`tenantStore: ${JSON.stringify(tenant)} is no tenant id; use 1 to 32 lower-case letters, digits and hyphens.`);
  const prefix = `${tenant}/`;
  const inside = <K extends Key>(key: K): K => `${prefix}${key}` as K;
  const outside = <K extends Key>(keys: readonly K[]): readonly K[] =>
    keys.filter((key) => key.startsWith(prefix)).map((key) => key.slice(prefix.length) as K);
  const keptOf = (kept: Kept): Kept => ({ ...kept, key: kept.key.slice(prefix.length) as Key, index: outside(kept.index) });
  return {
    atomic: store.atomic,
    ...(store.local === undefined ? {} : { local: store.local }),
    read: (key) => store.read(inside(key)),
    write: (key, value, when, options) => store.write(inside(key), value, when, within(options, inside)),
    remove: (key, when) => (when === undefined ? store.remove(inside(key)) : store.remove(inside(key), when)),
    async list(index, after) {
      const page = await store.list(inside(index), after);
      return { ...page, keys: outside(page.keys) };
    },
    ...(store.all && {
      async all(after) {
        const page = await (store.all as NonNullable<Store['all']>)(after);
        return { ...page, records: page.records.filter(({ key }) => key.startsWith(prefix)).map(keptOf) };
      },
    }),
    ...(store.sweep && { sweep: (most) => (store.sweep as NonNullable<Store['sweep']>)(most) }),
  };
}

function within(options: WriteOptions | undefined, inside: (list: IndexKey) => IndexKey): WriteOptions | undefined {
  return options?.index === undefined ? options : { ...options, index: options.index.map(inside) };
}
