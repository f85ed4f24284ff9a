/**
 * Event: what happened, for the operator's log and for alarms. Never a secret, never a token, never input as it came.
 */
import type { EndReason } from './grant.ts';
import type { Seconds } from './store.ts';

/** What the `on` listener is told. */
export type Event = { readonly at: Seconds } & (
  | {
      readonly kind: 'grant.opened' | 'grant.redeemed' | 'grant.refreshed' | 'grant.repeated';
      readonly grantId: string;
      readonly clientId: string;
      readonly userId?: string;
    }
  | { readonly kind: 'grant.ended'; readonly grantId: string; readonly clientId?: string; readonly reason: EndReason }
  | { readonly kind: 'client.registered' | 'client.updated' | 'client.deleted'; readonly clientId: string }
  | { readonly kind: 'login.succeeded'; readonly login: string; readonly userId: string }
  | { readonly kind: 'login.failed'; readonly login: string; readonly reason: string; readonly network: string }
  | { readonly kind: 'consent.denied'; readonly clientId: string }
  | { readonly kind: 'request.refused'; readonly endpoint: string; readonly code: string; readonly reason: string }
  | { readonly kind: 'request.failed'; readonly endpoint: string; readonly requestId: string; readonly error: unknown }
);

/** An event before its time is put in. */
export type NewEvent = Event extends infer E ? (E extends Event ? Omit<E, 'at'> : never) : never;
