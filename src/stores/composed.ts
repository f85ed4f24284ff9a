/**
 * Composed store: an atomic store, with a fast cache for the few records that are only displayed. `readStale` reads clients and client
 * metadata documents from the cache first; everything else is read from the atomic store, and everything is written there, so no cached copy
 * decides about a grant. If the cache fails, it only costs time.
 */
import { isAhead } from '../lib/clock.ts';
import type { Json, Key, Seconds, Store, Stored } from '../model/store.ts';
import { within } from './timing.ts';

/** The two stores, and how old a cached record may be. */
interface ComposedStoreOptions {
  /** The store of all records. */
  readonly atomic: Store;
  /** Caches clients and metadata documents: `cloudflareKvStore(env.KV)`, or any other store. */
  readonly cache: Store;
  /** How long pages elsewhere may show an outdated client, in seconds; 300 by default. */
  readonly late?: Seconds | undefined;
  /** The clock; the machine's by default. */
  readonly now?: (() => Seconds) | undefined;
  /** Called when the cache fails; `console.error` by default. */
  readonly onError?: ((error: unknown) => void) | undefined;
}

/** Kinds of records that are displayed before anything is decided: an outdated one shows an old name. */
const CACHEABLE = /^(?:[a-z0-9-]+\/)?(client|document):/;
/** Maximum number of keys that this process remembers as changed, and as absent. */
const MAX_REMEMBERED = 10_000;
/** How long a cache may take: one that hangs must not use up the time of the whole operation. */
const CACHE_DEADLINE_MS = 1000;
/** How long a missing record is assumed to be absent. */
const ABSENT_TTL: Seconds = 5;

/**
 * A store over an atomic store and a cache. The cache is read for what is only displayed, such as the name of a client on the consent page;
 * everything else is read from the atomic store, and everything is written there.
 *
 * @throws {TypeError} if `atomic` is not atomic, or one of the two is missing.
 * @example
 * composedStore({ atomic: d1Store(env.DB), cache: cloudflareKvStore(env.KV) });
 */
export function composedStore(options: ComposedStoreOptions): Store {
  const { atomic, cache, late = 300, now = machineClock } = options;
  const onError = options.onError ?? ((error: unknown) => console.error('portcullis: the cache of the store failed', error));
  if (!(atomic as Store | undefined)?.atomic) throw new TypeError('composedStore: `atomic` must be a store with conditional writes.');
  if (typeof (cache as Store | undefined)?.read !== 'function') throw new TypeError('composedStore: `cache` must be a store.');
  /** Keys that this process changed: read from the atomic store until every cached copy is fresh again. */
  const changed = new Map<Key, Seconds>();
  /** Keys that are absent, so that invented ids cost one lookup at a time, however often they come. */
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
  const ignoringFailure = async <T>(verb: () => Promise<T>): Promise<T | null> => {
    try {
      return await within(CACHE_DEADLINE_MS, verb);
    } catch (error) {
      onError(error);
      return null;
    }
  };
  const cached = (key: Key): boolean => CACHEABLE.test(key) && !isAhead(changed.get(key) ?? 0, late, now());
  /** The copy has the version of the original, so that a conditional write based on an outdated copy is refused. */
  const copyOf = (stored: Stored): Json => ({ value: stored.value, version: stored.version });
  return {
    atomic: true,
    ...(atomic.mayLose === undefined ? {} : { mayLose: atomic.mayLose }),
    ...(atomic.placed === undefined ? {} : { placed: atomic.placed }),
    read: (key, known) => atomic.read(key, known),
    async readStale(key) {
      if (!cached(key)) return atomic.read(key);
      if (isAhead(unknown.get(key) ?? 0, ABSENT_TTL, now())) return null;
      const copy = await ignoringFailure(() => cache.read(key));
      if (copy) return copy.value as unknown as Stored;
      const stored = await atomic.read(key);
      if (stored) await ignoringFailure(() => cache.write(key, copyOf(stored), 'any', { until: now() + late }));
      else remember(unknown, key, Math.min(late, ABSENT_TTL));
      return stored;
    },
    async write(key, value, when, writeOptions) {
      if (CACHEABLE.test(key)) touch(key); // before the write: the cache must not be trusted while it is pending
      const version = await atomic.write(key, value, when, writeOptions);
      if (version !== null && CACHEABLE.test(key)) await ignoringFailure(() => cache.remove(key));
      return version;
    },
    async remove(key, when) {
      if (CACHEABLE.test(key)) touch(key);
      const removed = await atomic.remove(key, when);
      if (removed && CACHEABLE.test(key)) await ignoringFailure(() => cache.remove(key));
      return removed;
    },
    ...(atomic.increment ? { increment: (key, per) => (atomic.increment as NonNullable<Store['increment']>)(key, per) } : {}),
    ...(atomic.attempt ? { attempt: (key, attempt) => (atomic.attempt as NonNullable<Store['attempt']>)(key, attempt) } : {}),
    list: (...all) => atomic.list(...all),
    ...(atomic.all ? { all: (after) => (atomic.all as NonNullable<Store['all']>)(after) } : {}),
    ...(atomic.count ? { count: () => (atomic.count as NonNullable<Store['count']>)() } : {}),
    ...(atomic.spread ? { spread: (name) => (atomic.spread as NonNullable<Store['spread']>)(name) } : {}),
    ...(atomic.sweep ? { sweep: (most) => (atomic.sweep as NonNullable<Store['sweep']>)(most) } : {}),
  };
}

function machineClock(): Seconds {
  return Math.floor(Date.now() / 1000);
}
