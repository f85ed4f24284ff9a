/**
 * Login services: what a login may use of the server, for the request that it works on.
 */
import type { Words } from '../words/words.ts';
import type { Accounts } from './account.ts';
import type { Attempts } from './attempts.ts';
import type { Links } from './links.ts';
import type { Passkeys } from './passkey.ts';
import type { SignIns } from './sign-ins.ts';
import type { Seconds } from './store.ts';
import type { Totps } from './totp.ts';

/** What a login may use of the server. */
export interface LoginServices extends Attempts {
  /** Our issuer; own accounts are vouched for by it. */
  readonly issuer: string;
  readonly accounts: Accounts;
  readonly passkeys: Passkeys;
  readonly totps: Totps;
  /** Every way in beside the password. */
  readonly signIns: SignIns;
  /**
   * Work that goes on when the answer is out, such as sending a message: the answer does not
   * show how long it takes, or whether there is any. What it rejects with goes to the operator as `request.failed`.
   */
  readonly after: (work: () => Promise<unknown>) => void;
  /** A random secret of 256 bits, as text. */
  readonly secret: () => string;
  readonly now: () => Seconds;
  /** Counts an attempt under a name; the seconds to wait when there were too many, else null. */
  readonly limit: (name: string, attempts: number, per: Seconds) => Promise<Seconds | null>;
  /** Forgets the attempts counted under a name: a person who got in starts anew. */
  readonly forgive: (name: string) => Promise<void>;
  /** Where the request comes from: an address, IPv6 cut to its /64; what limits are counted by. */
  readonly network: string;
  /** The environment that the application was called with. */
  readonly env: unknown;
  readonly links: Links;
  /** A random id for an account that is to be. */
  readonly newId: () => string;
  /** The address of one of the login's own pages, made from the configured issuer and from nothing else (SEC-161). */
  readonly pageUrl: (page: string) => string;
  /** The language of the person who signs in, for messages that are sent. */
  readonly words: Words;
}
