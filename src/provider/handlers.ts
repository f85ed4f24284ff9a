/**
 * Calls a handler of the application in any of the shapes that Workers accept.
 */
import type { Context, FetchClass, FetchFunction, Handler } from '../model/handler.ts';

/** One function for every shape of handler. A class is made anew for each request, as a `WorkerEntrypoint` is. */
export function fetchOf<Env>(handler: Handler<Env>): FetchFunction<Env> {
  if (typeof handler === 'object') return (request, env, ctx) => handler.fetch(request, env, ctx);
  if (!isClass(handler)) return handler;
  return (request, env, ctx) => new (handler as new (ctx: Context, env: Env) => InstanceType<FetchClass>)(ctx, env).fetch(request);
}

function isClass<Env>(handler: FetchFunction<Env> | FetchClass): handler is FetchClass {
  return typeof (handler.prototype as { fetch?: unknown } | undefined)?.fetch === 'function';
}

/** What stands in for a handler that is not there. */
export function notFound(): Response {
  return new Response('Not found', { status: 404, headers: { 'content-type': 'text/plain', 'cache-control': 'no-store' } });
}
