/**
 * What a server reports about itself: events, for the operator's log and alarms, which never contain secrets, tokens or raw input; and telemetry
 * (spans and counts), a value of `portcullis/opentelemetry`, so that a server without it carries none of its code.
 */
import type { Access } from './access.ts';
import type { EndReason } from './grant.ts';
import type { Place } from './token.ts';
import type { Seconds, Store } from './store.ts';

/** Result of revoking upstream tokens that are no longer needed. */
export type RevocationResult =
  | 'revoked'
  | 'no_way_to'
  | 'in_use_elsewhere'
  | 'key_not_at_hand'
  | 'secret_missing'
  | 'provider_gone'
  | 'failed';

/** Members of every event. */
interface Always {
  readonly at: Seconds;
  /** The tenant, if there are several. */
  readonly tenant?: string;
  /** Where the request came from, on Workers. */
  readonly region?: Place;
  /** Same for all events of one request, and on its error page or response; absent if no request of our endpoints caused it. */
  readonly requestId?: string;
}

/** An event for the `on` listener. */
export type Event = Always &
  (
    | {
        readonly kind: 'grant.opened' | 'grant.moved' | 'grant.redeemed' | 'grant.refreshed' | 'grant.repeated' | 'grant.caught_up';
        readonly grantId: string;
        readonly clientId: string;
        readonly userId?: string;
      }
    | {
        readonly kind: 'grant.ended';
        readonly grantId: string;
        readonly clientId?: string;
        readonly userId?: string;
        readonly reason: EndReason;
      }
    /** A signing key was made: the first one, by rotation, or because no secret opens the existing ones. */
    | { readonly kind: 'key.made'; readonly keyId: string; readonly reason: 'first' | 'rotation' | 'unreadable' }
    | { readonly kind: 'client.registered' | 'client.updated' | 'client.deleted'; readonly clientId: string }
    /** A client that was not decided about was met, with the user who wanted it; or an administrator decided. */
    | { readonly kind: 'client.waiting' | 'client.approved' | 'client.blocked'; readonly clientId: string; readonly userId?: string }
    /** An administrator read or changed something through the administration API. */
    | {
        readonly kind: 'admin.acted';
        /** `users/disable` … */
        readonly act: string;
        /** The administrator. */
        readonly by: string;
        /** The id of what was changed. */
        readonly target?: string;
        /** The id of the user, client or key that was made; `target` is its name. */
        readonly made?: string;
        readonly outcome: 'done' | 'refused' | 'failed';
      }
    | { readonly kind: 'login.succeeded'; readonly login: string; readonly userId: string }
    | {
        readonly kind: 'login.failed';
        readonly login: string;
        readonly reason: string;
        readonly network: string;
        /** The user who was named, if there is one. */
        readonly userId?: string;
      }
    | {
        readonly kind: 'factor.changed';
        /** `password`, `passkey`, `totp` … */
        readonly factor: string;
        readonly userId: string;
        readonly what: 'added' | 'removed' | 'renamed' | 'changed' | 'recovery_used' | 'recovery_renewed';
      }
    | { readonly kind: 'upstream.refreshed'; readonly provider: string; readonly userId: string }
    | { readonly kind: 'upstream.failed' | 'upstream.ended'; readonly provider: string; readonly userId: string; readonly reason: string }
    | { readonly kind: 'upstream.connected'; readonly provider: string; readonly userId: string; readonly clientId: string }
    | { readonly kind: 'upstream.disconnected'; readonly provider: string; readonly userId: string; readonly told: RevocationResult }
    | { readonly kind: 'consent.denied'; readonly clientId: string }
    /** A tool, resource or prompt was requested. The caller is absent without a token; arguments are never reported. */
    | {
        readonly kind: 'call.allowed' | 'call.denied' | 'call.challenged';
        readonly primitive: 'tool' | 'resource' | 'prompt' | 'method';
        readonly name: string;
        readonly userId?: string;
        readonly clientId?: string;
        readonly grantId?: string;
        /** The scopes of the challenge. */
        readonly scope?: readonly string[];
        readonly reason?: 'permission_missing' | 'rule' | 'rule_failed';
        /** What the application's rule threw. */
        readonly error?: unknown;
      }
    | {
        readonly kind: 'request.refused';
        readonly endpoint: string;
        readonly code: string;
        readonly reason: string;
        /** What was expected and what was received, if that helps: quoted, short, without secrets. */
        readonly detail?: string | undefined;
      }
    | {
        readonly kind: 'request.failed';
        readonly endpoint: string;
        readonly requestId: string;
        readonly error: unknown;
        /** Why, in one snake_case word, if known. */
        readonly reason?: string;
      }
  );

/** An event before its time is set. */
export type NewEvent = Event extends infer E ? (E extends Event ? Omit<E, 'at'> : never) : never;

/** Attributes of a span; never a token, a secret or a text of a user. */
export type Attributes = { readonly [name: string]: string | number | boolean };

/** A span that is open. */
export interface Span {
  set(attributes: Attributes): void;
  /** Keeps the span open until then: a stream goes on after its response was made. */
  until(end: Promise<unknown>): void;
}

/** What `openTelemetry()` of `portcullis/opentelemetry` makes, for the options `telemetry`. */
export interface Telemetry {
  /** Runs the work of a request in a span; that of the caller, as the header `traceparent` says, is its parent. The work sets `http.route`. */
  request(request: Request, work: (span: Span) => Promise<Response>): Promise<Response>;
  /** Runs one step inside a request in a span. */
  step<T>(name: string, work: (span: Span) => Promise<T>): Promise<T>;
  /** Runs an MCP message that was judged in a span, in the context of its `_meta.traceparent`. */
  message(message: unknown, access: Access | null, work: (span: Span) => Promise<Response>): Promise<Response>;
  /** The same store, whose operations are spans. */
  store(store: Store): Store;
  /** Counts an event. */
  event(event: NewEvent): void;
}
