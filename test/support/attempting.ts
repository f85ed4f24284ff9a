/** A store that makes attempts as an object does, in one step, over a store in memory. */
import { attempted, type GrantAttempt } from '../../src/core/grant-attempt.ts';
import { lifeEndOf } from '../../src/model/grant.ts';
import type { Store } from '../../src/model/store.ts';

/** The store with `attempt`. Its verbs run at once, so nothing comes in between. */
export function attempting(store: Store): Store {
  return Object.assign(store, {
    attempt: async (...[key, attempt]: Parameters<NonNullable<Store['attempt']>>) => {
      for (;;) {
        const stored = await store.read(key);
        const grant = stored && attempted(stored.value, attempt as GrantAttempt);
        if (!grant) return { isDone: false, stored };
        const version = await store.write(key, grant, stored.version, { until: lifeEndOf(grant) });
        if (version !== null) return { isDone: true, stored: { value: grant, version } };
      }
    },
  } satisfies Pick<Store, 'attempt'>);
}
