/**
 * A record: read with its version, or changed: read, edited, and written on condition, again if another request wrote in between. A record with
 * the wrong shape reads as absent. All loops around conditional writes are here, so that each waits in the same way and ends in the same way:
 * 503 with `Retry-After`, nothing changed. A missing or unexpected record is for the edit to judge, and never counts as contention.
 */
import type { Cursor, IndexKey, Json, Key, Seconds, Store, Stored, Version } from './store.ts';
import { pause } from '../lib/async.ts';
import { OAuthError } from './error.ts';
import type { Runtime } from './runtime.ts';
import type { UserStates } from './user-state.ts';

/** A record with the version that was read. */
export interface Versioned<T> {
  readonly value: T;
  readonly version: Version;
}

/** Reads a record, or null if it is absent or of another kind. */
export async function readRecord<T>(store: Store, key: Key, kind: (value: unknown) => value is T): Promise<Versioned<T> | null> {
  return valueOf(await store.read(key), kind);
}

/** The record, or null if it is of another kind. */
export function valueOf<T>(stored: Stored | null, kind: (value: unknown) => value is T): Versioned<T> | null {
  return stored && kind(stored.value) ? { value: stored.value, version: stored.version } : null;
}

/** The records of one page of a list, in its order; those that are absent or of another kind are left out. */
export async function readPage<T>(
  store: Store,
  list: IndexKey,
  kind: (value: unknown) => value is T,
  after?: Cursor,
): Promise<{ readonly values: readonly T[]; readonly next?: Cursor }> {
  const { keys, records, ...page } = await store.list(list, after, true);
  const found = await Promise.all(keys.map(async (key) => valueOf(records?.get(key) ?? (await store.read(key)), kind)));
  return { ...page, values: found.flatMap((one) => (one ? [one.value] : [])) };
}

/** Whether a value is an object with these members. */
export function has(value: unknown, ...names: string[]): boolean {
  return typeof value === 'object' && value !== null && names.every((name) => Object.hasOwn(value, name));
}

/** Whether a record has the current format. */
export function versioned(value: unknown): boolean {
  return has(value, 'v') && (value as { v: unknown }).v === 1;
}

/** The store, and the runtime for timer and randomness (by default the machine's). */
export interface RecordAccess {
  readonly store: Pick<Store, 'read' | 'write' | 'remove'>;
  readonly runtime?: Pick<Runtime, 'random' | 'pause'> | undefined;
}

/** Result of an edit, and what to write or remove; with neither, nothing changes. */
export interface Edited<R> {
  readonly result: R;
  readonly write?: Json;
  readonly remove?: true;
  /** With `write`: when the record expires. */
  readonly until?: Seconds;
  /** With `write`: the indexes that list the record. */
  readonly index?: readonly IndexKey[];
}

/** Attempts before the error; with their pauses about nine seconds. With 48, one of 1,000 changes by 20 callers that never stop failed. */
const MAX_ATTEMPTS = 96;
const FIRST_PAUSE_MS = 4;
const MAX_PAUSE_MS = 200;

/**
 * Changes one record; of concurrent callers, each edits the result of the one before.
 *
 * @param edit gets the value, or null if there is none. It runs again after each lost write, so it must have no side effects.
 * @param known what the caller has just read; saves the first read.
 * @throws {OAuthError} `temporarily_unavailable` under endless contention, or if another version of this program wrote the record.
 * @example
 * await changeRecord(as, 'count:1', isCount, (count) => ({ write: { v: 1, n: (count?.n ?? 0) + 1 }, result: undefined }));
 */
export function changeRecord<T, R>(
  over: RecordAccess,
  key: Key,
  isKind: (value: unknown) => value is T,
  edit: (value: T | null) => Edited<R> | Promise<Edited<R>>,
  known?: Stored | null,
): Promise<R> {
  let seen = known;
  return untilDone(over, kindOf(key), async () => {
    const stored = seen === undefined ? await over.store.read(key) : seen;
    seen = undefined;
    const isReadable = stored !== null && isKind(stored.value);
    const { result, write, remove, ...options } = await edit(isReadable ? (stored.value as T) : null);
    if (write === undefined && !remove) return { result };
    if (stored && !isReadable) throw unavailable(`${kindOf(key)}_unreadable`);
    const isDone =
      write === undefined
        ? stored === null || (await over.store.remove(key, stored.version))
        : (await over.store.write(key, write, stored?.version ?? 'absent', options)) !== null;
    return isDone ? { result } : null;
  });
}

/**
 * Repeats an attempt until it succeeds. Jittered, growing pauses: N simultaneous retries would otherwise get one write through per round.
 *
 * @param what names the kind of record in the error's reason. @param attempt gives null if another request was faster.
 */
export async function untilDone<R>(
  { runtime }: Pick<RecordAccess, 'runtime'>,
  what: string,
  attempt: () => Promise<{ readonly result: R } | null>,
): Promise<R> {
  const wait = runtime?.pause ?? pause;
  for (let attempts = 1; ; attempts++) {
    const done = await attempt();
    if (done !== null) return done.result;
    if (attempts === MAX_ATTEMPTS) throw unavailable(`${what}_contended`);
    await wait(Math.min(MAX_PAUSE_MS, FIRST_PAUSE_MS * 2 ** attempts) * fraction(runtime));
  }
}

function unavailable(reason: string): OAuthError {
  return new OAuthError('temporarily_unavailable', reason, { headers: { 'retry-after': '1' } });
}

/** From 0 to 1. */
function fraction(runtime: RecordAccess['runtime']): number {
  const [byte = 0, more = 0] = runtime?.random(2) ?? crypto.getRandomValues(new Uint8Array(2));
  return (byte * 256 + more) / 65_535;
}

function kindOf(key: Key): string {
  return (key.split(':', 1)[0] ?? '').replaceAll('-', '_');
}

/**
 * The same for one value that is stored for a user or a session; each of many simultaneous requests edits what the one before has written.
 *
 * @param edit decides on the value, null if none is stored; it may run more than once.
 * @param known the value read before: saves the first read. @throws {OAuthError} `temporarily_unavailable` if others keep writing.
 */
export function changeState<T extends Json, R>(
  states: Pick<UserStates, 'read' | 'write' | 'remove'>,
  handle: string,
  ttl: Seconds | undefined,
  edit: (value: T | null) => Pick<Edited<R>, 'result' | 'write' | 'remove'>,
  known?: Stored | null,
): Promise<R> {
  const store: RecordAccess['store'] = {
    read: () => states.read(handle),
    write: (_key, value, when) => states.write(handle, value, typeof when === 'number' ? when : null, ttl),
    remove: (_key, version) => states.remove(handle, version),
  };
  return changeRecord({ store }, 'state:', isAny<T>, edit, known);
}

/** Each value is of the one kind that is written under its handle. */
function isAny<T>(_value: unknown): _value is T {
  return true;
}
