/**
 * Tokens of another site: what is kept of them, and what a tool may ask for. The site's refresh token never leaves the
 * vault (`core/vault/vault`); its access token is given to a tool that asks, and to nobody else.
 */
import type { Seconds } from './store.ts';

/** What a site gave for one account. */
export type UpstreamTokens = {
  readonly accessToken: string;
  /** Absent where the site gave none: then the person signs in again when the access token ends. */
  readonly refreshToken?: string;
  /** Absent where the site says of no end. */
  readonly expiresAt?: Seconds;
  /** What the site granted, where it says so. */
  readonly scope?: readonly string[];
};

/** An account at another site that the user signed in with. */
export type LinkedAccount = {
  /** The login it came by: `github`. */
  readonly provider: string;
  /** The account's stable id there: what `account` of `upstream()` takes. */
  readonly id: string;
  readonly name?: string;
  readonly email?: string;
};

/** Where an account's tokens are, and the key that opens them. Sealed wherever it is kept. */
export type UpstreamRef = {
  readonly id: string;
  readonly key: string;
  readonly account: LinkedAccount;
  /** Added by a tool, not by signing in: its end does not end the grant. */
  readonly connected?: boolean;
};

/** Names the accounts of a grant, in the open, and holds the way to them under the grant's key. */
export type SealedRefs = { readonly ids: readonly string[]; readonly sealed: string };

/** An outside account as tools use it. */
export interface UpstreamAccount {
  /**
   * An access token that is good now; refreshed where it ends within a minute.
   *
   * @param options.refused a token of before that the site's API answered with 401: another one is fetched, or the grant ends.
   * @throws {UpstreamTokenError}
   */
  token(options?: { readonly refused?: string }): Promise<string>;
  /** What the site granted; empty where it does not say. @throws {UpstreamTokenError} */
  scopes(): Promise<readonly string[]>;
  /** The accounts of this provider that the user signed in with, the last one first. */
  accounts(): Promise<readonly LinkedAccount[]>;
}

/** `auth.upstream('github')`: the account that the user signed in with last, or the one with that id. */
export type Upstreams = (provider: string, options?: { readonly account?: string }) => UpstreamAccount;

/** What can be done with kept tokens; a login has it that keeps them. */
export interface TokenKeeper {
  /** Trades the refresh token. @param tokens with a refresh token. */
  refresh(tokens: UpstreamTokens, at: { readonly now: Seconds; readonly env: unknown }): Promise<Refreshed>;
  /** Tells the site to forget them: false where it has no way. Rejects where it could not be told. */
  revoke(tokens: UpstreamTokens, at: { readonly env: unknown }): Promise<boolean>;
  /** Seconds within which `refresh` has settled, come what may. */
  readonly patience: Seconds;
}

/** What a refresh came to: new tokens, a final no, or nothing for now. */
export type Refreshed =
  | { readonly kind: 'refreshed'; readonly tokens: UpstreamTokens }
  | { readonly kind: 'refused'; readonly reason: string }
  | { readonly kind: 'unavailable'; readonly reason: string; readonly retryAfter?: Seconds };

/** Why a tool gets no token. */
export type UpstreamFailure = 'unavailable' | 'ended' | 'not_linked';

/** No token for a tool. The message is for the user and the model, and holds nothing of what the site answered. */
export class UpstreamTokenError extends Error {
  override readonly name = 'UpstreamTokenError';
  /** `unavailable`: try again; `ended`: the user must connect again; `not_linked`: there is no such account. */
  readonly failure: UpstreamFailure;
  /** As an answer over HTTP would have it: 503, 401, 403. */
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
