/**
 * The shapes of code that answers requests, as Workers knows them; Node's adapter speaks the same.
 */
import type { Access } from './access.ts';
import type { NewEvent } from './event.ts';
import type { Awaitable } from './runtime.ts';
import type { CallerStates } from './user-state.ts';

/** What stands beside a request: workerd's execution context, or Node's stand-in for it. */
export interface Context {
  /** Keeps the process or isolate alive until the promise settles. */
  waitUntil(promise: Promise<unknown>): void;
  /** What the application knows of the user; set by the guard, fresh on every request. */
  props?: unknown;
  /** Who called; set by the guard, fresh on every request. */
  auth?: Access;
  /** Set by a guard that lets callers without a token pass, for such a caller: then, and only then, `auth` is absent. */
  readonly anonymous?: true;
  /** Set by the guard: what a refusal by the handler itself has to tell (RFC 6750 §3, RFC 9728 §5.1). */
  readonly challenge?: { readonly metadataUrl: string; readonly scope: readonly string[] } | undefined;
  /** Set by `mcpHandler`: the tools that this request calls, where it does nothing else. Who registers tools need register no others. */
  calledTools?: readonly string[];
  /** Set by the guard: whether the token of this request is good still; for streams that outlive the check. */
  stillGood?: () => Promise<boolean>;
  /** Set by `OAuthProvider`: tells the listener `on`. */
  emit?: (event: NewEvent) => void;
  /** Set by `OAuthProvider`: what is kept for the user of this request between calls. */
  states?: CallerStates;
  /** Resolves when the answer was sent or the caller has gone, where the runtime can tell. */
  answered?(): Promise<void>;
  /** Set by the runtime: the most bytes of a body that the server takes, where it has a limit of its own. */
  readonly bodyLimit?: number | undefined;
  /** Set by the runtime: aborts when the server is to stop. A stream on which nothing is at work ends then; what is at work is waited for. */
  readonly stopping?: AbortSignal | undefined;
  /** The peer's network address, where the runtime knows it. */
  readonly address?: string;
}

/** An object with `fetch`: a Worker's default export, `McpAgent.serve(path)`, `McpAgent.Router`, Hono … */
export interface FetchObject<Env = unknown> {
  /** The paths at which it answers, and 404 everywhere else; with a slash at the end, all below as well. `OAuthProvider` refuses routes that lead to none of them. */
  readonly servedPaths?: readonly string[];
  fetch(request: Request, env: Env, ctx: Context): Awaitable<Response>;
}

/** A bare function of the same shape. */
export type FetchFunction<Env = unknown> = (request: Request, env: Env, ctx: Context) => Awaitable<Response>;

/** A class made anew for each request: a `WorkerEntrypoint`. */
export type FetchClass = new (ctx: never, env: never) => { fetch(request: Request): Awaitable<Response> };

/** Whatever may answer requests. */
export type Handler<Env = unknown> = FetchObject<Env> | FetchFunction<Env> | FetchClass;
