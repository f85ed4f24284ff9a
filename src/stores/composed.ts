/**
 * Composed store: one that keeps the promises, and a quick one before it for the few records that may be read late.
 * Clients and client metadata documents are read from the cache first; everything is written to the atomic store, and
 * everything else is read from there alone. A cache that fails costs time and nothing else.
 */
import type { Json, Key, Seconds, Store, Stored } from '../model/store.ts';

/** The two stores, and how long a cached record may be late. */
export interface ComposedStoreOptions {
  /** Where everything lives. */
  readonly atomic: Store;
  /** Copies of clients and metadata documents: `cloudflareKvStore(env.KV)`, or any other. */
  readonly cache: Store;
  /** How long a change of a client may go unseen elsewhere; 300 s by default. */
  readonly late?: Seconds;
  /** The clock; the machine's by default. */
  readonly now?: () => Seconds;
  /** Told when the cache fails; `console.error` by default. */
  readonly onError?: (error: unknown) => void;
}

/** Kinds of records that say nothing about who may do what: a late look at one shows an old name or redirect URI. */
const CACHEABLE = /^(?:[a-z0-9-]+\/)?(client|document):/;
/** Keys that this process changed a moment ago, at most. */
const MOST_CHANGED = 10_000;

/**
 * A store over two.
 *
 * @throws {TypeError} when `atomic` is not atomic, or one of the two is missing.
 */
export function composedStore(options: ComposedStoreOptions): Store {
  const { atomic, cache, late = 300, now = machineClock } = options;
  const onError = options.onError ?? ((error: unknown) => console.error('portcullis: the cache of the store failed', error));
  if (!(atomic as Store | undefined)?.atomic) throw new TypeError('composedStore: `atomic` must be a store with conditional writes.');
  if (typeof (cache as Store | undefined)?.read !== 'function') throw new TypeError('composedStore: `cache` must be a store.');
  /** What this process changed is read from the atomic store until every copy elsewhere is fresh again. */
  const changed = new Map<Key, Seconds>();
  const touch = (key: Key): void => {
    changed.delete(key);
    changed.set(key, now() + late);
    for (const [old, until] of changed) {
      if (until > now() && changed.size <= MOST_CHANGED) break;
      changed.delete(old);
    }
  };
  const quietly = async <T>(verb: () => Promise<T>): Promise<T | null> => {
    try {
      return await verb();
    } catch (error) {
      onError(error);
      return null;
    }
  };
  const cached = (key: Key): boolean => CACHEABLE.test(key) && (changed.get(key) ?? 0) <= now();
  /** The copy bears the version of the original, so that a conditional write after a late look is refused, and not lost. */
  const copyOf = (stored: Stored): Json => ({ value: stored.value, version: stored.version });
  return {
    atomic: true,
    async read(key, known) {
      if (!cached(key)) return atomic.read(key, known);
      const copy = await quietly(() => cache.read(key));
      if (copy) return copy.value as unknown as Stored;
      const stored = await atomic.read(key);
      if (stored) await quietly(() => cache.write(key, copyOf(stored), 'any', { until: now() + late }));
      return stored;
    },
    async write(key, value, when, writeOptions) {
      if (CACHEABLE.test(key)) touch(key); // before: a look at the cache while the write is under way must not be trusted
      const version = await atomic.write(key, value, when, writeOptions);
      if (version !== null && CACHEABLE.test(key)) await quietly(() => cache.remove(key));
      return version;
    },
    async remove(key, when) {
      if (CACHEABLE.test(key)) touch(key);
      const removed = await atomic.remove(key, when);
      if (removed && CACHEABLE.test(key)) await quietly(() => cache.remove(key));
      return removed;
    },
    list: (index, after) => atomic.list(index, after),
    ...(atomic.all ? { all: (after) => (atomic.all as NonNullable<Store['all']>)(after) } : {}),
    ...(atomic.count ? { count: () => (atomic.count as NonNullable<Store['count']>)() } : {}),
    ...(atomic.sweep ? { sweep: (most) => (atomic.sweep as NonNullable<Store['sweep']>)(most) } : {}),
  };
}

function machineClock(): Seconds {
  return Math.floor(Date.now() / 1000);
}
