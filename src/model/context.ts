/**
 * The context of a request: `ctx` of handlers, as on Workers and with the Node adapter; and the state of the request, with which runtime, guard,
 * provider and MCP handler tell each other about it. The state stands behind a symbol, so that applications see only `waitUntil`, `auth` and
 * `props` on `ctx`, and copies (`{ ...ctx }`) keep it.
 */
import type { Access, AuthContext } from './access.ts';
import type { NewEvent, Telemetry } from './event.ts';
import type { Awaitable } from './runtime.ts';
import type { CallerStates } from './user-state.ts';

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

/** What a runtime knows of a request from the start. */
type FromRuntime = Pick<RequestState, 'answered' | 'bodyLimit' | 'stopping'>;

/**
 * All of it is optional: a handler may be called without the layer that sets it. A class, so that the members have their places from the start;
 * each that an object literal gets later costs a copy.
 */
export class RequestState {
  /** Set by a guard that let a caller without a token pass: then, and only then, there is no `ctx.auth` behind a guard. */
  isAnonymous?: boolean;
  /** Set by the guard: the caller, whose props `ctx.props` reads. */
  access?: Access;
  /** Set by the guard: what a refusal by the handler itself has to tell (RFC 6750 §3, RFC 9728 §5.1). */
  challenge?: { readonly metadataUrl: string; readonly scope: readonly string[] } | undefined;
  /** Set by the guard: whether the token of this request is still good; for streams that outlive the check. */
  stillGood?: () => Promise<boolean>;
  /** Set by `OAuthProvider` with the option `permissions`: the caller with the permissions of this moment; null for one who is refused. */
  current?: () => Promise<Access | null>;
  /** Set by the guard where the token came in another place than `Authorization`, so that tools can be kept from it. A function, so that no log of `ctx` shows it. */
  credential?: () => string | null;
  /** Set by `mcpHandler`: the tools that this request calls, if it does nothing else. No others need be registered. */
  calledTools?: readonly string[];
  /** Set by `OAuthProvider`: tells the listener `on`. */
  emit?: (event: NewEvent) => void;
  /** Set by `OAuthProvider`: makes spans. */
  telemetry?: Telemetry;
  /** Set by `OAuthProvider`: what is kept for the user of this request between calls. */
  states?: CallerStates;
  /** Set by the runtime: resolves when the answer was sent or the caller has gone. */
  readonly answered?: (() => Promise<void>) | undefined;
  /** Set by the runtime: the most bytes of a body that the server takes. */
  readonly bodyLimit?: number | undefined;
  /** Set by the runtime: aborts when the server is to stop. Streams on which nothing is at work end then; the others are waited for. */
  readonly stopping?: AbortSignal | undefined;

  constructor({ answered, bodyLimit, stopping }: FromRuntime = {}) {
    this.answered = answered;
    this.bodyLimit = bodyLimit;
    this.stopping = stopping;
  }
}

const STATE = Symbol('portcullis.request');

/** The state of the request that a context belongs to; made at the first call. */
export function requestState(ctx: Context): RequestState {
  return ((ctx as { [STATE]?: RequestState })[STATE] ??= new RequestState());
}

/** Gives a context a state of its own. */
export function withRequestState<C extends Context>(ctx: C, state: RequestState): C {
  (ctx as { [STATE]?: RequestState })[STATE] = state;
  return ctx;
}

/** Sets `auth` and `props` on the context of this one request. @param access null for a caller without a token. */
export function withAccess(ctx: Context, access: Access | null, challenge?: RequestState['challenge']): Context {
  if (ctx.auth !== undefined && ctx.auth.grantId !== access?.grantId) {
    throw new TypeError('The guard was given one context for two callers; make a new `ctx` for each request.');
  }
  const state = requestState(ctx);
  state.isAnonymous = access === null;
  state.challenge = challenge;
  if (access === null) return ctx;
  state.access = access;
  ctx.auth = access;
  return Object.defineProperty(ctx, 'props', PROPS);
}

/**
 * `ctx.props`: not read by us, because props are parsed when they are first read. Code may set others on `ctx`. One descriptor for all contexts:
 * V8 keeps the accessors of each own descriptor, with all that they refer to, until its next full collection.
 */
const PROPS: PropertyDescriptor & ThisType<Context> = {
  enumerable: true,
  configurable: true,
  get() {
    return requestState(this).access?.props;
  },
  set(value: unknown) {
    Object.defineProperty(this, 'props', { value, enumerable: true, configurable: true, writable: true });
  },
};
