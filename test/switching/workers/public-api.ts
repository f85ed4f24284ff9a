/** Runs a case of the public API in workerd, by its number. */
import { WorkerEntrypoint } from 'cloudflare:workers';
import * as lib from '@cloudflare/workers-oauth-provider';
import { cases } from '../public-api/cases.ts';
import { describeError, type EntrypointClass, type Lib, World } from '../public-api/world.ts';

interface Env {
  OAUTH_KV: KVNamespace;
  PORTCULLIS?: D1Database;
}

const [now, goOut] = [Date.now, globalThis.fetch];

export default {
  async fetch(request: Request, env: Env, ctx: ExecutionContext): Promise<Response> {
    const one = cases[Number(new URL(request.url).searchParams.get('case'))];
    await empty(env);
    [Date.now, globalThis.fetch] = [now, goOut];
    try {
      const world = new World(
        lib as unknown as Lib,
        WorkerEntrypoint as unknown as EntrypointClass,
        { ...env, OAUTH_KV: withClock(env.OAUTH_KV) },
        ctx as never,
      );
      return Response.json({ shown: (await one?.run(world)) ?? null });
    } catch (error) {
      return Response.json({ failed: `${JSON.stringify(describeError(error))} ${error instanceof Error ? error.stack : ''}` });
    }
  },
};

/** Every case begins without a record. */
async function empty({ OAUTH_KV: kv, PORTCULLIS: database }: Env): Promise<void> {
  const { keys } = await kv.list();
  await Promise.all(keys.map(({ name }) => kv.delete(name)));
  const tables = await database?.prepare("SELECT name FROM sqlite_master WHERE name IN ('portcullis_records', 'portcullis_entries')").all();
  for (const { name } of tables?.results ?? []) await database?.prepare(`DELETE FROM ${String(name)}`).run();
}

/** A namespace whose records end by the clock of the case. */
function withClock(kv: KVNamespace): KVNamespace {
  const ends = new Map<string, number>();
  const isOver = (key: string): boolean => (ends.get(key) ?? Number.POSITIVE_INFINITY) <= Date.now() / 1000;
  return {
    get: async (key: string, type: never) => (isOver(key) ? null : kv.get(key, type)),
    delete: (key: string) => kv.delete(key),
    put(key: string, value: string, { expiration, expirationTtl, ...rest }: KVNamespacePutOptions = {}) {
      const end = expiration ?? (expirationTtl === undefined ? undefined : Date.now() / 1000 + expirationTtl);
      if (end === undefined) ends.delete(key);
      else ends.set(key, end);
      return kv.put(key, value, rest);
    },
    async list(options: KVNamespaceListOptions) {
      const found = await kv.list(options);
      return { ...found, keys: found.keys.filter(({ name }) => !isOver(name)) };
    },
  } as unknown as KVNamespace;
}
