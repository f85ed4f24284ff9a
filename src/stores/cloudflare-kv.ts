/**
 * Store over Cloudflare KV, for records that may be out of date. KV has no conditional writes and shows a change elsewhere only after a minute
 * or more, so it is `atomic: false`: suitable as the cache of `composedStore`, refused for everything else unless the operator sets
 * `dangerouslyAllowEventualStore`.
 *
 * KV expires keys with a granularity of a minute; the exact expiry is stored with the value and decides (FLT-13).
 */
import { randomInteger } from '../lib/bytes.ts';
import type { Cursor, IndexKey, Json, Key, Page, Seconds, Store, Stored, Version, WriteOptions } from '../model/store.ts';
import { NEVER, PAGE } from './sql.ts';

/** The part of a KV binding that is used. */
interface KvBinding {
  get(key: string): Promise<string | null>;
  put(key: string, value: string, options?: { expirationTtl?: number }): Promise<void>;
  delete(key: string): Promise<void>;
  list(options: { prefix: string; limit: number; cursor?: string }): Promise<{
    readonly keys: readonly { readonly name: string }[];
    readonly list_complete: boolean;
    readonly cursor?: string;
  }>;
}

/** What is stored under a record's key. */
interface Entry {
  readonly version: Version;
  readonly until: Seconds;
  readonly lists: readonly IndexKey[];
  /** When it entered its lists, which are in this order. */
  readonly since: string;
  readonly value: Json;
}

/** KV's minimum. */
const MIN_TTL: Seconds = 60;

/**
 * A store in a KV namespace, as the cache of `composedStore`. It is not atomic: KV has no conditional writes, and other places may see a change
 * a minute late.
 *
 * @throws {TypeError} if the binding is missing.
 * @example
 * composedStore({ atomic: d1Store(env.DB), cache: cloudflareKvStore(env.KV) });
 */
export function cloudflareKvStore(namespace: KvBinding, options: { readonly now?: () => Seconds; readonly prefix?: string } = {}): Store {
  const { now = machineClock, prefix = 'portcullis:' } = options;
  if (typeof (namespace as KvBinding | undefined)?.put !== 'function')
    throw new TypeError('cloudflareKvStore: the KV binding is missing. Add `kv_namespaces` to the Worker configuration.');
  return new KvStore(namespace, now, prefix);
}

class KvStore implements Store {
  readonly atomic = false;
  readonly #namespace: KvBinding;
  readonly #now: () => Seconds;
  readonly #prefix: string;
  #made = 0;

  constructor(namespace: KvBinding, now: () => Seconds, prefix: string) {
    this.#namespace = namespace;
    this.#now = now;
    this.#prefix = prefix;
  }

  async read(key: Key): Promise<Stored | null> {
    const entry = await this.#live(key);
    return entry && { value: entry.value, version: entry.version };
  }

  /** Reads, compares, writes, without atomicity: concurrent writers may both succeed. */
  async write(key: Key, value: Json, when: 'any' | 'absent' | Version, options: WriteOptions = {}): Promise<Version | null> {
    const entry = await this.#live(key);
    const holds = when === 'any' || (when === 'absent' ? !entry : entry?.version === when);
    if (!holds) return null;
    const { until = NEVER, index = entry?.lists ?? [] } = options;
    if (!Number.isSafeInteger(until)) throw new TypeError('cloudflareKvStore: `until` must be a whole number of seconds.');
    const version = randomInteger();
    const next: Entry = { version, until, lists: [...index], since: entry?.since ?? this.#moment(), value };
    const life = until === NEVER ? {} : { expirationTtl: Math.max(MIN_TTL, until - this.#now()) };
    await Promise.all(index.map((list) => this.#namespace.put(this.#place(list, key, next.since), '', life)));
    await this.#namespace.put(this.#prefix + key, JSON.stringify(next), life);
    const left = entry?.lists.filter((list) => !index.includes(list)) ?? [];
    await Promise.all(left.map((list) => this.#namespace.delete(this.#place(list, key, next.since))));
    return version;
  }

  async remove(key: Key, when?: Version): Promise<boolean> {
    const entry = await this.#live(key);
    if (!entry || (when !== undefined && entry.version !== when)) return false;
    await this.#namespace.delete(this.#prefix + key);
    await Promise.all(entry.lists.map((list) => this.#namespace.delete(this.#place(list, key, entry.since))));
    return true;
  }

  async list(index: IndexKey, after?: Cursor): Promise<Page> {
    const prefix = this.#listPrefix(index);
    const page = await this.#namespace.list({ prefix, limit: PAGE, ...(after === undefined ? {} : { cursor: after }) });
    const keys = page.keys.map(({ name }) => name.slice(prefix.length + SINCE_SIGNS + 1) as Key);
    const entries = await Promise.all(keys.map((key) => this.#live(key)));
    const live = keys.filter((_, at) => entries[at]?.lists.includes(index));
    return page.list_complete || page.cursor === undefined ? { keys: live } : { keys: live, next: page.cursor };
  }

  async #live(key: Key): Promise<Entry | null> {
    const text = await this.#namespace.get(this.#prefix + key);
    const entry = text === null ? null : entryOf(key, text);
    return entry && entry.until > this.#now() ? entry : null;
  }

  #listPrefix(list: IndexKey): string {
    return `${this.#prefix}list:${list}\n`;
  }

  #place(list: IndexKey, key: Key, since: string): string {
    return `${this.#listPrefix(list)}${since}:${key}`;
  }

  /** The current time and a counter, as text that sorts by time. */
  #moment(): string {
    this.#made = (this.#made + 1) % 1_000_000;
    return String(this.#now()).padStart(12, '0') + String(this.#made).padStart(6, '0');
  }
}

const SINCE_SIGNS = 18;

function entryOf(key: Key, text: string): Entry {
  try {
    return JSON.parse(text) as Entry;
  } catch {
    throw new Error(`The stored record of kind "${key.split(':', 1)[0]}" is not JSON: the namespace was changed by another program.`);
  }
}

function machineClock(): Seconds {
  return Math.floor(Date.now() / 1000);
}
