/**
 * Calls a handler of the application in any form that Workers accept.
 */
import type { Context, FetchClass, FetchFunction, Handler, WorkerContext } from '../model/handler.ts';

/** Turns any form of handler into one function. A class gets a new instance for each request, as a `WorkerEntrypoint` does. */
export function fetchOf<Env>(handler: Handler<Env>): FetchFunction<Env> {
  if (typeof handler === 'object') return (request, env, ctx) => handler.fetch(request, env, asOnWorkers(ctx));
  if (!isClass(handler)) return (request, env, ctx) => handler(request, env, asOnWorkers(ctx));
  return (request, env, ctx) => new (handler as new (ctx: Context, env: Env) => InstanceType<FetchClass>)(ctx, env).fetch(request);
}

/** The context with what Workers have on theirs; the same object. */
function asOnWorkers(ctx: Context): Context & WorkerContext {
  if (!('passThroughOnException' in ctx)) Object.defineProperty(ctx, 'passThroughOnException', { value: () => undefined });
  return ctx as Context & WorkerContext;
}

function isClass<Env>(handler: FetchFunction<Env, Context & WorkerContext> | FetchClass): handler is FetchClass {
  return typeof (handler.prototype as { fetch?: unknown } | undefined)?.fetch === 'function';
}

/** The default for a missing handler. */
export function notFound(): Response {
  return new Response('Not found', { status: 404, headers: { 'content-type': 'text/plain', 'cache-control': 'no-store' } });
}
