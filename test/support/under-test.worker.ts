/** What the suite runs against in workerd. Tests import it as '#under-test'; vitest picks this file or its sibling for Node. */
import { env } from 'cloudflare:test';
import type { Databases } from '../../src/model/database.ts';
import type { Seconds, Store } from '../../src/model/store.ts';
import { d1Store } from '../../src/stores/d1.ts';
import { durableObjectStore } from '../../src/stores/durable-object.ts';
import type { ObjectNamespace } from '../../src/stores/object-namespace.ts';
import { memoryStore } from '../../src/stores/memory.ts';
import { objectDatabases } from '../../src/worker/database-object.ts';

type D1Binding = Parameters<typeof d1Store>[0];

/** The machine below. */
export const runtimeName: 'node' | 'workerd' = 'workerd';

const { PORTCULLIS, USERS, D1 } = env as unknown as { PORTCULLIS: ObjectNamespace; USERS: ObjectNamespace; D1: D1Database };

/** Fresh, empty stores of every kind this runtime has, all on one clock. */
export async function makeStores(now: () => Seconds): Promise<readonly { name: string; store: Store }[]> {
  return [
    { name: 'memory', store: memoryStore({ now }) },
    { name: 'durable object', store: durableObjectStore(PORTCULLIS, { now, shards: 4, prefix: `${crypto.randomUUID()}-` }) },
    { name: 'd1', store: d1Store(freshTables(), { now }) },
  ];
}

/** The one database of these tests, with tables of other names each time: empty ones. */
function freshTables(): D1Binding {
  const name = `t${crypto.randomUUID().replaceAll('-', '')}_`;
  const { prepare, batch } = D1;
  return {
    prepare: (statement) => prepare.call(D1, statement.replaceAll('portcullis_', name)) as unknown as ReturnType<D1Binding['prepare']>,
    batch: (statements) => batch.call(D1, statements) as ReturnType<D1Binding['batch']>,
  };
}

/** Databases of users that nobody has used. */
export function makeDatabases(): Databases {
  const made = crypto.randomUUID();
  const databases = objectDatabases(() => USERS);
  return (name, env) => databases(made + name, env);
}

/** The machine's own verbs. */
export { workerRuntime as makeRuntime } from '../../src/worker/runtime.ts';
