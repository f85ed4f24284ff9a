/**
 * Proof: what a try to sign in comes to, of every kind of login.
 */
import type { Text } from '../words/words.ts';
import type { ErrorCode } from './error.ts';
import type { Identity, Organization } from './identity.ts';
import type { Json, Seconds } from './store.ts';
import type { LinkedAccount, UpstreamTokens } from './upstream.ts';

/** Somebody proved who they are. */
export type Authenticated = {
  readonly kind: 'proven';
  readonly identity: Identity;
  /** What the user may do, where the login knows; goes into `props.permissions`. */
  readonly permissions?: readonly string[];
  /** The other site's tokens, of a login that keeps them: they go into the vault, sealed. */
  readonly upstream?: { readonly account: LinkedAccount; readonly tokens: UpstreamTokens };
  /** Those that the user may act for. Of several, the person chooses one for each app; it goes into `props.organization`. */
  readonly organizations?: readonly Organization[];
  /** An address that the site has verified, where accounts may be joined by that: the identity becomes the account that has proven the same. */
  readonly joinByEmail?: string;
  /** The account's stamp at the proof. Compared once more after the session was written: what was proven may have been taken back. */
  readonly stamp?: string;
  /** When the person proved who they are. Without it, that is not known: the session begins, and is not taken for a fresh one. */
  readonly authenticatedAt?: Seconds;
  /** What the login wants to be told when it is asked again whether the person may stay (`recheck`). */
  readonly standing?: Json;
  /** Two factors in one, as a passkey with user verification is: no second one is asked for. */
  readonly multiFactor?: true;
};

/** One page more, before anything is proven: nobody is signed in by it, whatever was right so far (SEC-158). */
export type Step = {
  readonly kind: 'step';
  /** What the login needs when the page comes back. Kept sealed, bound to this browser and this sign-in; the page does not hold it. */
  readonly keep: Json;
  /** How often the page may come back before one has to start anew; 5 unless told. With 1 the step is used up before its proof is looked at. */
  readonly tries?: number;
  /** How long it may take; 600 unless told. */
  readonly ttl?: Seconds;
};

/** Nobody was let in. `text` tells the person why, where the words of `refused` have nothing (or too little) for the reason. */
export type Refused = { readonly kind: 'refused'; readonly reason: string; readonly text?: Text };

/** Too many tries: come back in so many seconds. */
export type Limited = { readonly kind: 'limited'; readonly retryAfter: Seconds };

/** What a try to sign in came to. */
export type LoginResult = Authenticated | Refused | Limited | Step;

/** What coming back from another site came to. */
export type ReturnResult =
  | Authenticated
  | Refused
  /** The other site could not be used: it is down (`unavailable`), or its answer is not one to trust (`broken`). */
  | { readonly kind: 'unavailable' | 'broken'; readonly reason: string; readonly retryAfter?: Seconds }
  /** The other site said no, or that it cannot, by the redirect; the client is told so. */
  | {
      readonly kind: 'declined';
      readonly error: Extract<ErrorCode, 'access_denied' | 'server_error' | 'temporarily_unavailable'>;
      readonly reason: string;
    };
