/** Guarantees about what a write leaves, versions and counts: part of `testing/store-suite`. */
import type { Version } from '../model/store.ts';
import { check, equal, race, racers, rule, type StoreCase, written } from './store-case.ts';

/** Cases about versions. */
export const versionRules: readonly StoreCase[] = [
  rule('never gives a version of a removed record again', async ({ store }) => {
    const seen = new Set<Version>();
    for (let life = 0; life < 20; life++) {
      for (const value of [1, 2, 3]) seen.add(await written(store, 'a:1', value, 'any'));
      equal(await store.remove('a:1'), true);
    }
    equal(seen.size, 60);
    const stale = [...seen].at(-1) ?? 0;
    await written(store, 'a:1', 'new', 'absent');
    equal(await store.write('a:1', 'stale', stale), null);
    equal(await store.remove('a:1', stale), false);
  }),
  rule('gives versions that do not count up, so that none comes back where the last writes were lost', async ({ store }) => {
    const versions = [await written(store, 'a:1', 0, 'absent')];
    for (let n = 1; n < 8; n++) versions.push(await written(store, 'a:1', n, n % 2 === 0 ? 'any' : (versions.at(-1) ?? 0)));
    const steps = new Set(versions.slice(1).map((version, at) => version - (versions[at] ?? 0)));
    check(steps.size > 4, `the versions ${versions.join(', ')} follow from each other`);
  }),
  rule('gives no version again that was given after a copy of the data which is put back', async ({ store, copy }) => {
    if (!copy) return;
    const first = await written(store, 'a:1', 'kept', 'any');
    const putBack = await copy();
    const lost = await written(store, 'a:1', 'lost', first);
    const known = (await store.read('a:1')) ?? undefined;
    await putBack();
    equal((await store.read('a:1', known))?.value, 'kept');
    const next = await written(store, 'a:1', 'next', first);
    check(next !== lost && next !== first, 'a version came back');
    equal((await store.read('a:1', known))?.value, 'next');
    equal(await store.write('a:1', 'stale', lost), null);
  }),
  rule('returns the known record only while the stored one is unchanged', async ({ store, clock }) => {
    await written(store, 'a:1', { n: 1 }, 'any');
    const known = (await store.read('a:1')) ?? undefined;
    equal(await store.read('a:1', known), known);
    await written(store, 'a:1', { n: 2 }, 'any', { until: clock.time + 60 });
    equal((await store.read('a:1', known))?.value, { n: 2 });
    const later = (await store.read('a:1', known)) ?? undefined;
    clock.time += 60;
    equal(await store.read('a:1', later), null);
    await written(store, 'a:1', { n: 1 }, 'absent');
    equal((await store.read('a:1', later))?.value, { n: 1 });
    await store.remove('a:1');
    equal(await store.read('a:1', later), null);
  }),
];

/** Cases about counts. A store without `increment` counts by conditional writes, which are tested in the suite. */
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
