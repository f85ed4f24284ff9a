/**
 * What may be used once. Ids that could be replayed are remembered by one write that only the first request can make, in any number of processes.
 * What a browser brings back is marked, so that its second request learns the result of the first. A record that is used for work that fails is kept.
 */
import { isOutage } from '../../model/error.ts';
import { type Place, withPlace } from '../../model/place.ts';
import type { Json, Key, Seconds, Store } from '../../model/store.ts';
import type { AuthServer } from '../auth-server.ts';
import { has, readRecord, type Versioned } from './record.ts';
import { changeRecord, type RecordAccess } from '../../model/change-record.ts';

/** Something that can be used once. */
export interface SingleUse {
  /** Uses it up: true for exactly one caller. */
  spend(): Promise<boolean>;
  /** Makes it usable again, if this caller used it. It stays used if the store is down. */
  giveBack(): Promise<void>;
}

/**
 * An id that can be used once within its namespace.
 *
 * @param until when it expires by itself; the record outlives it. @param place where it is noted: the same for every use of this id, wherever it
 *   comes from.
 */
export async function singleUse(
  as: AuthServer,
  namespace: readonly string[],
  id: string,
  until: Seconds,
  place: Place | null = null,
): Promise<SingleUse> {
  const key = `replay:${withPlace(await as.secrets.hash(`replay\n${JSON.stringify([...namespace, id])}`), place)}` as const;
  let ownId: string | null = null;
  return {
    async spend() {
      ownId = as.secrets.id(); // known before the write, whose response may be lost
      return (await as.store.write(key, { v: 1, by: ownId }, 'absent', { until: until + 1 })) !== null;
    },
    async giveBack() {
      if (ownId === null) return;
      try {
        const record = await readRecord(as.store, key, isMark);
        if (record?.value.by === ownId) await as.store.remove(key, record.version);
      } catch (error) {
        if (!isOutage(error)) throw error;
      }
    },
  };
}

const isMark = (value: unknown): value is { readonly by: string } => has(value, 'by');

/** `now` while a request handles it; `done` after it ended in a page, so there is no redirect to repeat. */
export type Used = { readonly taken?: 'now' | 'done' };

/** Marks a record: an open one as `now`, a taken one as `done`. True for exactly one caller. */
export async function markUsed<T extends Used & { readonly expiresAt: Seconds }>(
  over: RecordAccess,
  key: Key,
  kind: (value: unknown) => value is T,
  taken: 'now' | 'done',
): Promise<boolean> {
  return changeRecord(over, key, kind, (record) => {
    if (!record || record.taken !== (taken === 'now' ? undefined : 'now')) return { result: false };
    return { write: { ...record, taken }, until: record.expiresAt, result: true };
  });
}

/** Runs `work` for the one caller that takes the record; null for all others. */
export async function takeFor<T>(
  store: Store,
  { key, record, until }: { readonly key: Key; readonly record: Versioned<Json>; readonly until: Seconds },
  work: () => Promise<T>,
): Promise<T | null> {
  try {
    return (await store.remove(key, record.version)) ? await work() : null;
  } catch (error) {
    await writeBack(store, key, record.value, until);
    throw error;
  }
}

async function writeBack(store: Store, key: Key, value: Json, until: Seconds): Promise<void> {
  try {
    await store.write(key, value, 'absent', { until });
  } catch (error) {
    if (!isOutage(error)) throw error; // the store is down: report the first failure
  }
}
