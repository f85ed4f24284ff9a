/**
 * What each operation asks of Cloudflare: `/do`, `/d1` and `/kv` run it once on that store, limits on, and answer what was counted. Calls of
 * Durable Objects are billed as requests; the rows are those that SQLite itself reports.
 */
import { cloudflareKvStore } from '../../src/stores/cloudflare-kv.ts';
import { d1Store } from '../../src/stores/d1.ts';
import { durableObjectStore } from '../../src/stores/durable-object.ts';
import type { ObjectNamespace } from '../../src/stores/object-namespace.ts';
import type { Store } from '../../src/model/store.ts';
import { PortcullisStore } from '../../src/worker/store-object.ts';
import { OAuthProvider } from '../../src/worker/main.ts';
import { costsOn, type Tally } from '../cost-journey.ts';

interface Env {
  readonly PORTCULLIS: DurableObjectNamespace<PortcullisStore>;
  readonly D1: D1Database;
  readonly OAUTH_KV: KVNamespace;
}

let tally: Tally = {};
let cursors: { readonly rowsRead: number; readonly rowsWritten: number }[] = [];

function count(name: string, by = 1): void {
  tally[name] = (tally[name] ?? 0) + by;
}

function take(): Tally {
  for (const { rowsRead, rowsWritten } of cursors) {
    count('rows read', rowsRead);
    count('rows written', rowsWritten);
  }
  const taken = tally;
  [tally, cursors] = [{}, []];
  return taken;
}

const costs = (store: Store): Promise<Record<string, Tally>> => costsOn(store, take, (options) => new OAuthProvider(options));

/** The object of the store. It shares this module with the Worker, so what it notes is seen there. */
export class CostStore extends PortcullisStore {
  constructor(state: DurableObjectState, env: unknown) {
    super(state, env);
    const own = Object.getPrototypeOf(state.storage.sql) as { exec: (...given: unknown[]) => (typeof cursors)[number]; isCounted?: true };
    if (own.isCounted) return;
    const exec = own.exec;
    own.isCounted = true;
    own.exec = function counted(...given) {
      const cursor = exec.apply(this, given);
      cursors.push(cursor); // it knows its rows when they have been read
      return cursor;
    };
  }
}

/** Objects whose calls are counted. */
function countedObjects(namespace: Env['PORTCULLIS']): ObjectNamespace {
  const get = (...given: Parameters<Env['PORTCULLIS']['get']>): unknown => {
    const stub = namespace.get(...given) as unknown as Record<string, (...sent: unknown[]) => unknown>;
    const method =
      (name: string) =>
      (...sent: unknown[]) => {
        count('object requests');
        return stub[name]?.(...sent);
      };
    return new Proxy({}, { get: (_, name) => method(String(name)) });
  };
  return { idFromName: (name: string) => namespace.idFromName(name), get } as never;
}

/** What D1 says of a statement. */
interface Outcome {
  readonly meta: { readonly rows_read?: number; readonly rows_written?: number };
}

interface Statement {
  bind(...given: unknown[]): Statement;
  all(): Promise<Outcome>;
}

interface Database {
  prepare(text: string): Statement;
  batch(statements: readonly Statement[]): Promise<readonly Outcome[]>;
}

/** A database whose rows are counted. */
function countedDatabase(database: Database): unknown {
  const inner = new WeakMap<object, Statement>();
  const noted = (result: Outcome): Outcome => {
    count('rows read', result.meta.rows_read ?? 0);
    count('rows written', result.meta.rows_written ?? 0);
    return result;
  };
  const wrap = (statement: Statement): Statement => {
    const wrapped: Statement = {
      bind: (...given) => wrap(statement.bind(...given)),
      all: async () => (count('queries'), noted(await statement.all())),
    };
    inner.set(wrapped, statement);
    return wrapped;
  };
  return {
    prepare: (text: string) => wrap(database.prepare(text)),
    async batch(all: readonly Statement[]) {
      count('queries');
      return (await database.batch(all.map((one) => inner.get(one) ?? one))).map(noted);
    },
  };
}

/** A namespace whose operations are counted. */
function countedNamespace(namespace: KVNamespace): KVNamespace {
  return new Proxy(namespace, {
    get:
      (target, name) =>
      (...sent: never[]) => {
        count(`KV ${String(name).replace('getWithMetadata', 'get')}`);
        return (Reflect.get(target, name) as (...all: never[]) => unknown).apply(target, sent);
      },
  });
}

export default {
  async fetch(request: Request, env: Env): Promise<Response> {
    const { pathname } = new URL(request.url);
    if (pathname === '/do') return Response.json(await costs(durableObjectStore(countedObjects(env.PORTCULLIS))));
    if (pathname === '/d1') return Response.json(await costs(d1Store(countedDatabase(env.D1 as unknown as Database) as never)));
    return Response.json(await costs(cloudflareKvStore(countedNamespace(env.OAUTH_KV) as never)));
  },
};
