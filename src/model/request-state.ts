/**
 * What the layers of this package tell each other about one request: runtime, guard, provider, MCP handler. It stands behind a symbol, so that
 * applications see only `waitUntil`, `auth` and `props` on `ctx`, and copies (`{ ...ctx }`) keep it.
 */
import type { Access } from './access.ts';
import type { NewEvent } from './event.ts';
import type { Context } from './handler.ts';
import type { Telemetry } from './telemetry.ts';
import type { CallerStates } from './user-state.ts';

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
