/**
 * Store over Durable Objects: keys are distributed over a fixed number of objects, each with its records in SQLite (`worker/store-object`).
 * A read is one call to one object, and so is a write without lists.
 *
 * A record whose id names a place (`model/token`) is in one of the objects of that place, which Cloudflare creates there; every other record
 * is in the home region. So ids from before there were places are found where they are (docs/decisions/0026).
 *
 * A list has a part in each place, in the object of its own name beside the records of that place, so a write with `index` enters the
 * lists beside the record (`enter-beside`). If it is interrupted, an entry without a record may remain: listing asks the records' objects,
 * skips it, and removes it once it is old. Typed structurally, without imports from Cloudflare. The caller's clock decides, not the object's.
 */
import {
  type Attempt,
  type Attempted,
  type Count,
  type Cursor,
  type IndexKey,
  type Json,
  type Key,
  type Page,
  type Seconds,
  type Store,
  type Stored,
  type StoredRecord,
  type Version,
  type WriteOptions,
} from '../model/store.ts';
import { isPlace, isPlacedList, type Place, placeOfKey, PLACES } from '../model/token.ts';
import { enterBeside, inBackground } from './enter-beside.ts';
import { type ObjectNamespace, pageAcross, type StoreObject } from './object-namespace.ts';
import { NEVER, PAGE, storedOf } from './sql.ts';

/** Distribution of the keys. Changing `shards` or `prefix` on a used namespace makes every record unreachable. */
interface DurableObjectStoreOptions {
  /**
   * Where clients, accounts, limits and everything else that is not near its caller is kept: `wnam`, `enam`, `sam`, `weur`, `eeur`, `apac`,
   * `oc`, `afr` or `me`. By default near the first request of all. It counts only when the objects are created.
   */
  readonly home?: Place | undefined;
  /** Number of objects of the home region; 32 by default. */
  readonly shards?: number | undefined;
  /** Prefix of the objects' names; `store-` by default. */
  readonly prefix?: string | undefined;
  /** The clock; the machine's by default. */
  readonly now?: (() => Seconds) | undefined;
}

/** An entry without a record may belong to a pending write; after this time it does not. */
const MAX_WRITE_DURATION: Seconds = 3600;
/** Number of objects of each other place. */
const PLACE_SHARDS = 8;
/** Objects that are asked at once where all of them are asked. */
const MAX_AT_ONCE = 16;

/**
 * A store over the objects of a namespace with the class `PortcullisStore`.
 *
 * @throws {TypeError} if the namespace is missing, `shards` is not a positive integer, or `home` is not the name of a place.
 * @example
 * durableObjectStore(env.STORE, { home: 'weur' });
 */
export function durableObjectStore(namespace: ObjectNamespace, options: DurableObjectStoreOptions = {}): Store {
  const { home, shards = 32, prefix = 'store-', now = machineClock } = options;
  if (typeof (namespace as ObjectNamespace | undefined)?.idFromName !== 'function')
    throw new TypeError(
      'durableObjectStore: the Durable Object binding is missing. Add it to the Worker configuration, class PortcullisStore.',
    );
  if (!Number.isSafeInteger(shards) || shards < 1) throw new TypeError('durableObjectStore: `shards` must be a whole number above zero.');
  if (home !== undefined && !isPlace(home)) throw new TypeError(`durableObjectStore: \`home\` must be one of ${PLACES.join(', ')}.`);
  const ids: unknown[] = [];
  const nameOf = (object: number): string => {
    const nth = object - shards;
    return nth < 0 ? `${prefix}${object}` : `${prefix}${PLACES[Math.floor(nth / PLACE_SHARDS)]}-${nth % PLACE_SHARDS}`;
  };
  return new ObjectStore(
    shards,
    (object) => {
      const place = object < shards ? home : PLACES[Math.floor((object - shards) / PLACE_SHARDS)];
      const id = (ids[object] ??= namespace.idFromName(nameOf(object))) as never;
      return (place === undefined ? namespace.get(id) : namespace.get(id, { locationHint: place } as never)) as StoreObject;
    },
    now,
  );
}

class ObjectStore implements Store {
  readonly atomic = true;
  readonly placed = true;
  readonly #shards: number;
  readonly #object: (object: number) => StoreObject;
  readonly #now: () => Seconds;

  constructor(shards: number, object: (object: number) => StoreObject, now: () => Seconds) {
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
    const written = await enterBeside(lists ?? [], {
      isLasting: until === NEVER,
      write: async () => this.#objectOf(key).write(key, text, { when, now, until, lists }),
      enter: async (list) => this.#listBeside(key, list).enter(list, key, now),
      undo: async ({ version }) => (when === 'absent' ? this.#objectOf(key).remove(key, version, now) : undefined),
    });
    if (!written) return null;
    inBackground(this.#forget(written.left, [key], now));
    return written.version;
  }

  async increment(key: Key, per: Seconds): Promise<Count | null> {
    return this.#objectOf(key).increment(key, per, this.#now());
  }

  async attempt(key: Key, attempt: Attempt): Promise<Attempted> {
    const { isDone, row } = await this.#objectOf(key).attempt(key, attempt);
    return { isDone, stored: row && storedOf(key, row) };
  }

  async remove(key: Key, when?: Version): Promise<boolean> {
    const now = this.#now();
    const lists = await this.#objectOf(key).remove(key, when ?? null, now);
    if (!lists) return false;
    inBackground(this.#forget(lists, [key], now));
    return true;
  }

  async list(index: IndexKey, after?: Cursor, withRecords = false): Promise<Page> {
    const now = this.#now();
    const places = isPlacedList(index) ? EVERYWHERE : HOME;
    const { items, ...next } = await pageAcross({ parts: places.length, width: places.length }, after, async (part, at, shares) => {
      const object = this.#object(this.#numberIn(places[part] ?? null, index));
      const { keys, ...more } = await object.entries(index, at, Math.floor(PAGE / shares));
      return { items: keys, ...more };
    });
    const standing = await this.#standing(index, items, now, withRecords);
    const gone = items.filter((key) => !standing.has(key));
    inBackground(this.#forget([index], gone, now));
    const keys = items.filter((key) => standing.has(key));
    return { keys, ...next, ...(withRecords ? { records: standing as ReadonlyMap<Key, Stored> } : {}) };
  }

  async all(after?: Cursor): Promise<{ readonly records: readonly StoredRecord[]; readonly next?: Cursor }> {
    const now = this.#now();
    const { items, ...next } = await pageAcross({ parts: this.#objects, width: MAX_AT_ONCE }, after, async (object, at) => {
      const { records, ...more } = await this.#object(object).all(at, now);
      return { items: records, ...more };
    });
    return { records: items.map((text) => JSON.parse(text) as StoredRecord), ...next };
  }

  /** Keys for each object of the place that the keys name, or of the home region. */
  spread(name: (n: number) => Key): readonly Key[] {
    const found = new Map<number, Key>();
    const parts = placeOfKey(name(0)) === null ? this.#shards : PLACE_SHARDS;
    for (let n = 0; found.size < parts; n++) {
      const object = this.#numberOf(name(n));
      if (!found.has(object)) found.set(object, name(n));
    }
    return [...found.values()];
  }

  async count(): Promise<number> {
    const now = this.#now();
    let [sum, after]: [number, Cursor | undefined] = [0, undefined];
    do {
      const page: { items: readonly number[]; next?: Cursor } = await pageAcross(
        { parts: this.#objects, width: MAX_AT_ONCE },
        after,
        async (object) => ({ items: [await this.#object(object).count(now)] }),
      );
      for (const one of page.items) sum += one;
      after = page.next;
    } while (after !== undefined);
    return sum;
  }

  get #objects(): number {
    return this.#shards + PLACES.length * PLACE_SHARDS;
  }

  #objectOf(key: Key): StoreObject {
    return this.#object(this.#numberOf(key));
  }

  #numberOf(key: Key): number {
    return this.#numberIn(placeOfKey(key), key);
  }

  #numberIn(place: Place | null, name: string): number {
    return place === null
      ? hashOf(name) % this.#shards
      : this.#shards + PLACES.indexOf(place) * PLACE_SHARDS + (hashOf(name) % PLACE_SHARDS);
  }

  /** The part of a list that a key stands in. */
  #listBeside(key: Key, list: IndexKey): StoreObject {
    return this.#object(this.#numberIn(isPlacedList(list) ? placeOfKey(key) : null, list));
  }

  /** Removes entries of records that left lists or are gone. A young entry stays: a pending write may need it. */
  async #forget(lists: readonly IndexKey[], keys: readonly Key[], now: Seconds): Promise<void> {
    const before = now - MAX_WRITE_DURATION;
    await Promise.all(
      lists.flatMap((list) =>
        [...grouped(keys, (key) => (isPlacedList(list) ? placeOfKey(key) : null)).values()].map(async (some) =>
          this.#listBeside(some[0] as Key, list).forget(list, some, before),
        ),
      ),
    );
  }

  /** The keys whose records stand in the list, with the records if they are asked for. Asks each object once for all its keys. */
  async #standing(index: IndexKey, keys: readonly Key[], now: Seconds, withRecords: boolean): Promise<ReadonlyMap<Key, Stored | null>> {
    const byObject = grouped(keys, (key) => this.#numberOf(key));
    const found = await Promise.all(
      [...byObject].map(async ([number, some]): Promise<readonly (readonly [Key, Stored | null])[]> => {
        const object = this.#object(number);
        if (!withRecords) return (await object.standing(index, some, now)).map((key) => [key, null]);
        return (await object.standingRecords(index, some, now)).map((row) => [row.key, storedOf(row.key, row)]);
      }),
    );
    return new Map(found.flat());
  }
}

const HOME = [null];
const EVERYWHERE = [null, ...PLACES];

function grouped<T>(keys: readonly Key[], by: (key: Key) => T): ReadonlyMap<T, readonly Key[]> {
  const groups = new Map<T, Key[]>();
  for (const key of keys) {
    const group = groups.get(by(key));
    if (group) group.push(key);
    else groups.set(by(key), [key]);
  }
  return groups;
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
