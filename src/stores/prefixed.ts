/**
 * A part of a store under its own key prefix, for a tenant or an epoch. Only records with that prefix are written and found.
 */
import { type IndexKey, type Key, LASTING_LISTS, LASTING_RECORDS, type Store, type Stored, TENANT_ID } from '../model/store.ts';

/** Maps keys of a part to keys in the store, and back. */
interface Naming {
  /** The key in the store. */
  readonly inside: (key: Key) => Key;
  /** The list in the store. */
  readonly listInside: (list: IndexKey) => IndexKey;
  /** Whether a key in the store belongs to this part. */
  readonly isOurs: (key: Key) => boolean;
  /** The key without the prefix, of a record or list in this part. */
  readonly bare: <K extends Key>(key: K) => K;
}

/** The part of a store. Sweeping covers the whole store. */
function renamedStore(store: Store, { inside, listInside, isOurs, bare }: Naming): Store {
  const { atomic, local, mayLose, placed } = store;
  return {
    atomic,
    ...(local === undefined ? {} : { local }),
    ...(mayLose === undefined ? {} : { mayLose }),
    ...(placed === undefined ? {} : { placed }),
    read: (key, known) => store.read(inside(key), known),
    ...(store.readStale && { readStale: (key) => (store.readStale as NonNullable<Store['readStale']>)(inside(key)) }),
    write: (key, value, when, options) =>
      store.write(inside(key), value, when, options?.index ? { ...options, index: options.index.map(listInside) } : options),
    ...(store.attempt && { attempt: (key, attempt) => (store.attempt as NonNullable<Store['attempt']>)(inside(key), attempt) }),
    remove: (key, when) => (when === undefined ? store.remove(inside(key)) : store.remove(inside(key), when)),
    ...(store.increment && {
      increment: (key, per) => (store.increment as NonNullable<Store['increment']>)(inside(key), per),
    }),
    async list(index, after, withRecords) {
      const { records, ...page } = await store.list(listInside(index), after, withRecords);
      const keys = page.keys.filter(isOurs);
      const given = records && { records: new Map(keys.map((key) => [bare(key), records.get(key) as Stored])) };
      return { ...page, ...given, keys: keys.map(bare) };
    },
    ...(store.all && {
      async all(after) {
        const page = await (store.all as NonNullable<Store['all']>)(after);
        const ours = page.records.filter(({ key }) => isOurs(key));
        return { ...page, records: ours.map((one) => ({ ...one, key: bare(one.key), index: one.index.map(bare) })) };
      },
    }),
    ...(store.spread && { spread: (name) => (store.spread as NonNullable<Store['spread']>)((n) => inside(name(n))).map(bare) }),
    ...(store.sweep && { sweep: (most) => (store.sweep as NonNullable<Store['sweep']>)(most) }),
  };
}

/** Keys with a prefix. @param stays patterns of keys without it. */
function prefixed(prefix: string, stays: { readonly key?: RegExp; readonly list?: RegExp } = {}): Naming {
  return {
    inside: (key) => (stays.key?.test(key) ? key : (`${prefix}${key}` as Key)),
    listInside: (list) => (stays.list?.test(list) ? list : (`${prefix}${list}` as IndexKey)),
    isOurs: (key) => key.startsWith(prefix) || stays.key?.test(key) === true,
    bare: (key) => (key.startsWith(prefix) ? (key.slice(prefix.length) as typeof key) : key),
  };
}

/**
 * One tenant's view of a store. All its keys and lists begin with the tenant's id and a slash, which no kind of record contains, so that no id,
 * even a chosen one, reaches another tenant's records. `all` gives only its records, without the prefix: to copy one tenant. Sweeping covers the whole store.
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

const namesOf = (kinds: readonly string[]): RegExp => new RegExp(`^(?:${kinds.join('|')}):`);
const LASTING = { key: namesOf(LASTING_RECORDS), list: namesOf(LASTING_LISTS) };
const NAME = /^[a-z0-9][a-z0-9.-]{0,31}$/;

/**
 * The store as seen by one epoch: grants, sessions and pending requests have the epoch's name in their keys. Under a new name none of the old
 * ones are found, so after restoring a backup, nothing that was revoked or rotated since becomes valid again (FLT-26). Costs no read. Accounts,
 * clients, identities and user states of MCP servers stay. Records of an old epoch expire as usual.
 *
 * @throws {TypeError} unless the name has 1 to 32 lower-case letters, digits, full stops and hyphens.
 */
export function epochStore(store: Store, epoch: unknown): Store {
  if (typeof epoch !== 'string' || !NAME.test(epoch))
    throw new TypeError(
      'OAuthProvider: PORTCULLIS_EPOCH must be 1 to 32 lower-case letters, digits, full stops and hyphens, such as a date.',
    );
  return renamedStore(store, prefixed(`${epoch}@`, LASTING));
}
