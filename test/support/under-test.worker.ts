/** What the suite runs against in workerd. Tests import it as '#under-test'; vitest picks this file or its sibling for Node. */
import { env } from 'cloudflare:test';
import type { Seconds, Store } from '../../src/model/store.ts';
import { durableObjectStore, type ObjectNamespace } from '../../src/stores/durable-object.ts';
import { memoryStore } from '../../src/stores/memory.ts';

/** The machine below. */
export const runtimeName: 'node' | 'workerd' = 'workerd';

const { PORTCULLIS } = env as unknown as { PORTCULLIS: ObjectNamespace };

/** Fresh, empty stores of every kind this runtime has, all on one clock. */
export async function makeStores(now: () => Seconds): Promise<readonly { name: string; store: Store }[]> {
  return [
    { name: 'memory', store: memoryStore({ now }) },
    { name: 'durable object', store: durableObjectStore(PORTCULLIS, { now, shards: 4, prefix: `${crypto.randomUUID()}-` }) },
  ];
}

/** The machine's own verbs. */
export { workerRuntime as makeRuntime } from '../../src/worker/runtime.ts';
