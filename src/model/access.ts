/**
 * Access: what a verified token says about the caller: user, client, scopes, resource, props. The guard makes it; handlers and tools read it.
 */
import type { Seconds } from './store.ts';
import type { Connect, Upstreams } from './upstream.ts';

/**
 * Reports to the operator why a token is not valid; the caller never sees it.
 *
 * @param reason one snake_case word. @param detail what was expected and what the token says, without secrets.
 */
export type Tell = (reason: string, detail?: string) => void;

/** What a verifier returns for a valid access token. */
export interface Checked<Props = unknown> {
  /** The user who granted. */
  readonly userId: string;
  /** The client that calls. */
  readonly clientId: string;
  /** The grant behind the token: the thing a user revokes. */
  readonly grantId: string;
  /** Issuer of the token if another server issued it: `userId` and `clientId` are that server's names, and mean nothing without it. */
  readonly issuer?: string;
  /** Set if a program acts for itself, with a token that no user granted (client credentials): `userId` then names the program. */
  readonly program?: true;
  /** The tenant, if there are several: `userId` and `clientId` are names within that tenant. */
  readonly tenant?: string;
  /** Scopes of this token, as granted. */
  readonly scope: readonly string[];
  /** The one resource the token is for (RFC 8707). */
  readonly resource: string;
  /** The organization that the user chose for this client; absent if there was none. */
  readonly organization?: { readonly id: string; readonly name: string };
  /** The key that the token is bound to; the caller has proven it (RFC 9449 §6). */
  readonly cnf?: { readonly jkt: string };
  /** When the token expires. */
  readonly expiresAt: Seconds;
  /** Who acts for the user, if the token was exchanged: the last party, and in `act` the ones before (RFC 8693 §4.1). */
  readonly act?: Actor;
  /** What the application stored at sign-in, with the current permissions. */
  readonly props: Props;
  /** Absent if no upstream tokens are kept. */
  readonly upstream?: Upstreams;
  readonly connect?: Connect;
}

/** The caller, as handlers and tools see it. */
export interface Access<Props = unknown> extends Checked<Props> {
  /** Upstream accounts that the user signed in with: `auth.upstream('github').token()`. */
  readonly upstream: Upstreams;
  /** An upstream account that the user is asked to connect if it is missing: `await auth.connect('google', scopes)`. */
  readonly connect: Connect;
}

/** A party that acts for a user. */
export type Actor = { readonly sub: string; readonly act?: Actor };

/** What the built-in logins and upstreams put into the props. */
export interface AuthContext extends Record<string, unknown> {
  readonly claims: { readonly sub: string; readonly name?: string; readonly email?: string; readonly [claim: string]: unknown };
  readonly permissions?: readonly string[];
  /** The organization that the user chose for this client. */
  readonly organization?: { readonly id: string; readonly name: string };
}

/**
 * Props: parsed from their JSON text when they are first read, so that a handler that does not read them does not pay for it.
 *
 * The text stands behind a symbol that no copy and no log shows, and all objects share one descriptor: V8 keeps the accessors of each own
 * descriptor, with all that they refer to, until its next full collection.
 */
const TEXT = Symbol('portcullis.props');

/** An object with the text of its props. */
interface Unparsed {
  readonly [TEXT]: string;
}

const PROPS: PropertyDescriptor & ThisType<Unparsed> = {
  enumerable: true,
  configurable: true,
  get() {
    const value: unknown = JSON.parse(this[TEXT]);
    Object.defineProperty(this, 'props', { value, enumerable: true, configurable: true, writable: true });
    return value;
  },
};

/** Gives an object `props`, each object its own. @param text JSON. */
export function withParsedProps<T extends object>(to: T, text: string): T & { readonly props: unknown } {
  Object.defineProperty(to, TEXT, { value: text });
  return Object.defineProperty(to, 'props', PROPS) as T & { readonly props: unknown };
}
