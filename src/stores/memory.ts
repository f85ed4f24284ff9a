/**
 * Store in this process's memory: for tests, for trying out, and for a single process that may lose everything. Values are stored as JSON
 * text, so no caller holds a reference into the store. Its size is limited: expired records are dropped, live ones never. Nothing survives
 * a restart, and no other process sees it.
 */
import { randomInteger } from '../lib/bytes.ts';
import {
  checkCursor,
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

/** Options of {@link memoryStore}. */
interface MemoryStoreOptions {
  /** The clock; the machine's by default. */
  readonly now?: (() => Seconds) | undefined;
  /** Maximum number of records; 100,000 by default. */
  readonly capacity?: number | undefined;
}

interface Row {
  readonly text: string;
  readonly version: Version;
  readonly until: Seconds;
  readonly lists: readonly IndexKey[];
  /** Increases from record to record; serves as a cursor. */
  readonly made: number;
}

const PAGE = 200;

/**
 * A store in memory. Writing a new key rejects when the store is full of live records.
 *
 * @throws {TypeError} if `capacity` is not a positive integer.
 * @example
 * const store = memoryStore();
 */
export function memoryStore(options: MemoryStoreOptions = {}): Store {
  const { now = machineClock, capacity = 100_000 } = options;
  if (!Number.isSafeInteger(capacity) || capacity < 1) throw new TypeError('memoryStore: `capacity` must be a whole number above zero.');
  return new MemoryStore(now, capacity);
}

class MemoryStore implements Store {
  readonly atomic = true;
  readonly local = true;
  readonly #now: () => Seconds;
  readonly #capacity: number;
  readonly #rows = new Map<Key, Row>();
  /** Each list's keys with the number they entered under; numbers increase, so a list is in order and a cursor is a number. */
  readonly #lists = new Map<IndexKey, Map<Key, number>>();
  #entered = 0;
  /** No record expires before this time: saves a full store the search for space at every refused write. */
  #earliestEnd = Infinity;

  constructor(now: () => Seconds, capacity: number) {
    this.#now = now;
    this.#capacity = capacity;
  }

  async read(key: Key, known?: Stored): Promise<Stored | null> {
    const row = this.#live(key);
    if (row && row.version === known?.version) return known;
    return row ? { value: JSON.parse(row.text) as Json, version: row.version } : null;
  }

  async write(key: Key, value: Json, when: 'any' | 'absent' | Version, options: WriteOptions = {}): Promise<Version | null> {
    const row = this.#live(key);
    const holds = when === 'any' || (when === 'absent' ? !row : row?.version === when);
    if (!holds) return null;
    const { until = Infinity, index } = options;
    const text = JSON.stringify(value);
    if (!row) {
      this.#drop(key);
      this.#makeRoom();
    }
    const version = randomInteger();
    if (index) this.#enlist(key, row?.lists ?? [], index);
    this.#rows.set(key, { text, version, until, lists: index ? [...index] : (row?.lists ?? []), made: row?.made ?? ++this.#entered });
    this.#earliestEnd = Math.min(this.#earliestEnd, until);
    return version;
  }

  async increment(key: Key, per: Seconds): Promise<Count | null> {
    const row = this.#live(key);
    const { count, endsAt } = row ? (JSON.parse(row.text) as Partial<Count>) : { count: 0, endsAt: this.#now() + per };
    if (typeof count !== 'number' || typeof endsAt !== 'number') return null;
    const next = { count: count + 1, endsAt };
    await this.write(key, { v: 1, ...next }, 'any', { until: row?.until ?? endsAt }); // changes the row before it returns
    return next;
  }

  async remove(key: Key, when?: Version): Promise<boolean> {
    const row = this.#live(key);
    if (!row || (when !== undefined && row.version !== when)) return false;
    this.#drop(key);
    return true;
  }

  async list(index: IndexKey, after: Cursor = '0'): Promise<Page> {
    const start = Number(checkCursor(after));
    const keys: Key[] = [];
    let last = 0;
    for (const [key, entered] of this.#lists.get(index) ?? []) {
      if (entered <= start || !this.#live(key)) continue;
      if (keys.length === PAGE) return { keys, next: String(last) };
      keys.push(key);
      last = entered;
    }
    return { keys };
  }

  async all(after: Cursor = '0'): Promise<{ readonly records: readonly StoredRecord[]; readonly next?: Cursor }> {
    const records: StoredRecord[] = [];
    let last = 0;
    for (const [key, { text, version, until, lists, made }] of this.#rows) {
      if (made <= Number(after) || until <= this.#now()) continue;
      if (records.length === PAGE) return { records, next: String(last) };
      const value = JSON.parse(text) as Json;
      records.push({ key, value, version, ...(until === Infinity ? {} : { until }), index: lists });
      last = made;
    }
    return { records };
  }

  async count(): Promise<number> {
    return [...this.#rows.values()].filter(({ until }) => until > this.#now()).length;
  }

  #live(key: Key): Row | undefined {
    const row = this.#rows.get(key);
    return row && row.until > this.#now() ? row : undefined;
  }

  #makeRoom(): void {
    if (this.#rows.size < this.#capacity) return;
    const now = this.#now();
    if (this.#earliestEnd <= now) {
      this.#earliestEnd = Infinity;
      for (const [key, { until }] of this.#rows) {
        if (until <= now) this.#drop(key);
        else this.#earliestEnd = Math.min(this.#earliestEnd, until);
      }
    }
    if (this.#rows.size >= this.#capacity)
      throw new Error(`The memory store is full: ${this.#capacity} live records. Raise \`capacity\`, or use a store on disk.`);
  }

  #drop(key: Key): void {
    this.#enlist(key, this.#rows.get(key)?.lists ?? [], []);
    this.#rows.delete(key);
  }

  /** Removes a key from lists it leaves, and appends it to lists it enters; in others it keeps its position. */
  #enlist(key: Key, before: readonly IndexKey[], after: readonly IndexKey[]): void {
    for (const list of before) {
      if (after.includes(list)) continue;
      const keys = this.#lists.get(list);
      keys?.delete(key);
      if (keys?.size === 0) this.#lists.delete(list);
    }
    for (const list of after) {
      const keys = this.#lists.get(list) ?? new Map<Key, number>();
      if (!keys.has(key)) keys.set(key, ++this.#entered);
      this.#lists.set(list, keys);
    }
  }
}

function machineClock(): Seconds {
  return Math.floor(Date.now() / 1000);
}
