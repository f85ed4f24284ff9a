/**
 * Upstream accounts: the tokens that are stored, what a tool can ask for, and connections: accounts that a tool asks for while it runs. The refresh
 * token never leaves the vault (`core/vault/vault`); the access token is given only to a tool that asks. Until the user has connected an account,
 * the tool gets {@link ConnectionNeeded}, and its client shows the link.
 */
import type { Json, Seconds } from './store.ts';

/** Tokens that an upstream issued for one account. */
export type UpstreamTokens = {
  readonly accessToken: string;
  /** Absent if the upstream issued none: the user must sign in again when the access token expires. */
  readonly refreshToken?: string;
  /** Absent if the upstream gave no expiry. */
  readonly expiresAt?: Seconds;
  /** The granted scopes, if the upstream returned them. */
  readonly scope?: readonly string[];
};

/** An upstream account that the user signed in with. */
export type LinkedAccount = {
  /** Id of the login: `github`. */
  readonly provider: string;
  /** The account's stable id at the upstream; the `account` option of `upstream()`. */
  readonly id: string;
  readonly name?: string;
  readonly email?: string;
};

/** Where an account's tokens are, and the key that opens them. Always stored sealed. */
export type UpstreamRef = {
  readonly id: string;
  readonly key: string;
  readonly account: LinkedAccount;
  /** Added by a tool and not by sign-in: if it ends, the grant continues. */
  readonly connected?: boolean;
};

/** Ids of a grant's upstream accounts in the clear, and the references sealed under the grant's key. */
export type SealedRefs = { readonly ids: readonly string[]; readonly sealed: string };

/** An upstream account, for tools. */
interface UpstreamAccount {
  /**
   * A valid access token, refreshed if it expires within a minute.
   *
   * @param options.refused a token that the upstream's API answered with 401: gets another one, or ends the grant.
   * @throws {UpstreamTokenError}
   */
  token(options?: { readonly refused?: string }): Promise<string>;
  /** The granted scopes; empty if the upstream did not return them. @throws {UpstreamTokenError} */
  scopes(): Promise<readonly string[]>;
  /** The accounts of this provider that the user signed in with, latest first. */
  accounts(): Promise<readonly LinkedAccount[]>;
}

/** `auth.upstream('github')`: the account that the user signed in with last, or the one with that id. */
export type Upstreams = (provider: string, options?: { readonly account?: string }) => UpstreamAccount;

/** Token operations of a login that keeps its tokens. */
export interface TokenOperations {
  /** Refreshes. @param tokens with a refresh token. */
  refresh(tokens: UpstreamTokens, at: { readonly now: Seconds; readonly env: unknown }): Promise<Refreshed>;
  /** Revokes the tokens; false if the upstream has no revocation. Rejects if it could not be reached. */
  revoke(tokens: UpstreamTokens, at: { readonly env: unknown }): Promise<boolean>;
  /** Seconds within which `refresh` always settles. */
  readonly patience: Seconds;
}

/** Result of a refresh: new tokens, a final refusal, or a temporary failure. */
export type Refreshed =
  | { readonly kind: 'refreshed'; readonly tokens: UpstreamTokens }
  | { readonly kind: 'refused'; readonly reason: string }
  | { readonly kind: 'unavailable'; readonly reason: string; readonly retryAfter?: Seconds };

/** Why a tool gets no token. */
export type UpstreamFailure = 'unavailable' | 'ended' | 'not_linked';

/**
 * Thrown if a tool cannot get an upstream token. The message is for the user and the model, and contains nothing of the upstream's response.
 *
 * @example
 * async function tokenOrNull(auth: Access) {
 *   try {
 *     return await auth.upstream('github').token();
 *   } catch (error) {
 *     if (error instanceof UpstreamTokenError && error.failure === 'not_linked') return null;
 *     throw error;
 *   }
 * }
 */
export class UpstreamTokenError extends Error {
  override readonly name = 'UpstreamTokenError';
  /** `unavailable`: try again; `ended`: the user must connect again; `not_linked`: there is no such account. */
  readonly failure: UpstreamFailure;
  /** Matching HTTP status: 503, 401, 403. */
  readonly status: number;
  readonly retryAfter: Seconds | undefined;

  /** @param goesOn whether it has failed for a while, so that connecting again may help. */
  constructor(failure: UpstreamFailure, provider: string, retryAfter?: Seconds, goesOn = false) {
    super(TEXTS[failure](provider) + (goesOn ? ' If this goes on, connect this app again.' : ''));
    this.failure = failure;
    this.status = { unavailable: 503, ended: 401, not_linked: 403 }[failure];
    this.retryAfter = retryAfter;
  }
}

const TEXTS: { readonly [failure in UpstreamFailure]: (provider: string) => string } = {
  unavailable: (provider) => `The service "${provider}" does not answer right now. Try again in a moment.`,
  ended: (provider) => `The connection to "${provider}" has ended. Connect this app again to sign in there.`,
  not_linked: (provider) => `No account of "${provider}" is connected. Connect this app again and sign in with it.`,
};

/**
 * Thrown to a tool whose user must connect an account first. Let it propagate: the MCP handler answers with a link for the user.
 *
 * @example
 * async function listMails(auth: Access) {
 *   try {
 *     return await auth.connect('google', ['https://www.googleapis.com/auth/gmail.readonly']);
 *   } catch (error) {
 *     if (error instanceof ConnectionNeeded) console.info(`waiting for ${error.label}`);
 *     throw error;
 *   }
 * }
 */
export class ConnectionNeeded extends Error {
  override readonly name = 'ConnectionNeeded';
  /** Display name of the upstream. */
  readonly label: string;
  /** Link to the page where this user connects the account, valid for five to ten minutes; the same one until it is used. */
  readonly link: () => Promise<string>;
  /** Scopes that the user just declined; empty if they have not been there yet. */
  readonly missing: readonly string[];

  constructor(label: string, link: () => Promise<string>, missing: readonly string[] = []) {
    super(`An account of ${label} has to be connected first.`);
    this.label = label;
    this.link = link;
    this.missing = missing;
  }
}

/** A sealed value that a client returned. */
export interface CarriedBack {
  readonly value: Json;
  /** Whether it has expired. */
  readonly over: boolean;
}

/** `auth.connect('google', scopes)`. */
export interface Connect {
  /**
   * The user's account at an upstream, with these scopes.
   *
   * @param provider id of a login that keeps its tokens (`keepTokens`).
   * @throws {ConnectionNeeded} if the user must connect it first.
   */
  (provider: string, scopes?: readonly string[]): Promise<UpstreamAccount>;
  /** Seals a value that a client returns within ten minutes. Only this grant can open it, and only for the same `bound`. */
  readonly seal: (value: Json, bound: string) => Promise<string>;
  /** Opens it; null if it is another grant's, or bound to something else. */
  readonly open: (sealed: string, bound: string) => Promise<CarriedBack | null>;
}
