/** Guarantees about counts: part of `testing/store-suite`. A store without `increment` counts by conditional writes, which are tested there. */
import { check, equal, race, racers, rule, type StoreCase, written } from './store-case.ts';

/** The cases. */
export const countRules: readonly StoreCase[] = [
  rule('counts from one, within a window that begins with the first', async ({ store, clock }) => {
    if (!store.increment) return;
    const endsAt = clock.time + 60;
    equal(await store.increment('limit:1', 60), { count: 1, endsAt });
    clock.time += 59;
    equal(await store.increment('limit:1', 60), { count: 2, endsAt });
    equal(await store.increment('limit:2', 60), { count: 1, endsAt: clock.time + 60 });
    clock.time += 1;
    equal(await store.read('limit:1'), null);
    equal(await store.increment('limit:1', 30), { count: 1, endsAt: clock.time + 30 });
  }),
  race('counts each of many at once', async ({ store }) => {
    if (!store.increment) return;
    const counts = await Promise.all(racers(50, async () => (await store.increment?.('limit:1', 60))?.count ?? 0));
    equal(new Set(counts).size, 50);
    check(Math.max(...counts) >= 50, 'not all were counted');
  }),
  rule('counts on a record that was read and written, and changes its version', async ({ store, clock }) => {
    if (!store.increment) return;
    const endsAt = clock.time + 60;
    const version = await written(store, 'limit:1', { v: 1, count: 41, endsAt }, 'any', { until: endsAt });
    equal(await store.increment('limit:1', 600), { count: 42, endsAt });
    equal(await store.write('limit:1', 'late', version), null);
    const stored = await store.read('limit:1');
    check(stored !== null && (stored.value as { v?: unknown }).v === 1, 'the record lost its other members');
    equal(await store.remove('limit:1', stored?.version), true);
  }),
  rule('leaves a record alone that is no count', async ({ store }) => {
    if (!store.increment) return;
    for (const value of [{ v: 2, count: 'many' }, { v: 1 }, [], 'text'] as const) {
      const version = await written(store, 'limit:1', value, 'any');
      equal(await store.increment('limit:1', 60), null);
      equal(await store.read('limit:1'), { value, version });
    }
  }),
];
