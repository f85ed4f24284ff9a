/** What the suite runs against in workerd. Tests import it as '#under-test'; vitest picks this file or its sibling for Node. */
import { env } from 'cloudflare:test';
import type { Databases } from '../../src/model/user-state.ts';
import type { Seconds, Store } from '../../src/model/store.ts';
import { d1Store } from '../../src/stores/d1.ts';
import { durableObjectStore } from '../../src/stores/durable-object.ts';
import type { ObjectNamespace } from '../../src/stores/object-namespace.ts';
import { memoryStore } from '../../src/stores/memory.ts';
import { objectDatabases } from '../../src/worker/user-objects.ts';
import { type Around, metered, VERBS } from './trips.ts';

type D1Binding = Parameters<typeof d1Store>[0];

/** The machine below. */
export const runtimeName: 'node' | 'workerd' = 'workerd';

const { PORTCULLIS, USERS, D1 } = env as unknown as { PORTCULLIS: ObjectNamespace; USERS: ObjectNamespace; D1: D1Database };

/** Fresh, empty stores of every kind this runtime has, all on one clock. @param around gets each call of a database. */
export async function makeStores(
  now: () => Seconds,
  around: Around = (call) => call(),
): Promise<readonly { name: string; store: Store }[]> {
  return [
    { name: 'memory', store: metered(memoryStore({ now }), around, VERBS) },
    { name: 'durable object', store: durableObjectStore(objects(around), { now, shards: 4, prefix: `${crypto.randomUUID()}-` }) },
    { name: 'd1', store: d1Store(freshTables(around), { now }) },
  ];
}

const METHODS = [
  'read',
  'write',
  'remove',
  'increment',
  'attempt',
  'enter',
  'entries',
  'standing',
  'standingRecords',
  'all',
  'count',
  'forget',
];

/** The objects, with each call of them going through `around`. */
function objects(around: Around): ObjectNamespace {
  return {
    idFromName: (name) => PORTCULLIS.idFromName(name),
    get(id, ...options: unknown[]) {
      const object = Reflect.apply(PORTCULLIS.get, PORTCULLIS, [id, ...options]) as Record<
        string,
        (...parameters: unknown[]) => Promise<unknown>
      >;
      const method = (name: string) => [name, (...parameters: unknown[]) => around(async () => object[name]?.(...parameters))] as const;
      return Object.fromEntries(METHODS.map(method));
    },
  };
}

/** The one database of these tests, with tables of other names each time: empty ones. */
function freshTables(around: Around): D1Binding {
  const name = `t${crypto.randomUUID().replaceAll('-', '')}_`;
  const own = new WeakMap<object, D1PreparedStatement>();
  const counted = (statement: D1PreparedStatement): ReturnType<D1Binding['prepare']> => {
    const wrapped = {
      bind: (...parameters: unknown[]) => counted(statement.bind(...parameters)),
      all: () => around(() => statement.all()),
    };
    own.set(wrapped, statement);
    return wrapped;
  };
  return {
    prepare: (statement) => counted(D1.prepare(statement.replaceAll('portcullis_', name))),
    batch: (statements) => around(async () => D1.batch(statements.flatMap((one) => own.get(one) ?? []))),
  };
}

/** Databases of users that no one has used. */
export function makeDatabases(): Databases {
  const made = crypto.randomUUID();
  const databases = objectDatabases(() => USERS);
  return (name, env) => databases(made + name, env);
}

/** The machine's own verbs. */
export { workerRuntime as makeRuntime } from '../../src/worker/runtime.ts';
