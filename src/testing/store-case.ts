/**
 * Building blocks of the store suite: the shape of a case, and some assertions that need no test runner.
 */
import type { IndexKey, Json, Key, Page, Seconds, Store, Version } from '../model/store.ts';

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

/** Increments a number by reading and writing on condition, until it succeeds. */
export async function raise(store: Store, key: Key): Promise<void> {
  for (;;) {
    const stored = await store.read(key);
    if (stored && (await store.write(key, (stored.value as number) + 1, stored.version)) !== null) return;
  }
}

/** Starts several calls at once. */
export function racers<T>(count: number, run: (n: number) => Promise<T>): Promise<T>[] {
  return Array.from({ length: count }, (_, n) => run(n));
}

/** All pages of a list. */
export async function pagesOf(store: Store, index: IndexKey): Promise<Page[]> {
  const pages = [await store.list(index)];
  for (let next = pages[0]?.next; next !== undefined; next = pages.at(-1)?.next) pages.push(await store.list(index, next));
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
