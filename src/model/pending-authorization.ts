/**
 * Pending authorizations: an authorization request while the user decides. Made only after client and redirect URI were validated, taken
 * exactly once, bound to the browser by the hash of a cookie (`endpoints/authorize/pending.ts`).
 */
import type { Client } from './client.ts';
import type { RequestedScope } from './scope.ts';
import type { Seconds } from './store.ts';

/** How long the user may take. */
export const PENDING_TTL: Seconds = 600;
/** How long the user may take to answer a device, and the device to fetch the answer. */
export const DEVICE_TTL: Seconds = 600;

/** A pending authorization, stored under the hash of its id. */
export type PendingAuthorization = RequestedScope & {
  readonly v: 1;
  readonly clientId: string;
  /** The client from its metadata document when the request was checked: what the page shows and the user approves. */
  readonly described?: Client;
  readonly redirectUri: string;
  readonly state?: string;
  /** Canonical URI of the resource. */
  readonly resource: string;
  /** S256 challenge. */
  readonly challenge: string;
  /** The device that gets the answer instead of a redirect: the hash of its code, and the typed user code. */
  readonly device?: { readonly hash: string; readonly userCode: string };
  /** Thumbprint of the key that the code will be bound to, if the client sent `dpop_jkt` (RFC 9449 §10). */
  readonly jkt?: string;
  /** The language from `ui_locales`, if supported; otherwise the browser's is used. */
  readonly lang?: string;
  /** `login_hint`: pre-fills a field and proves nothing. */
  readonly hint?: string;
  /** SHA-256 of the flow cookie. */
  readonly browserHash: string;
  /** The session that was open when a new sign-in was requested (`prompt=login`, or another account): it proves nothing here. */
  readonly staleSession?: string;
  /** Set if the client requires a new sign-in (`prompt=login`). */
  readonly mustProve?: true;
  readonly expiresAt: Seconds;
  /** Set once the user approved and was redirected to an upstream to sign in. A later approval replaces it. */
  readonly approved?: Approved;
};

/** What the user approved. */
export type Choice = {
  /** The selected scopes. */
  readonly scope: readonly string[];
  /** Whether not to ask again. */
  readonly remember?: boolean;
  /** Which of several organizations it is for. */
  readonly organization?: string;
};

/** An approval that waits for authentication. */
export type Approved = Choice & {
  /** SHA-256 of the state of the only upstream request that may complete it. */
  readonly stateHash: string;
};
