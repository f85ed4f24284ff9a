/**
 * What a checked token says: who called, through which client, with which scopes, for which resource.
 * The guard makes it, handlers and tools read it.
 */
import type { Seconds } from './store.ts';
import type { Connect } from './connection.ts';
import type { Upstreams } from './upstream.ts';

/**
 * Tells the operator why a token is not good; nothing of it goes out.
 *
 * @param reason one snake_case word. @param detail what was expected and what the token says, without secrets.
 */
export type Tell = (reason: string, detail?: string) => void;

/** What a verifier says of a good access token. */
export interface Checked<Props = unknown> {
  /** The user who granted. */
  readonly userId: string;
  /** The client that calls. */
  readonly clientId: string;
  /** The grant behind the token: the thing a user revokes. */
  readonly grantId: string;
  /** Who issued the token, where that was another server: `userId` and `clientId` are its names, and mean nothing without it. */
  readonly issuer?: string;
  /** Whether a program acts for itself, with a token that no user gave it (client credentials): `userId` then names the program. */
  readonly program?: true;
  /** Which tenant's server this is, where there are several: `userId` and `clientId` are names of that tenant's. */
  readonly tenant?: string;
  /** Scopes of this token, as granted. */
  readonly scope: readonly string[];
  /** The one resource the token is for (RFC 8707). */
  readonly resource: string;
  /** The organization that the user chose for this client; absent where there was none. */
  readonly organization?: { readonly id: string; readonly name: string };
  /** The key that the token is bound to: whoever presents it has proven that key (RFC 9449 §6). */
  readonly cnf?: { readonly jkt: string };
  /** When the token ends. */
  readonly expiresAt: Seconds;
  /** Who acts for the user, where a token was exchanged: the one who exchanged it last, and who did before (RFC 8693 §4.1). */
  readonly act?: Actor;
  /** What the application put in when the user signed in, with the permissions of this very moment. */
  readonly props: Props;
  /** Absent where no accounts of other sites are kept. */
  readonly upstream?: Upstreams;
  readonly connect?: Connect;
}

/** Who calls, as handlers and tools see it. */
export interface Access<Props = unknown> extends Checked<Props> {
  /** Accounts at other sites that the user signed in with: `auth.upstream('github').token()`. */
  readonly upstream: Upstreams;
  /** An account at another site, which the user is asked to connect where it is not there: `await auth.connect('google', scopes)`. */
  readonly connect: Connect;
}

/** Somebody who acts for a user. */
export type Actor = { readonly sub: string; readonly act?: Actor };

/** What a login of our own, and every upstream, puts into the props. */
export interface AuthContext extends Record<string, unknown> {
  readonly claims: { readonly sub: string; readonly name?: string; readonly email?: string; readonly [claim: string]: unknown };
  readonly permissions?: readonly string[];
  /** The organization that the user chose for this client. */
  readonly organization?: { readonly id: string; readonly name: string };
}
