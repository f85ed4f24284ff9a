/** What mutants run against: the same as on Node, with the quickest store alone. */
import type { Seconds, Store } from '../../src/model/store.ts';
import { memoryStore } from '../../src/stores/memory.ts';

export * from './under-test.node.ts';

/** One empty store. */
export async function makeStores(now: () => Seconds): Promise<readonly { name: string; store: Store }[]> {
  return [{ name: 'memory', store: memoryStore({ now }) }];
}
