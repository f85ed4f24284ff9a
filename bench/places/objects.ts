/** Durable Objects of this package in one Node process, each at a place: the class that Workers run, on SQLite in memory. */
import { registerHooks } from 'node:module';
import { DatabaseSync, type StatementSync } from 'node:sqlite';
import type { Place } from '../../src/model/token.ts';
import type { ObjectNamespace, StoreObject } from '../../src/stores/object-namespace.ts';

/** What workerd offers under `cloudflare:workers`, as far as it is used here. */
const WORKERS = `
export class DurableObject { constructor(ctx, env) { this.ctx = ctx; this.env = env; } }
export class WorkerEntrypoint { constructor(ctx, env) { this.ctx = ctx; this.env = env; } }
export class RpcTarget {}
export const env = {};`;

registerHooks({
  resolve: (specifier, context, next) =>
    specifier === 'cloudflare:workers'
      ? { url: `data:text/javascript,${encodeURIComponent(WORKERS)}`, shortCircuit: true }
      : next(specifier, context),
});

/** Delays a call from here to a place, with its answer. */
export type Distance = (to: Place) => Promise<void>;

/** A namespace. @param siteFor where an object is made, from its hint. */
export async function objectsAt(siteFor: (hint: Place | undefined) => Place, distance: Distance): Promise<ObjectNamespace> {
  const file = '../../src/worker/store-object.ts'; // whose types are those of workerd
  const { PortcullisStore } = (await import(file)) as {
    PortcullisStore: new (state: unknown, env: unknown) => StoreObject;
  };
  const objects = new Map<string, { readonly site: Place; readonly object: StoreObject }>();
  const make = (): StoreObject => new PortcullisStore({ storage: storage() }, {});
  return {
    idFromName: (name) => name,
    get: (name, options) => {
      const known = objects.get(name);
      const hint = (options as { locationHint?: Place } | undefined)?.locationHint;
      const { site, object } = known ?? { site: siteFor(hint), object: make() };
      if (!known) objects.set(name, { site, object });
      return new Proxy(object, {
        get:
          (target, verb) =>
          async (...parameters: unknown[]) => {
            await distance(site);
            return (Reflect.get(target, verb) as (...all: unknown[]) => unknown).apply(target, parameters);
          },
      });
    },
  };
}

function storage(): unknown {
  const database = new DatabaseSync(':memory:');
  const statements = new Map<string, StatementSync>();
  const kept = new Map<string, unknown>();
  let alarm: number | null = null;
  return {
    sql: {
      exec(text: string, ...parameters: (string | number | null)[]) {
        let statement = statements.get(text);
        if (!statement) statements.set(text, (statement = database.prepare(text)));
        return { toArray: () => (statement as StatementSync).all(...parameters) };
      },
    },
    kv: { get: (key: string) => kept.get(key), put: (key: string, value: unknown) => kept.set(key, value) },
    transactionSync: (work: () => unknown) => work(),
    getAlarm: async () => alarm,
    setAlarm: async (at: number) => void (alarm = at),
  };
}
