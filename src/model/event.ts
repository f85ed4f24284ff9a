/**
 * Event: what happened, for the operator's log and for alarms. Never a secret, never a token, never input as it came.
 */
import type { EndReason, Grant } from './grant.ts';
import type { Seconds } from './store.ts';

/** What became of tokens of another site that nobody needs any more. */
export type Told = 'revoked' | 'no_way_to' | 'in_use_elsewhere' | 'key_not_at_hand' | 'secret_missing' | 'provider_gone' | 'failed';

/** What every event tells. */
interface Always {
  readonly at: Seconds;
  /** Of which tenant, where there are several. */
  readonly tenant?: string;
  /** Same for everything that one request did, and on the page or in the answer that tells of a fault; absent where no request of our endpoints did it. */
  readonly requestId?: string;
}

/** What the `on` listener is told. */
export type Event = Always &
  (
    | {
        readonly kind: 'grant.opened' | 'grant.redeemed' | 'grant.refreshed' | 'grant.repeated' | 'grant.caught_up';
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
    /** A key that signs access tokens was made: the first, one in time, or one in place of a key that no secret opens any more. */
    | { readonly kind: 'key.made'; readonly keyId: string; readonly reason: 'first' | 'rotation' | 'unreadable' }
    | { readonly kind: 'client.registered' | 'client.updated' | 'client.deleted'; readonly clientId: string }
    | { readonly kind: 'login.succeeded'; readonly login: string; readonly userId: string }
    | { readonly kind: 'login.failed'; readonly login: string; readonly reason: string; readonly network: string }
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
    | { readonly kind: 'upstream.disconnected'; readonly provider: string; readonly userId: string; readonly told: Told }
    | { readonly kind: 'consent.denied'; readonly clientId: string }
    /** A tool, resource or prompt was asked for. Who asked is absent for a caller without a token; arguments are never told. */
    | {
        readonly kind: 'call.allowed' | 'call.denied' | 'call.challenged';
        readonly primitive: 'tool' | 'resource' | 'prompt' | 'method';
        readonly name: string;
        readonly userId?: string;
        readonly clientId?: string;
        readonly grantId?: string;
        /** What the challenge asked for. */
        readonly scope?: readonly string[];
        readonly reason?: 'permission_missing' | 'rule' | 'rule_failed';
        /** What the application's own rule threw. */
        readonly error?: unknown;
      }
    | {
        readonly kind: 'request.refused';
        readonly endpoint: string;
        readonly code: string;
        readonly reason: string;
        /** What was expected and what came, where that helps: quoted, short, without secrets. */
        readonly detail?: string | undefined;
      }
    | {
        readonly kind: 'request.failed';
        readonly endpoint: string;
        readonly requestId: string;
        readonly error: unknown;
        /** Why, in one snake_case word, where we know. */
        readonly reason?: string;
      }
  );

/** An event before its time is put in. */
export type NewEvent = Event extends infer E ? (E extends Event ? Omit<E, 'at'> : never) : never;

/** What is told of a grant that a move ended; null for one that goes on. */
export function endedEvent({ id, clientId, userId, ended }: Grant): NewEvent | null {
  return ended && { kind: 'grant.ended', grantId: id, clientId, userId, reason: ended.reason };
}
