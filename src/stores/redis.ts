/**
 * Store over Redis or Valkey (6.2 or newer), for several machines. The client is passed in: `redis` or `ioredis`.
 *
 * A record is one hash; each conditional write is one script with its own version, so that a script that is sent twice runs once. A list is
 * a sorted set in its own slot, so that a cluster works: a write with `index` enters the lists beside the record (`enter-beside`); an entry
 * without a record is skipped and, once old, removed. Redis expires keys later than the caller's clock would: that clock decides.
 *
 * Redis may lose acknowledged writes, depending on `appendfsync` and replication. Validity is by presence, so a loss ends sessions and
 * never restores what was revoked, except for the seconds that a failover takes back (FLT-09, docs/reference/storage.md).
 */
import { randomInteger } from '../lib/bytes.ts';
import type { Defined } from '../lib/json.ts';
import {
  CLOCKS_DIFFER,
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
import { type RedisClient, type RedisConnection, redisConnection, SCRIPTS } from './redis-client.ts';
import { layoutCheck } from './timing.ts';
import { enterBeside, inBackground } from './enter-beside.ts';
import { countIn, firstCount, keptOf, NEVER, PAGE, storedOf } from './sql.ts';

/** Options of {@link redisStore}. */
interface RedisStoreOptions {
  /** The clock; the machine's by default. */
  readonly now?: (() => Seconds) | undefined;
  /** Prefix of every key; `portcullis:` by default. */
  readonly prefix?: string | undefined;
  /** Replicas that must have a write before it is acknowledged (`WAIT`); 0 by default. Fewer within a second: 503, though it may have happened. */
  readonly replicas?: number | undefined;
  /** Accepts a Redis that evicts records when its memory is full: also accounts, second factors and revocations. */
  readonly dangerouslyAllowEviction?: boolean | undefined;
  /** Called once, at first use, with what eviction can lose; `console.warn` by default. */
  readonly warn?: ((line: string) => void) | undefined;
}

const LAYOUT = 1;
/** An entry without a record may belong to a pending write; after this time it does not. */
const MAX_WRITE_DURATION: Seconds = 3600;
/** How long a removal is remembered in case the client sends it twice. */
const REMOVAL_REMEMBERED: Seconds = 60;
/** Milliseconds for replicas to receive a write. */
const REPLICATION_TIMEOUT_MS = 1000;
/** Entries of a list that are checked whenever it grows, so that expired ones never outnumber live ones. */
const CHECKED_ENTRIES = 5;

/**
 * A store in Redis or Valkey, also a cluster, by a connected client of `redis` or `ioredis`.
 *
 * @throws {TypeError} if the client is not one, or for a wrong option.
 * @example
 * redisStore(await createClient().connect());
 */
export function redisStore(client: RedisClient, options: RedisStoreOptions = {}): Store {
  const {
    now = machineClock,
    prefix = 'portcullis:',
    replicas = 0,
    dangerouslyAllowEviction = false,
    warn = (line) => console.warn(line),
  } = options;
  if (typeof dangerouslyAllowEviction !== 'boolean')
    throw new TypeError('redisStore: `dangerouslyAllowEviction` must be true or false, not a text of the environment.');
  if (!Number.isInteger(replicas) || replicas < 0) throw new TypeError('redisStore: `replicas` must be a whole number, 0 or more.');
  return new RedisStore(redisConnection(client), { now, prefix, replicas, dangerouslyAllowEviction, warn });
}

class RedisStore implements Store {
  readonly atomic = true;
  readonly mayLose = true;
  readonly #redis: RedisConnection;
  readonly #now: () => Seconds;
  readonly #prefix: string;
  readonly #replicas: number;
  readonly #mayEvict: boolean;
  readonly #warn: (line: string) => void;
  readonly #ready: () => Promise<void>;

  constructor(redis: RedisConnection, { now, prefix, replicas, dangerouslyAllowEviction, warn }: Required<Defined<RedisStoreOptions>>) {
    this.#redis = redis;
    this.#now = now;
    this.#ready = layoutCheck(() => this.#prepare(), now);
    this.#prefix = prefix;
    this.#replicas = replicas;
    this.#mayEvict = dangerouslyAllowEviction;
    this.#warn = warn;
  }

  async read(key: Key, known?: Stored): Promise<Stored | null> {
    await this.#ready();
    const row = await this.#row(key);
    return row && row.until > this.#now() ? storedOf(key, row, known) : null;
  }

  async write(key: Key, value: Json, when: 'any' | 'absent' | Version, options: WriteOptions = {}): Promise<Version | null> {
    const { until = NEVER, index } = options;
    if (!Number.isSafeInteger(until)) throw new TypeError('redisStore: `until` must be a whole number of seconds.');
    await this.#ready();
    const now = this.#now();
    const secondsKept = until === NEVER ? 0 : Math.max(1, until - now + CLOCKS_DIFFER);
    const version = randomInteger();
    const lists = index ? JSON.stringify(index) : '';
    const given = [String(when), String(now), String(until), lists, JSON.stringify(value), String(version), String(secondsKept)];
    const write = async (): Promise<readonly IndexKey[] | null> => {
      const before = await this.#redis.script(SCRIPTS.WRITE, [this.#recordKey(key)], given);
      return typeof before === 'string' ? (JSON.parse(before) as readonly IndexKey[]) : null;
    };
    const enter = async (list: IndexKey): Promise<void> => {
      const length = Number(await this.#redis.script(SCRIPTS.ENTER, this.#listKeys(list), [key, String(now)]));
      inBackground(this.#tidy(list, length, now));
    };
    const undo = async (): Promise<unknown> => (when === 'absent' ? this.remove(key, version) : undefined);
    const before = await enterBeside(index ?? [], { isLasting: until === NEVER, write, enter, undo });
    if (before === null) return null;
    await this.#replicated(key);
    const left = index ? before.filter((list) => !index.includes(list)) : [];
    inBackground(Promise.all(left.map((list) => this.#forget(list, [key], now))));
    return version;
  }

  async increment(key: Key, per: Seconds): Promise<Count | null> {
    await this.#ready();
    const now = this.#now();
    const given = [String(now), String(now + per), firstCount(now + per), String(randomInteger()), String(per + CLOCKS_DIFFER)];
    const value = await this.#redis.script(SCRIPTS.INCREMENT, [this.#recordKey(key)], given);
    if (typeof value !== 'string') return null;
    await this.#replicated(key);
    return countIn({ value });
  }

  async remove(key: Key, when?: Version): Promise<boolean> {
    await this.#ready();
    const now = this.#now();
    const given = [String(now), when === undefined ? '' : String(when), `gone ${randomInteger()}`, String(REMOVAL_REMEMBERED)];
    const lists = await this.#redis.script(SCRIPTS.REMOVE, [this.#recordKey(key)], given);
    if (typeof lists !== 'string') return false;
    await this.#replicated(key);
    inBackground(Promise.all((JSON.parse(lists) as readonly IndexKey[]).map((list) => this.#forget(list, [key], now))));
    return true;
  }

  async list(index: IndexKey, after: Cursor = '0', withRecords = false): Promise<Page> {
    await this.#ready();
    const now = this.#now();
    const [order] = this.#listKeys(index);
    const found = await this.#redis.command(
      order,
      'ZRANGEBYSCORE',
      order,
      `(${checkCursor(after)}`,
      '+inf',
      'WITHSCORES',
      'LIMIT',
      '0',
      String(PAGE + 1),
    );
    const flat = (found as readonly unknown[]).flat(); // pairs in RESP3, flat in RESP2
    const keys = flat.filter((_, at) => at % 2 === 0).slice(0, PAGE) as Key[];
    const standing = await this.#standing(index, keys, now, withRecords);
    const dangling = keys.filter((key) => !standing.has(key));
    if (dangling.length > 0) inBackground(this.#forget(index, dangling, now));
    const records = withRecords ? { records: standing as ReadonlyMap<Key, Stored> } : {};
    const next = flat.length > 2 * PAGE ? { next: String(flat[2 * PAGE - 1]) } : {};
    return { keys: keys.filter((key) => standing.has(key)), ...next, ...records };
  }

  async all(after: Cursor = '0:0'): Promise<{ readonly records: readonly StoredRecord[]; readonly next?: Cursor }> {
    await this.#ready();
    const [at = 0, from = '0'] = after.split(':').map((part, place) => (place === 0 ? Number(part) : part)) as [number?, string?];
    const primary = await this.#redis.primary(at);
    if (!primary) return { records: [] };
    const prefix = await this.#namedByServer(this.#recordKey('' as Key));
    const [next, names] = (await primary('SCAN', from, 'MATCH', `${escaped(prefix)}*`, 'COUNT', String(PAGE))) as [string, string[]];
    const keys = names.map((name) => name.slice(prefix.length) as Key);
    const rows = await Promise.all(keys.map((key) => this.#row(key)));
    const records = rows.flatMap((row, place) => (row && row.until > this.#now() ? [keptOf(keys[place] as Key, row)] : []));
    if (String(next) !== '0') return { records, next: `${at}:${String(next)}` };
    return (await this.#redis.primary(at + 1)) ? { records, next: `${at + 1}:0` } : { records };
  }

  async count(): Promise<number> {
    await this.#ready();
    const [records, layout] = [await this.#namedByServer(this.#recordKey('' as Key)), await this.#namedByServer(`${this.#prefix}layout`)];
    let [count, isSeen] = [0, false];
    for (let at = 0, primary = await this.#redis.primary(at); primary; primary = await this.#redis.primary(++at)) {
      let cursor = '0';
      do {
        const given = [cursor, `${escaped(records)}*`, layout, String(this.#now()), String(PAGE)];
        const [next, live, known] = (await primary('EVAL', SCRIPTS.COUNT, '0', ...given)) as [string, number, number];
        [cursor, count, isSeen] = [String(next), count + Number(live), isSeen || Number(known) > 0];
      } while (cursor !== '0');
    }
    if (!isSeen)
      throw new Error(`Redis does not list what stands under ${this.#prefix}: the client puts names before keys in some commands only.`);
    return count;
  }

  /** A key with the client's own prefix (`keyPrefix` of `ioredis`). */
  async #namedByServer(name: string): Promise<string> {
    return String(await this.#redis.script(SCRIPTS.NAME, [name], []));
  }

  async #row(key: Key): Promise<{ version: number; until: number; lists: string | null; value: string } | null> {
    const name = this.#recordKey(key);
    const [version, until, lists = null, value] = (await this.#redis.command(name, 'HMGET', name, 'v', 'u', 'l', 'd')) as readonly (
      | string
      | null
    )[];
    if (typeof value !== 'string') return null;
    return { version: Number(version), until: Number(until), lists, value };
  }

  /** The keys whose live records name the list, with the records if they are asked for. */
  async #standing(list: IndexKey, keys: readonly Key[], now: Seconds, withRecords = false): Promise<ReadonlyMap<Key, Stored | null>> {
    const asked = withRecords ? ['u', 'l', 'v', 'd'] : ['u', 'l'];
    const found = await Promise.all(
      keys.map(async (key): Promise<readonly (readonly [Key, Stored | null])[]> => {
        const name = this.#recordKey(key);
        const row = (await this.#redis.command(name, 'HMGET', name, ...asked)) as readonly (string | null)[];
        const [until, lists, version, value] = row;
        const stands = typeof until === 'string' && Number(until) > now && (JSON.parse(lists ?? '[]') as readonly string[]).includes(list);
        if (!stands) return [];
        return [[key, typeof value === 'string' ? storedOf(key, { version: Number(version), until: Number(until), value }) : null]];
      }),
    );
    return new Map(found.flat());
  }

  /** Removes some expired entries whenever a list grows. */
  async #tidy(list: IndexKey, length: number, now: Seconds): Promise<void> {
    if (length <= 2 * CHECKED_ENTRIES) return;
    const [order] = this.#listKeys(list);
    const some = (await this.#redis.command(order, 'ZRANDMEMBER', order, String(CHECKED_ENTRIES))) as readonly Key[];
    const standing = await this.#standing(list, some, now);
    const dangling = some.filter((key) => !standing.has(key));
    if (dangling.length > 0) await this.#forget(list, dangling, now);
  }

  /** A young entry stays: a pending write may need it. */
  async #forget(list: IndexKey, keys: readonly Key[], now: Seconds): Promise<void> {
    await this.#redis.script(SCRIPTS.FORGET, this.#listKeys(list), [String(now - MAX_WRITE_DURATION), ...keys]);
  }

  /** Waits until enough replicas have received everything written on this connection. */
  async #replicated(key: Key): Promise<void> {
    if (this.#replicas === 0) return;
    const has = Number(await this.#redis.command(this.#recordKey(key), 'WAIT', String(this.#replicas), String(REPLICATION_TIMEOUT_MS)));
    if (has < this.#replicas) throw new Error(`Redis has a write on ${has} of ${this.#replicas} replicas; a failover could lose it.`);
  }

  #recordKey(key: Key): string {
    return `${this.#prefix}r:${key}`;
  }

  /** Order and times of a list, in one slot. */
  #listKeys(list: IndexKey): readonly [order: string, times: string] {
    return [`${this.#prefix}l:{${list}}`, `${this.#prefix}t:{${list}}`];
  }

  /** Checks the schema version, and what Redis does when its memory is full. A failure is retried by the next caller. */
  async #prepare(): Promise<void> {
    const name = `${this.#prefix}layout`;
    const look = (): Promise<unknown> => this.#redis.command(name, 'GET', name);
    // Writes only once: a Redis that is full, a replica, or cannot save refuses to, and can still be read.
    const layout = Number((await look()) ?? (await this.#redis.command(name, 'SET', name, String(LAYOUT), 'NX'), await look()));
    if (layout > LAYOUT)
      throw new TypeError(
        `The records under ${this.#prefix} were written by a newer version of Portcullis. Update Portcullis, or use another prefix.`,
      );
    const policy = /^maxmemory_policy:(\S+)/m.exec(String(await this.#redis.command(null, 'INFO', 'memory')))?.[1];
    if (policy === undefined || policy === 'noeviction') return;
    const loss = `Redis has maxmemory-policy ${policy}: when its memory is full it evicts live records: ${policy.startsWith('volatile') ? '' : 'accounts, second factors, identities, '}revocations, sessions and counted attempts.`;
    if (!this.#mayEvict)
      throw new TypeError(`redisStore: ${loss} Set it to noeviction, or accept the loss with dangerouslyAllowEviction: true.`);
    this.#warn(`portcullis: ${loss}`);
  }
}

/** Escapes a text for a Redis pattern. */
function escaped(text: string): string {
  return text.replace(/[\\*?[\]^-]/g, String.raw`\$&`);
}

function machineClock(): Seconds {
  return Math.floor(Date.now() / 1000);
}
