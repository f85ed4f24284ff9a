/**
 * Takes a record for work that may fail. If it fails, or if the store's response is lost, the record is written back, so that the same
 * request can be repeated.
 */
import { isOutage } from '../../model/error.ts';
import type { Json, Key, Seconds, Store } from '../../model/store.ts';
import type { Versioned } from './record.ts';

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
