/** Our server on Durable Objects and on D1 for the bench of stores: the headers of a request say on which, and among how many grants. */
import { d1Store, type D1Binding } from '../../src/stores/d1.ts';
import { durableObjectStore } from '../../src/stores/durable-object.ts';
import type { ObjectNamespace, StoreObject } from '../../src/stores/object-namespace.ts';
import { base64url } from '../../src/lib/bytes.ts';
import type { IndexKey, Key, Seconds, Store } from '../../src/model/store.ts';
import type { Change } from '../../src/stores/sql.ts';
import { OAuthProvider } from '../../src/worker/main.ts';
import { PortcullisStore } from '../../src/worker/store-object.ts';
import { ISSUER } from '../servers/answers.ts';
import type { FilledRow } from '../store-filling.ts';
import { answerFor, OPTIONS, type StoreServer } from '../store-server.ts';

/** What is done to one object, as its own verbs take it. */
type Deed = readonly ['enter', IndexKey, Key, Seconds] | readonly ['write', Key, string, Change];

/** The object of the store, which also takes very many deeds in one call. */
export class BenchStore extends PortcullisStore {
  async fill(deeds: readonly Deed[]): Promise<void> {
    for (const deed of deeds)
      if (deed[0] === 'enter') this.enter(deed[1], deed[2], deed[3]);
      else await this.write(deed[1], deed[2], deed[3]);
  }
}

interface Env {
  readonly PORTCULLIS: DurableObjectNamespace<BenchStore>;
  readonly [database: `D1_${string}`]: D1Binding;
}

interface Place {
  readonly server: StoreServer;
  readonly fill: (rows: readonly FilledRow[]) => Promise<void>;
}

const places = new Map<string, Place>();

function placeOf(env: Env, kind: string, grants: string): Place {
  const name = `${kind} ${grants}`;
  const known = places.get(name);
  if (known) return known;
  const prefix = `store-${grants}-`;
  const database = env[`D1_${grants}`] as D1Binding;
  const store = kind === 'd1' ? d1Store(database) : durableObjectStore(env.PORTCULLIS as unknown as ObjectNamespace, { prefix });
  const bindings = { PORTCULLIS: store, PORTCULLIS_LIMITS: 'off' };
  const provider = new OAuthProvider<typeof bindings>(OPTIONS);
  const context = () => ({ waitUntil: () => undefined, passThroughOnException: () => undefined });
  const place: Place = {
    server: { store, helpers: provider.helpers(bindings), fetch: (request) => provider.fetch(request, bindings, context()), digest },
    fill: (rows) => (kind === 'd1' ? fillD1(store, database, rows) : fillObjects(env, prefix, rows)),
  };
  places.set(name, place);
  return place;
}

async function digest(text: string): Promise<string> {
  return base64url(new Uint8Array(await crypto.subtle.digest('SHA-256', new TextEncoder().encode(text))));
}

/** The store itself says which object gets what; it is done there, all at once. */
async function fillObjects(env: Env, prefix: string, rows: readonly FilledRow[]): Promise<void> {
  const deeds = new Map<string, Deed[]>();
  const recorder: ObjectNamespace = {
    idFromName: (name) => name,
    get(name) {
      const list = deeds.get(name) ?? [];
      deeds.set(name, list);
      const object: Pick<StoreObject, 'enter' | 'write'> = {
        enter: (...given) => void list.push(['enter', ...given]),
        write: (...given) => (list.push(['write', ...given]), { version: 1, left: [] }),
      };
      return object;
    },
  };
  const store = durableObjectStore(recorder, { prefix });
  for (const { key, text, until, index } of rows) await store.write(key, JSON.parse(text), 'absent', { until, index });
  await Promise.all([...deeds].map(([name, list]) => env.PORTCULLIS.get(env.PORTCULLIS.idFromName(name)).fill(list)));
}

async function fillD1(store: Store, database: D1Binding, rows: readonly FilledRow[]): Promise<void> {
  await store.read('nothing:here'); // makes the tables
  const records = rows.map(({ key, version, until, index, text }) => [key, version, until, JSON.stringify(index), text]);
  const entries = rows.flatMap(({ key, index }) => index.map((list) => [list, key, Math.floor(Date.now() / 1000)]));
  const columns = (count: number): string => Array.from({ length: count }, (_, at) => `value ->> ${at}`).join(', ');
  const insert = async (into: string, count: number, values: readonly unknown[]): Promise<void> => {
    const text = `INSERT INTO ${into} SELECT ${columns(count)} FROM json_each(?)`;
    await database.prepare(text).bind(JSON.stringify(values)).all();
  };
  await insert('portcullis_records (key, version, until, lists, value)', 5, records);
  await insert('portcullis_entries (list, key, since)', 3, entries);
}

export default {
  async fetch(request: Request, env: Env): Promise<Response> {
    const place = placeOf(env, request.headers.get('x-bench-store') ?? '', request.headers.get('x-bench-grants') ?? '');
    const { pathname } = new URL(request.url);
    if (pathname !== '/bench/fill') return answerFor(place.server, request.url.startsWith(ISSUER) ? request : new Request(ISSUER + pathname, request));
    await place.fill(await request.json());
    return Response.json({});
  },
}; // prettier-ignore
