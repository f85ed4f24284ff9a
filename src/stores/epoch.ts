/**
 * Epoch store: a store whose grants, sessions and everything on its way bear the name of the present epoch. Under a new name nothing of
 * the old is found any more: after a backup was restored, what was revoked or rotated since cannot live again (FLT-26). Costs no read.
 * Accounts, clients and identities stay. The rows of an old epoch vanish at their own ends.
 */
import type { IndexKey, Key, Store } from '../model/store.ts';

/** Records that outlive an epoch. Whatever is not named here does not: forgetting one logs people out, and lets nobody in. */
const LASTING = /^(account|username|email|client|document|passkey|identity|totp|quota|limit|replay):/;
/** Lists of such records. `client:<id>` is a list of grants. */
const LASTING_LISTS = /^(clients|passkeys|identities):/;
const NAME = /^[a-z0-9][a-z0-9.-]{0,31}$/;

/**
 * The store as one epoch sees it.
 *
 * @throws {TypeError} for a name that is not 1 to 32 lower-case letters, digits, full stops and hyphens.
 */
export function epochStore(store: Store, epoch: unknown): Store {
  if (typeof epoch !== 'string' || !NAME.test(epoch))
    throw new TypeError(
      'OAuthProvider: PORTCULLIS_EPOCH must be 1 to 32 lower-case letters, digits, full stops and hyphens, such as a date.',
    );
  const prefix = `${epoch}@`;
  const of = (key: Key): Key => (LASTING.test(key) ? key : `${prefix}${key}`);
  const listOf = (list: IndexKey): IndexKey => (LASTING_LISTS.test(list) ? list : `${prefix}${list}`);
  const bare = (key: Key): Key => (key.startsWith(prefix) ? (key.slice(prefix.length) as Key) : key);
  const isPresent = (key: Key): boolean => key.startsWith(prefix) || LASTING.test(key);
  return {
    atomic: store.atomic,
    ...(store.local === undefined ? {} : { local: store.local }),
    read: (key) => store.read(of(key)),
    write: (key, value, when, options) =>
      store.write(of(key), value, when, options?.index ? { ...options, index: options.index.map(listOf) } : options),
    remove: (key, when) => (when === undefined ? store.remove(of(key)) : store.remove(of(key), when)),
    async list(index, after) {
      const page = await store.list(listOf(index), after);
      return { ...page, keys: page.keys.map(bare) };
    },
    ...(store.all && {
      async all(after) {
        const page = await (store.all as NonNullable<Store['all']>)(after);
        const present = page.records.filter(({ key }) => isPresent(key));
        return { ...page, records: present.map((one) => ({ ...one, key: bare(one.key), index: one.index.map(bare) })) };
      },
    }),
    ...(store.sweep && { sweep: (most) => (store.sweep as NonNullable<Store['sweep']>)(most) }),
  };
}
