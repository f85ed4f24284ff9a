/**
 * Change record: the one verb for read, decide, write on condition, again where another request wrote in between. All loops around a
 * conditional write are here, so that each of them waits the same way and ends the same way: 503 with `Retry-After`, nothing changed.
 * What a record holds, or that there is none, is for the caller's edit to judge, and never looks like contention.
 */
import { pause } from '../lib/pause.ts';
import { OAuthError } from './error.ts';
import type { Runtime } from './runtime.ts';
import type { IndexKey, Json, Key, Seconds, Store, Stored } from './store.ts';

/** What the verb is made over. The machine's timer and randomness unless a runtime is given. */
export interface Changing {
  readonly store: Pick<Store, 'read' | 'write' | 'remove'>;
  readonly runtime?: Pick<Runtime, 'random' | 'pause'> | undefined;
}

/** What an edit comes to: its result, and what is to be written or removed for it. Nothing is, where it names neither. */
export interface Edited<R> {
  readonly result: R;
  readonly write?: Json;
  readonly remove?: true;
  /** With `write`: when the record ends. */
  readonly until?: Seconds;
  /** With `write`: the lists it stands in. */
  readonly index?: readonly IndexKey[];
}

/** Attempts before the caller is told to come back: with their pauses some four seconds. */
const MAX_ATTEMPTS = 48;
const FIRST_PAUSE_MS = 4;
const MAX_PAUSE_MS = 200;

/**
 * Changes one record; of many callers at once each edits what the one before has left.
 *
 * @param edit decides on the value, null where there is none. Runs again after each lost write, so it must have no effect of its own.
 * @param known what the caller has just read: spares the first read.
 * @throws {OAuthError} `temporarily_unavailable` where others write without end, or another version of this program wrote the record.
 * @example
 * await changeRecord(as, 'count:1', isCount, (held) => ({ write: { v: 1, n: (held?.n ?? 0) + 1 }, result: undefined }));
 */
export function changeRecord<T, R>(
  over: Changing,
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
 * Makes attempts until one is done. The pauses between them grow and are of random length: a crowd that comes back at the same moment
 * gets one write through in each round.
 *
 * @param what names the kind of thing in the reason of the error. @param attempt null where another request was faster.
 */
export async function untilDone<R>(
  { runtime }: Pick<Changing, 'runtime'>,
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
function fraction(runtime: Changing['runtime']): number {
  const [byte = 0, more = 0] = runtime?.random(2) ?? crypto.getRandomValues(new Uint8Array(2));
  return (byte * 256 + more) / 65_535;
}

function kindOf(key: Key): string {
  return (key.split(':', 1)[0] ?? '').replaceAll('-', '_');
}
