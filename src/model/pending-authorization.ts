/**
 * Pending authorization: one authorization request while a person decides. Made from a request whose client and redirect URI
 * are known good; taken exactly once; bound to the browser by a cookie whose hash it holds. Pure.
 */
import type { Client } from './client.ts';
import { findRedirect, type ValidRedirect } from './redirect.ts';
import type { RequestedScope } from './scope.ts';
import type { Seconds } from './store.ts';

/** How long a person may think. */
export const PENDING_TTL: Seconds = 600;
/** How long a person may take to answer a device; and the device, to fetch the answer. */
export const DEVICE_TTL: Seconds = 600;

/** A pending authorization request as it is kept under the hash of its handle. */
export type PendingAuthorization = RequestedScope & {
  readonly v: 1;
  readonly clientId: string;
  /** The client as its metadata document described it when the request was checked: what the page shows and the yes is for. */
  readonly described?: Client;
  readonly redirectUri: string;
  readonly state?: string;
  /** Canonical URI of the resource. */
  readonly resource: string;
  /** S256 challenge. */
  readonly challenge: string;
  /** The device that waits for the answer in place of a redirect: hash of its code, and the code that the person typed. */
  readonly device?: { readonly hash: string; readonly userCode: string };
  /** Thumbprint of the key that the code will be bound to, where the client named one (RFC 9449 §10). */
  readonly jkt?: string;
  /** The language that the client asked for by `ui_locales`, where it is one of ours; else the browser says. */
  readonly lang?: string;
  /** Whom the client believes to sign in (`login_hint`): fills a field in, and proves nothing. */
  readonly hint?: string;
  /** SHA-256 of the flow cookie. */
  readonly browserHash: string;
  /** The session that was open when the client asked for a new sign-in (`prompt=login`), or the person for another account: it proves nothing here. */
  readonly staleSession?: string;
  /** Set where the client demands a fresh proof (`prompt=login`). */
  readonly mustProve?: true;
  readonly expiresAt: Seconds;
  /** Set once the person said yes and is away at another site to sign in. A later yes replaces it. */
  readonly approved?: Approved;
};

/** What a person said yes to. */
export type Choice = {
  /** What was ticked. */
  readonly scope: readonly string[];
  /** Whether the person wants to be asked no more. */
  readonly remember?: boolean;
  /** Which of several organizations it is for. */
  readonly organization?: string;
};

/** A yes that waits for its proof. */
export type Approved = Choice & {
  /** The one journey that may complete the pending authorization: SHA-256 of its state. */
  readonly stateHash: string;
};

/** The scopes of a pending authorization that stand among the ticked ones, in the pending authorization's order; never more than was asked. */
export function approvedScope(pending: PendingAuthorization, ticked: readonly string[]): readonly string[] {
  return pending.scope.filter((scope) => ticked.includes(scope));
}

/** Where the answer to a pending authorization goes: it must still be good. For a device that is a page of ours, where nothing is told. @throws {OAuthError} */
export function redirectOf({ device, redirectUri }: PendingAuthorization, client: Client, schemes?: readonly string[]): ValidRedirect {
  return device ? (redirectUri as ValidRedirect) : findRedirect(client, redirectUri, schemes);
}

/** The pending authorization with a yes on it, and time for the journey. */
export function approvePending(pending: PendingAuthorization, approved: Approved, now: Seconds): PendingAuthorization {
  return { ...pending, approved, expiresAt: now + PENDING_TTL };
}
