/**
 * Handler types of applications, as on Workers; the Node adapter uses the same.
 */
import type { Access, AuthContext } from './access.ts';
import type { Awaitable } from './runtime.ts';

/** The context of a request: workerd's execution context, or Node's equivalent. */
export interface Context {
  /** Keeps the process or isolate alive until the promise settles. */
  waitUntil(promise: Promise<unknown>): void;
  /** The application's data about the user; set by the guard for each request. */
  props?: unknown;
  /** The caller; set by the guard for each request. Absent for a caller without a token, if the guard accepts those (`anonymous`). */
  auth?: Access;
  /** The caller's network address. `serve` sets it; give it if you call `fetch` from another server: rate limits count by it. */
  readonly address?: string;
}

/**
 * The context behind a guard: the caller is known.
 *
 * @typeParam Props what the application stored at sign-in. Default: what the built-in logins store.
 */
export interface GuardedContext<Props = AuthContext> extends Context {
  auth: Access<Props>;
  props: Props;
}

/** An object with `fetch`: a Worker's default export, `McpAgent.serve(path)`, `McpAgent.Router`, Hono … */
export interface FetchObject<Env = unknown, Ctx extends Context = Context> {
  /** The paths at which it answers, and 404 everywhere else; with a slash at the end, all below as well. `OAuthProvider` refuses routes that lead to none of them. */
  readonly servedPaths?: readonly string[];
  fetch(request: Request, env: Env, ctx: Ctx): Awaitable<Response>;
}

/** A bare function of the same shape. */
export type FetchFunction<Env = unknown, Ctx extends Context = Context> = (request: Request, env: Env, ctx: Ctx) => Awaitable<Response>;

/** A class that is instantiated for each request: a `WorkerEntrypoint`. */
export type FetchClass = new (ctx: never, env: never) => { fetch(request: Request): Awaitable<Response> };

/** What a handler finds on its context as well, so that those of Workers fit, and routers such as Hono. */
export interface WorkerContext {
  /** As on Workers; elsewhere it does nothing. */
  passThroughOnException(): void;
  props: unknown;
}

/** Anything that answers requests: a Worker's default export, a Hono app, a function, a `WorkerEntrypoint` class. */
export type Handler<Env = unknown, Ctx extends Context = Context> =
  | FetchObject<Env, Ctx & WorkerContext>
  | FetchFunction<Env, Ctx & WorkerContext>
  | FetchClass;
