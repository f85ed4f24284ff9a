/**
 * Ticket: one authorization request while a person decides. Made from a request whose client and redirect URI
 * are known good; taken exactly once; bound to the browser by a cookie whose hash it holds. Pure.
 */
import type { Client } from './client.ts';
import type { Seconds } from './store.ts';

/** How long a person may think. */
export const TICKET_TTL: Seconds = 600;

/** A pending authorization request as it is kept under the hash of its handle. */
export type Ticket = {
  readonly v: 1;
  readonly clientId: string;
  /** The client as its metadata document described it when the request was checked: what the page shows and the yes is for. */
  readonly described?: Client;
  readonly redirectUri: string;
  readonly state?: string;
  /** What the user is asked for; what the user ticks is a part of it. */
  readonly scope: readonly string[];
  /** Canonical URI of the resource. */
  readonly resource: string;
  /** S256 challenge. */
  readonly challenge: string;
  /** SHA-256 of the flow cookie. */
  readonly browserHash: string;
  readonly expiresAt: Seconds;
};

/** What stands in an authorization request, checked, before it becomes a ticket. */
export interface AuthorizationRequest {
  readonly clientId: string;
  readonly redirectUri: string;
  readonly state?: string;
  readonly scope: readonly string[];
  readonly resource: string;
  readonly challenge: string;
}

/** The scopes of a ticket that stand among the ticked ones, in the ticket's order; never more than was asked. */
export function approvedScope(ticket: Ticket, ticked: readonly string[]): readonly string[] {
  return ticket.scope.filter((scope) => ticked.includes(scope));
}
