/** The layouts that are compared: where the data is, and how long a call from here takes. */
import { PLACES, type Place } from '../../src/model/token.ts';
import type { Store } from '../../src/model/store.ts';
import { durableObjectStore } from '../../src/stores/durable-object.ts';
import { memoryStore } from '../../src/stores/memory.ts';
import type { VirtualClock } from './clock.ts';
import { type Caller, nearestTo, REPLICAS, roundTrip, siteOf } from './distances.ts';
import { objectsAt } from './objects.ts';

/** Where the caller is now, under which address, and chance. */
export interface Here extends Caller {
  place: Place;
  /** The address of the person and the client: each has one of their own, so that none reaches a limit. */
  address: string;
  nth: number;
}

/** A layout: a store, and whether requests say where they come from. */
export interface Layout {
  readonly name: string;
  readonly isPlaced: boolean;
  store(home: Place, here: Here, clock: VirtualClock): Promise<Store>;
}

/** Milliseconds that the part of the answer takes that is no distance. */
const OBJECT_TAKES = 1;
const STATEMENT_TAKES = 2;

/** Layouts of this package. */
export const LAYOUTS: readonly Layout[] = [
  {
    name: 'objects, all at home',
    isPlaced: false,
    store: async (home, here, clock) => objectStore(home, here, clock),
  },
  {
    name: 'objects near the caller',
    isPlaced: true,
    store: async (home, here, clock) => objectStore(home, here, clock),
  },
  {
    // Reads from replicas, which the store refuses, for a replica may not know yet that a token was revoked: the least that D1 could take.
    name: 'D1, reads from replicas',
    isPlaced: false,
    store: async (home, here, clock) => {
      const write = (): Promise<void> => clock.sleep(roundTrip(here.place, home, here) + STATEMENT_TAKES);
      const read = (): Promise<void> => clock.sleep(roundTrip(here.place, nearestTo(here.place, REPLICAS), here) + STATEMENT_TAKES);
      return delayed(read, write);
    },
  },
  {
    name: 'D1; Hyperdrive + PostgreSQL',
    isPlaced: false,
    store: async (home, here, clock) => {
      const statement = (): Promise<void> => clock.sleep(roundTrip(here.place, home, here) + STATEMENT_TAKES);
      return delayed(statement, statement);
    },
  },
];

async function objectStore(home: Place, here: Here, clock: VirtualClock): Promise<Store> {
  const namespace = await objectsAt(
    (hint) => siteOf(hint ?? home),
    (site) => clock.sleep(roundTrip(here.place, site, here) + OBJECT_TAKES),
  );
  return durableObjectStore(namespace, { home });
}

/** A store each of whose verbs is one statement. */
function delayed(read: () => Promise<void>, write: () => Promise<void>): Store {
  const store = memoryStore();
  return {
    atomic: true,
    read: async (...all) => (await read(), store.read(...all)),
    write: async (...all) => (await write(), store.write(...all)),
    remove: async (...all) => (await write(), store.remove(...all)),
    increment: async (...all) => (await write(), store.increment?.(...all) ?? null),
    list: async (...all) => (await read(), store.list(...all)),
  };
}

/** Where KV keeps everything, as far as Cloudflare says: reads that no cache answers go there. */
const CENTRAL: readonly Place[] = ['enam', 'weur'];
const KV_TTL_MS = 60_000;

/** Workers KV: a read is near where the region has read the key within the last minute, else as far as the central stores; a write always is. */
export function kvAt(here: Here, clock: VirtualClock): unknown {
  const values = new Map<string, { readonly text: string; readonly metadata: unknown }>();
  const cached = new Map<
    string,
    { readonly until: number; readonly value: { readonly text: string; readonly metadata: unknown } | undefined }
  >();
  const far = (): Promise<void> => clock.sleep(roundTrip(here.place, nearestTo(here.place, CENTRAL), here) + 10);
  const find = async (key: string): Promise<{ readonly text: string; readonly metadata: unknown } | undefined> => {
    const at = `${here.place} ${key}`;
    const known = cached.get(at);
    if (known && known.until > clock.now()) {
      await clock.sleep(1);
      return known.value;
    }
    await far();
    cached.set(at, { until: clock.now() + KV_TTL_MS, value: values.get(key) });
    return values.get(key);
  };
  const parsed = (text: string | undefined, options: unknown): unknown => {
    const type = typeof options === 'string' ? options : (options as { type?: string } | undefined)?.type;
    return text === undefined ? null : type === 'json' ? JSON.parse(text) : text;
  };
  return {
    get: async (key: string, options?: unknown) => parsed((await find(key))?.text, options),
    async getWithMetadata(key: string, options?: unknown) {
      const found = await find(key);
      return { value: parsed(found?.text, options), metadata: found?.metadata ?? null };
    },
    async put(key: string, text: string, options?: { metadata?: unknown }) {
      await far();
      values.set(key, { text, metadata: options?.metadata ?? null });
      cached.delete(`${here.place} ${key}`);
    },
    async delete(key: string) {
      await far();
      values.delete(key);
      for (const place of PLACES) cached.delete(`${place} ${key}`);
    },
    async list({ prefix = '' }: { prefix?: string } = {}) {
      await far();
      return { keys: [...values.keys()].filter((key) => key.startsWith(prefix)).map((name) => ({ name })), list_complete: true };
    },
  };
}
