/**
 * Composed store: one that keeps the promises, and a quick one before it for the few records that are only shown.
 * `readStale` reads clients and client metadata documents from the cache first; everything else is read from the atomic store
 * alone, and everything is written there: no copy decides over a grant. A cache that fails costs time and nothing else.
 */
import type { Json, Key, Seconds, Store, Stored } from '../model/store.ts';

/** The two stores, and how long a cached record may be late. */
interface ComposedStoreOptions {
  /** Where everything lives. */
  readonly atomic: Store;
  /** Copies of clients and metadata documents: `cloudflareKvStore(env.KV)`, or any other. */
  readonly cache: Store;
  /** How long pages elsewhere may show a client as it was; 300 s by default. */
  readonly late?: Seconds;
  /** The clock; the machine's by default. */
  readonly now?: () => Seconds;
  /** Told when the cache fails; `console.error` by default. */
  readonly onError?: (error: unknown) => void;
}

/** Kinds of records that are shown before anything is decided: a late look at one shows an old name. */
const CACHEABLE = /^(?:[a-z0-9-]+\/)?(client|document):/;
/** Keys that this process remembers, at most: those that it changed, and those that it did not find. */
const MAX_REMEMBERED = 10_000;
/** How long what is not there is believed to be absent. */
const UNKNOWN_FOR: Seconds = 5;

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
  /** What is not there either: made-up ids then cost a look a moment, however often they come. */
  const unknown = new Map<Key, Seconds>();
  const remember = (keys: Map<Key, Seconds>, key: Key, ttl: Seconds): void => {
    keys.delete(key);
    keys.set(key, now() + ttl);
    for (const [old, until] of keys) {
      if (until > now() && keys.size <= MAX_REMEMBERED) break;
      keys.delete(old);
    }
  };
  const touch = (key: Key): void => {
    unknown.delete(key);
    remember(changed, key, late);
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
    ...(atomic.mayLose === undefined ? {} : { mayLose: atomic.mayLose }),
    read: (key, known) => atomic.read(key, known),
    async readStale(key) {
      if (!cached(key)) return atomic.read(key);
      if ((unknown.get(key) ?? 0) > now()) return null;
      const copy = await quietly(() => cache.read(key));
      if (copy) return copy.value as unknown as Stored;
      const stored = await atomic.read(key);
      if (stored) await quietly(() => cache.write(key, copyOf(stored), 'any', { until: now() + late }));
      else remember(unknown, key, Math.min(late, UNKNOWN_FOR));
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
    ...(atomic.spread ? { spread: (name) => (atomic.spread as NonNullable<Store['spread']>)(name) } : {}),
    ...(atomic.sweep ? { sweep: (most) => (atomic.sweep as NonNullable<Store['sweep']>)(most) } : {}),
  };
}

function machineClock(): Seconds {
  return Math.floor(Date.now() / 1000);
}
