/**
 * The Durable Object behind `durableObjectStore`: records and lists in the object's own SQLite. Every verb runs from its first
 * statement to its last without an `await`, so nothing can come in between. The caller passes its time along; the object's own clock
 * only wakes it to sweep what has long expired.
 */
import { DurableObject } from 'cloudflare:workers';
import { attempted, type GrantAttempt } from '../core/grant-attempt.ts';
import { lifeEndOf } from '../model/grant.ts';
import type { Attempt, Count, Cursor, IndexKey, Key, Seconds, Version } from '../model/store.ts';
import type { StoreObject } from '../stores/object-namespace.ts';
import {
  type Change,
  countIn,
  countOf,
  enter,
  entriesOf,
  forget,
  hasEnding,
  incrementing,
  LAYOUTS,
  listsOf,
  NEVER,
  READ,
  recordsOf,
  removeRecord,
  type Row,
  type Run,
  SCHEMA_VERSION,
  stands,
  storedOf,
  sweepRecords,
  writeRecord,
} from '../stores/sql.ts';

const HOUR_MS = 3_600_000;
/** Records looked at in one go; the next go follows at once. */
const SWEEP_SIZE = 2000;

/**
 * One shard of the store. Export it from the Worker and bind it as `PORTCULLIS` (`new_sqlite_classes`).
 *
 * @example
 * export { PortcullisStore } from 'portcullis/worker';
 */
export class PortcullisStore extends DurableObject<unknown> implements StoreObject {
  readonly #run: Run;
  #swept = 0;
  /** Whether this object knows that a sweep is due; saves the question at every write. */
  #wakes = false;

  constructor(state: DurableObjectState, env: unknown) {
    super(state, env);
    const { sql, kv } = state.storage;
    const run: Run = (statement, ...parameters) => sql.exec(statement, ...parameters).toArray();
    const layout = Number(kv.get('layout') ?? 0);
    if (layout < SCHEMA_VERSION) {
      state.storage.transactionSync(() => {
        for (const statement of LAYOUTS.slice(layout).flat()) run(statement);
        kv.put('layout', SCHEMA_VERSION);
      });
    }
    this.#run = kv.get('layout') === SCHEMA_VERSION ? run : refuse; // so that every verb says why, and the caller hears it
  }

  /** The live record, or null. */
  read(key: Key, now: Seconds): Row | null {
    const [row] = this.#run(READ, key, now);
    return row ? (row as Row) : null;
  }

  /** Writes if the condition holds: the new version and the lists left behind; else null. */
  async write(key: Key, text: string, change: Change): Promise<{ version: Version; left: readonly IndexKey[] } | null> {
    const before = change.lists ? listsOf(this.#run, key) : [];
    const version = writeRecord(this.#run, key, text, change);
    if (version === null) return null;
    await this.#wakeFor(change.until);
    return { version, left: before.filter((list) => !change.lists?.includes(list)) };
  }

  /** Makes an attempt at a record, and gives it as it is then. */
  async attempt(key: Key, attempt: Attempt): Promise<{ isDone: boolean; row: Row | null }> {
    const { now } = attempt;
    const row = this.read(key, now);
    const next = row && attempted(storedOf(key, row).value, attempt as GrantAttempt);
    if (!row || !next) return { isDone: false, row };
    const [value, until] = [JSON.stringify(next), lifeEndOf(next)];
    const version = writeRecord(this.#run, key, value, { when: row.version, now, until, lists: null });
    if (version === null) return { isDone: false, row };
    await this.#wakeFor(until);
    return { isDone: true, row: { version, until, value } };
  }

  /** Adds one to a count, or starts one; null if the record is not a count. */
  async increment(key: Key, per: Seconds, now: Seconds): Promise<Count | null> {
    const count = countIn(this.#run(...incrementing(key, per, now))[0]);
    await this.#wakeFor(now + per);
    return count;
  }

  /** Removes a live record and gives the lists it stood in; null if there was none in that state. */
  remove(key: Key, when: Version | null, now: Seconds): readonly IndexKey[] | null {
    return removeRecord(this.#run, key, when ?? undefined, now);
  }

  /** Puts a key into a list. */
  enter(list: IndexKey, key: Key, now: Seconds): void {
    enter(this.#run, list, key, now);
  }

  /** One page of a list. */
  entries(list: IndexKey, after: number, most?: number): { readonly keys: readonly Key[]; readonly next?: number } {
    return entriesOf(this.#run, list, after, most);
  }

  /** Those of the keys whose live records say that they stand in the list. */
  standing(list: IndexKey, keys: readonly Key[], now: Seconds): readonly Key[] {
    return keys.filter((key) => stands(this.#run, list, key, now));
  }

  /** The records of those keys. */
  standingRecords(list: IndexKey, keys: readonly Key[], now: Seconds): readonly (Row & { key: Key })[] {
    return this.standing(list, keys, now).map((key) => ({ ...(this.read(key, now) as Row), key }));
  }

  /** One page of all live records, each as JSON text. */
  all(after: number, now: Seconds): { readonly records: readonly string[]; readonly next?: Cursor } {
    const { records, ...next } = recordsOf(this.#run, after, now);
    return { records: records.map((record) => JSON.stringify(record)), ...next };
  }

  /** How many live records this object holds. */
  count(now: Seconds): number {
    return countOf(this.#run, now);
  }

  /** Drops entries that are older than a moment. */
  forget(list: IndexKey, keys: readonly Key[], before: Seconds): void {
    for (const key of keys) forget(this.#run, list, key, before);
  }

  /** Sweeps expired records, some at a time; sleeps again once nothing is left that can expire. */
  override async alarm(): Promise<void> {
    const now = Math.floor(Date.now() / 1000);
    const { next } = sweepRecords(this.#run, this.#swept, SWEEP_SIZE, now, (removal) => this.ctx.storage.transactionSync(removal));
    this.#swept = next;
    this.#wakes = next > 0 || hasEnding(this.#run);
    if (this.#wakes) await this.ctx.storage.setAlarm(next > 0 ? Date.now() : Date.now() + HOUR_MS);
  }

  /** The record stands; nothing is decided after this. */
  async #wakeFor(until: Seconds): Promise<void> {
    if (this.#wakes || until >= NEVER) return;
    if ((await this.ctx.storage.getAlarm()) === null) await this.ctx.storage.setAlarm(Date.now() + HOUR_MS);
    this.#wakes = true;
  }
}

function refuse(): never {
  throw new Error('This Durable Object was written by another version of Portcullis. Deploy that version again, or a newer one.');
}
