/**
 * Building blocks of the store suite: the shape of a case, some assertions that need no test runner, and the cases about versions and counts.
 */
import type { Cursor, IndexKey, Json, Key, Page, Seconds, Store, Version } from '../model/store.ts';

/** A new, empty store, and, if the engine survives its process, a way to open the same data again. */
export interface StoreUnderTest {
  readonly store: Store;
  /** Closes the store and opens its data again. */
  readonly reopen?: () => Promise<Store>;
  /** Copies all data like a backup. @returns a function that restores the copy. */
  readonly copy?: () => Promise<() => Promise<void>>;
}

/** Makes a new, empty store that reads the time from `now`. */
export type MakeStore = (now: () => Seconds) => Promise<StoreUnderTest>;

/** One case of the suite. */
export interface StoreCase {
  /** What the store does, as a sentence. */
  readonly name: string;
  /** Set if it needs concurrency: a guarantee of atomic stores only. */
  readonly atomic?: true;
  /** Throws if the store fails the case. */
  readonly run: (make: MakeStore) => Promise<void>;
}

/** A clock that the case moves. */
export interface Clock {
  time: Seconds;
}

/** What a case gets. */
export interface Given {
  readonly store: Store;
  readonly copy?: StoreUnderTest['copy'];
  readonly clock: Clock;
}

/** Makes a case; its body gets a new store and its clock. */
export function rule(name: string, body: (given: Given) => Promise<void>): StoreCase {
  return {
    name,
    run: async (make) => {
      const clock = { time: 1_800_000_000 };
      const { store, copy } = await make(() => clock.time);
      await body({ store, clock, ...(copy && { copy }) });
    },
  };
}

/** The same for a case with concurrent operations. */
export function race(name: string, body: (given: Given) => Promise<void>): StoreCase {
  return { ...rule(name, body), atomic: true };
}

/** Writes; fails the case if the store refuses. */
export async function written(
  store: Store,
  key: Key,
  value: Json,
  when: 'any' | 'absent' | Version,
  options?: Parameters<Store['write']>[3],
): Promise<Version> {
  const version = await store.write(key, value, when, options);
  if (version === null) throw new Error(`the write of ${key} with ${when} was refused`);
  return version;
}

/** Attempts to write, and pages of a list: far more than a store needs that keeps its word. */
const MOST = 1000;

/** Increments a number by reading and writing on condition, until it succeeds; fails the case if it never does. */
export async function raise(store: Store, key: Key): Promise<void> {
  for (let attempt = 0; attempt < MOST; attempt++) {
    const stored = await store.read(key);
    if (stored && (await store.write(key, (stored.value as number) + 1, stored.version)) !== null) return;
  }
  throw new Error(`no write of ${key} on its version succeeded`);
}

/** Starts several calls at once. */
export function racers<T>(count: number, run: (n: number) => Promise<T>): Promise<T>[] {
  return Array.from({ length: count }, (_, n) => run(n));
}

/** The pages of a listing, one after the other; fails the case if it does not end. */
export async function* pagesIn<P extends { readonly next?: Cursor }>(list: (after?: Cursor) => Promise<P>): AsyncGenerator<P> {
  let page = await list();
  for (let count = 1; count < MOST; count++) {
    yield page;
    if (page.next === undefined) return;
    page = await list(page.next);
  }
  throw new Error('the listing does not end');
}

/** All pages of a list. */
export async function pagesOf(store: Store, index: IndexKey): Promise<Page[]> {
  const pages: Page[] = [];
  for await (const page of pagesIn((after) => store.list(index, after))) pages.push(page);
  return pages;
}

/** All keys of a list. */
export async function keysOf(store: Store, index: IndexKey): Promise<readonly Key[]> {
  return (await pagesOf(store, index)).flatMap((page) => page.keys);
}

/** Fails the case unless the condition holds. */
export function check(holds: boolean, otherwise: string): void {
  if (!holds) throw new Error(otherwise);
}

/** Fails the case unless two values are the same JSON, with object members in the same order. */
export function equal(found: unknown, wanted: unknown): void {
  const [a, b] = [JSON.stringify(found), JSON.stringify(wanted)];
  if (a !== b) throw new Error(`found ${brief(a)}, wanted ${brief(b)}`);
}

function brief(text: string | undefined): string {
  return text !== undefined && text.length > 300 ? `${text.slice(0, 300)}…` : String(text);
}

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
