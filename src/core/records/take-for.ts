/**
 * Take for: uses up a record for something that may fail. Where it does, or where the answer of the store is lost, the record is kept
 * again, so that the same request can come once more.
 */
import { isOutage } from '../../model/error.ts';
import type { Json, Key, Seconds, Store } from '../../model/store.ts';
import type { Versioned } from './record.ts';

/** Runs `work` for the one caller that takes the record; null for all others. */
export async function takeFor<T>(
  store: Store,
  { key, held, until }: { readonly key: Key; readonly held: Versioned<Json>; readonly until: Seconds },
  work: () => Promise<T>,
): Promise<T | null> {
  try {
    return (await store.remove(key, held.version)) ? await work() : null;
  } catch (error) {
    await keepAgain(store, key, held.value, until);
    throw error;
  }
}

async function keepAgain(store: Store, key: Key, value: Json, until: Seconds): Promise<void> {
  try {
    await store.write(key, value, 'absent', { until });
  } catch (error) {
    if (!isOutage(error)) throw error; // the store is down: the first failure is the one to tell
  }
}
