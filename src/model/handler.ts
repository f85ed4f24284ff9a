/**
 * Handler types of applications, as on Workers; the Node adapter uses the same.
 */
import type { Access } from './access.ts';
import type { NewEvent } from './event.ts';
import type { Awaitable } from './runtime.ts';
import type { CallerStates } from './user-state.ts';

/** The context of a request: workerd's execution context, or Node's equivalent. */
export interface Context {
  /** Keeps the process or isolate alive until the promise settles. */
  waitUntil(promise: Promise<unknown>): void;
  /** The application's data about the user; set by the guard for each request. */
  props?: unknown;
  /** The caller; set by the guard for each request. */
  auth?: Access;
  /** Set by a guard that accepts callers without a token, for such a caller; only then `auth` is absent. */
  readonly anonymous?: true;
  /** Set by the guard: the challenge for a refusal by the handler itself (RFC 6750 §3, RFC 9728 §5.1). */
  readonly challenge?: { readonly metadataUrl: string; readonly scope: readonly string[] } | undefined;
  /** Set by `mcpHandler`: the tools that this request calls, if it does nothing else. Other tools need not be registered for it. */
  calledTools?: readonly string[];
  /** Set by the guard: whether the token of this request is still valid; for streams that outlive the check. */
  stillGood?: () => Promise<boolean>;
  /** Set by `OAuthProvider`: sends an event to the `on` listener. */
  emit?: (event: NewEvent) => void;
  /** Set by `OAuthProvider`: state of this request's user, kept between calls. */
  states?: CallerStates;
  /** Resolves when the response was sent or the caller has disconnected, if the runtime can tell. */
  answered?(): Promise<void>;
  /** Set by the runtime: the maximum size of a body in bytes, if the server limits it itself. */
  readonly bodyLimit?: number | undefined;
  /** Set by the runtime: aborts when the server stops. Idle streams then end; active ones finish first. */
  readonly stopping?: AbortSignal | undefined;
  /** The peer's network address, if the runtime knows it. */
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

/** A class that is instantiated for each request: a `WorkerEntrypoint`. */
export type FetchClass = new (ctx: never, env: never) => { fetch(request: Request): Awaitable<Response> };

/** Anything that answers requests. */
export type Handler<Env = unknown> = FetchObject<Env> | FetchFunction<Env> | FetchClass;
