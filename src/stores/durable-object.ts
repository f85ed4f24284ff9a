/**
 * Store over Durable Objects: keys are distributed over a fixed number of objects, each with its records in SQLite (`worker/store-object`).
 * A read is one call to one object, and so is a write without lists.
 *
 * A list is in the object of its own name, so a write with `index` first enters the lists and then writes the record. If it is interrupted
 * in between, an entry without a record remains: listing asks the records' objects, skips it, and removes it once it is old. Typed
 * structurally, without imports from Cloudflare. The caller's clock decides, not the object's.
 */
import type { Cursor, IndexKey, Json, StoredRecord, Key, Page, Seconds, Store, Stored, Version, WriteOptions } from '../model/store.ts';
import type { ObjectNamespace, StoreObject } from './object-namespace.ts';
import { NEVER, storedOf } from './sql.ts';

/** Distribution of the keys. Changing either on a used namespace makes every record unreachable. */
interface DurableObjectStoreOptions {
  /** Number of objects; 32 by default. */
  readonly shards?: number;
  /** Prefix of the objects' names; `store-` by default. */
  readonly prefix?: string;
  /** The clock; the machine's by default. */
  readonly now?: () => Seconds;
}

/** An entry without a record may belong to a pending write; after this time it does not. */
const MAX_WRITE_DURATION: Seconds = 3600;

/**
 * A store over the objects of a namespace with the class `PortcullisStore`.
 *
 * @throws {TypeError} if the namespace is missing, or `shards` is not a positive integer.
 * @example
 * durableObjectStore(env.STORE);
 */
export function durableObjectStore(namespace: ObjectNamespace, options: DurableObjectStoreOptions = {}): Store {
  const { shards = 32, prefix = 'store-', now = machineClock } = options;
  if (typeof (namespace as ObjectNamespace | undefined)?.idFromName !== 'function')
    throw new TypeError(
      'durableObjectStore: the Durable Object binding is missing. Add it to the Worker configuration, class PortcullisStore.',
    );
  if (!Number.isSafeInteger(shards) || shards < 1) throw new TypeError('durableObjectStore: `shards` must be a whole number above zero.');
  const ids: unknown[] = [];
  return new ObjectStore(
    shards,
    (shard) => namespace.get((ids[shard] ??= namespace.idFromName(`${prefix}${shard}`)) as never) as StoreObject,
    now,
  );
}

class ObjectStore implements Store {
  readonly atomic = true;
  readonly #shards: number;
  readonly #object: (shard: number) => StoreObject;
  readonly #now: () => Seconds;

  constructor(shards: number, object: (shard: number) => StoreObject, now: () => Seconds) {
    this.#shards = shards;
    this.#object = object;
    this.#now = now;
  }

  async read(key: Key, known?: Stored): Promise<Stored | null> {
    const row = await this.#objectOf(key).read(key, this.#now());
    return row && storedOf(key, row, known);
  }

  async write(key: Key, value: Json, when: 'any' | 'absent' | Version, options: WriteOptions = {}): Promise<Version | null> {
    const { until = NEVER, index = null } = options;
    const text = JSON.stringify(value);
    const lists = index && [...index];
    const now = this.#now();
    if (lists) await Promise.all(lists.map(async (list) => this.#objectOf(list).enter(list, key, now)));
    const written = await this.#objectOf(key).write(key, text, { when, now, until, lists });
    if (!written) return null;
    await this.#forget(written.left, key, now);
    return written.version;
  }

  async remove(key: Key, when?: Version): Promise<boolean> {
    const now = this.#now();
    const lists = await this.#objectOf(key).remove(key, when ?? null, now);
    if (!lists) return false;
    await this.#forget(lists, key, now);
    return true;
  }

  async list(index: IndexKey, after: Cursor = '0'): Promise<Page> {
    const now = this.#now();
    const { keys, next } = await this.#objectOf(index).entries(index, Number(after));
    const standing = await this.#standing(index, keys, now);
    const dangling = keys.filter((key) => !standing.has(key));
    if (dangling.length > 0) await this.#objectOf(index).forget(index, dangling, now - MAX_WRITE_DURATION);
    const live = keys.filter((key) => standing.has(key));
    return next === undefined ? { keys: live } : { keys: live, next: String(next) };
  }

  async all(after: Cursor = '0:0'): Promise<{ readonly records: readonly StoredRecord[]; readonly next?: Cursor }> {
    const [shard = 0, at = 0] = after.split(':').map(Number);
    const { records, next } = await this.#object(shard).all(at, this.#now());
    const onward = next === undefined ? (shard + 1 < this.#shards ? `${shard + 1}:0` : undefined) : `${shard}:${next}`;
    return { records: records.map((text) => JSON.parse(text) as StoredRecord), ...(onward === undefined ? {} : { next: onward }) };
  }

  spread(name: (n: number) => Key): readonly Key[] {
    const found = new Map<number, Key>();
    for (let n = 0; found.size < this.#shards; n++) {
      const shard = hashOf(name(n)) % this.#shards;
      if (!found.has(shard)) found.set(shard, name(n));
    }
    return [...found.values()];
  }

  async count(): Promise<number> {
    const [now, shards] = [this.#now(), Array.from({ length: this.#shards }, (_, shard) => shard)];
    const counts = await Promise.all(shards.map(async (shard) => this.#object(shard).count(now)));
    return counts.reduce((sum, one) => sum + one, 0);
  }

  #objectOf(name: string): StoreObject {
    return this.#object(hashOf(name) % this.#shards);
  }

  /** Removes entries of a record that left lists. A young entry stays: a pending write may need it. */
  async #forget(lists: readonly IndexKey[], key: Key, now: Seconds): Promise<void> {
    await Promise.all(lists.map(async (list) => this.#objectOf(list).forget(list, [key], now - MAX_WRITE_DURATION)));
  }

  /** Asks each object once for all its keys. */
  async #standing(index: IndexKey, keys: readonly Key[], now: Seconds): Promise<ReadonlySet<Key>> {
    const byShard = new Map<number, Key[]>();
    for (const key of keys) {
      const shard = hashOf(key) % this.#shards;
      byShard.set(shard, [...(byShard.get(shard) ?? []), key]);
    }
    const found = await Promise.all([...byShard].map(async ([shard, some]) => this.#object(shard).standing(index, some, now)));
    return new Set(found.flat());
  }
}

/** FNV-1a, 32 bits: distributes names evenly and cheaply. No security depends on it. */
function hashOf(name: string): number {
  let hash = 0x811c9dc5;
  for (let at = 0; at < name.length; at++) hash = Math.imul(hash ^ name.charCodeAt(at), 0x01000193);
  return hash >>> 0;
}

function machineClock(): Seconds {
  return Math.floor(Date.now() / 1000);
}
