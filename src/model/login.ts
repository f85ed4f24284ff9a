/**
 * Login: a way to prove who one is. Pages offer them, the approve endpoint runs them, the core turns the
 * Identity that comes out into a session and a grant.
 */
import type { Html } from '../lib/html.ts';
import type { Accounts } from './account.ts';
import type { Identity } from './identity.ts';
import type { Seconds } from './store.ts';

/** What a login may use of the server. */
export interface LoginServices {
  /** Our issuer; own accounts are vouched for by it. */
  readonly issuer: string;
  readonly accounts: Accounts;
  now(): Seconds;
  /** Counts an attempt under a name; the seconds to wait when there were too many, else null. */
  readonly limit: (name: string, attempts: number, per: Seconds) => Promise<Seconds | null>;
  /** Forgets the attempts counted under a name: whoever got in may start anew. */
  readonly forgive: (name: string) => Promise<void>;
  /** Where the request comes from: an address, IPv6 cut to its /64; what limits are counted by. */
  readonly network: string;
  /** The environment that the application was called with. */
  readonly env: unknown;
}

/** What a try to sign in came to. */
export type LoginResult =
  | {
      readonly kind: 'proven';
      readonly identity: Identity;
      /** Asked once more after the session was written: false if what was proven has meanwhile been taken back. */
      readonly stillGood?: () => Promise<boolean>;
    }
  | { readonly kind: 'refused'; readonly reason: string }
  | { readonly kind: 'limited'; readonly retryAfter: Seconds };

/** A login whose fields stand on the page itself. */
export interface Login {
  /** Stands in form fields and events: `password`. */
  readonly id: string;
  /** The fields, with what was typed before (never a password). */
  fields(typed: { readonly [name: string]: string }): Html;
  /** Checks what was typed. `read` gives a field's value, empty if absent. */
  prove(read: (field: string) => string, services: LoginServices): Promise<LoginResult>;
  /** Checks at start-up that the machine has what the login needs. @throws {TypeError} naming option and mend. */
  check?(needs: { readonly scrypt: boolean }): void;
}
