/** Counts of attempts within a window of time. */
import { changeRecord, type RecordAccess } from '../../model/change-record.ts';
import { OAuthError } from '../../model/error.ts';
import type { Count, Key, Seconds, Store } from '../../model/store.ts';
import { has } from './record.ts';

/** Operations on counts, by the hash of a name. */
export interface Counts {
  /** Counts one attempt under a name. @returns the count in the current window, and when the window ends. */
  count(name: string, per: Seconds, now: Seconds): Promise<Count>;
  /** Takes one attempt back. */
  uncount(name: string): Promise<void>;
  forgetCount(name: string): Promise<void>;
}

/** Makes the operations over a store. Each attempt is counted before it is made; if the count fails, so does the attempt. */
export function makeCounts(store: Store, runtime: RecordAccess['runtime']): Counts {
  const over = { store, runtime };
  return {
    async count(name, per, now) {
      if (!store.increment) return countIn(over, keyOf(name), per, now);
      const count = await store.increment(keyOf(name), per);
      if (count === null) throw new OAuthError('temporarily_unavailable', 'limit_unreadable', { headers: { 'retry-after': '1' } });
      return count;
    },
    uncount: (name) =>
      changeRecord(over, keyOf(name), isCount, (stored) => {
        if (!stored) return { result: undefined };
        return { write: { v: 1, count: Math.max(0, stored.count - 1), endsAt: stored.endsAt }, until: stored.endsAt, result: undefined };
      }),
    forgetCount: async (name) => void (await store.remove(keyOf(name))),
  };
}

/** For stores that cannot count in one step. */
function countIn(over: RecordAccess, key: Key, per: Seconds, now: Seconds): Promise<Count> {
  return changeRecord(over, key, isCount, (stored) => {
    const { count, endsAt } = stored ?? { count: 0, endsAt: now + per };
    const result = { count: count + 1, endsAt };
    return { write: { v: 1, ...result }, until: endsAt, result };
  });
}

function keyOf(name: string): Key {
  return `limit:${name}`;
}

const isCount = (value: unknown): value is Count => has(value, 'count', 'endsAt');
