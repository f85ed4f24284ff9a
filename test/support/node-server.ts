/** A server of the Node wing on a free port, stopped after the test; its errors are kept, not printed. */
import { afterEach } from 'vitest';
import type { Context } from '../../src/model/context.ts';
import { serve, type NodeServer, type ServeOptions } from '../../src/node/serve.ts';

/** A handler as tests write it. */
export type Fetch = (request: Request, env: unknown, ctx: Context) => Response | Promise<Response>;

/** What `onError` heard during the test. */
export const errors: unknown[] = [];

const servers: NodeServer[] = [];

/** @param light with the cheaper `Request` and `Response` in place, as by default; else with the native ones. */
export async function start(fetch: Fetch, options: ServeOptions = {}, light = true): Promise<NodeServer> {
  const server = await serve(
    { fetch },
    { port: 0, drainTimeout: 0.2, overrideGlobalObjects: light, onError: (error) => errors.push(error), ...options },
  );
  servers.push(server);
  return server;
}

/** Answers "ok" to everything. */
export const ok: Fetch = () => new Response('ok');

/** To be called once per file: modules live longer than one. */
export function stopAfterEach(): void {
  afterEach(async () => {
    await Promise.all(servers.splice(0).map((server) => server.stop()));
    errors.length = 0;
  });
}

/** A promise with its key. */
export function gate<T>(): { readonly promise: Promise<T>; readonly resolve: (value: T) => void } {
  let resolve!: (value: T) => void;
  const promise = new Promise<T>((open) => (resolve = open));
  return { promise, resolve };
}
