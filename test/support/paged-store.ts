/** A store in memory whose lists come in short pages, so that a test sees what is done with the next one. */
import type { Store } from '../../src/model/store.ts';
import { memoryStore } from '../../src/stores/memory.ts';
import type { Clock } from '../../src/testing/clock.ts';

/** Makes one. @param page keys that a list gives at once. */
export function pagedStore(clock: Clock, page: number): Store {
  const inner = memoryStore(clock);
  return {
    atomic: true,
    read: (...all) => inner.read(...all),
    write: (...all) => inner.write(...all),
    remove: (...all) => inner.remove(...all),
    async list(index, after = 'from 0') {
      const { keys } = await inner.list(index);
      const [start, end] = [Number(after.slice(5)), Number(after.slice(5)) + page];
      return { keys: keys.slice(start, end), ...(end < keys.length ? { next: `from ${end}` } : {}) };
    },
  };
}
