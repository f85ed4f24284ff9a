/**
 * What the layers of this package tell each other about one request: runtime, guard, provider, MCP handler. It stands behind a symbol, so that
 * applications see only `waitUntil`, `auth` and `props` on `ctx`, and copies (`{ ...ctx }`) keep it.
 */
import type { NewEvent } from './event.ts';
import type { Context } from './handler.ts';
import type { CallerStates } from './user-state.ts';

/** All of it is optional: a handler may be called without the layer that sets it. */
export interface RequestState {
  /** Set by a guard that let a caller without a token pass: then, and only then, there is no `ctx.auth` behind a guard. */
  isAnonymous?: boolean;
  /** Set by the guard: what a refusal by the handler itself has to tell (RFC 6750 §3, RFC 9728 §5.1). */
  challenge?: { readonly metadataUrl: string; readonly scope: readonly string[] } | undefined;
  /** Set by the guard: whether the token of this request is still good; for streams that outlive the check. */
  stillGood?: () => Promise<boolean>;
  /** Set by the guard where the token came in another place than `Authorization`, so that tools can be kept from it. A function, so that no log of `ctx` shows it. */
  credential?: () => string | null;
  /** Set by `mcpHandler`: the tools that this request calls, if it does nothing else. No others need be registered. */
  calledTools?: readonly string[];
  /** Set by `OAuthProvider`: tells the listener `on`. */
  emit?: (event: NewEvent) => void;
  /** Set by `OAuthProvider`: what is kept for the user of this request between calls. */
  states?: CallerStates;
  /** Set by the runtime: resolves when the answer was sent or the caller has gone. */
  answered?(): Promise<void>;
  /** Set by the runtime: the most bytes of a body that the server takes. */
  readonly bodyLimit?: number | undefined;
  /** Set by the runtime: aborts when the server is to stop. Streams on which nothing is at work end then; the others are waited for. */
  readonly stopping?: AbortSignal | undefined;
}

const STATE = Symbol('portcullis.request');

/** The state of the request that a context belongs to; made at the first call. */
export function requestState(ctx: Context): RequestState {
  return ((ctx as { [STATE]?: RequestState })[STATE] ??= {});
}

/** Gives a context a state of its own. */
export function withRequestState<C extends Context>(ctx: C, state: RequestState): C {
  return Object.assign(ctx, { [STATE]: state });
}
