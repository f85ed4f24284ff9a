/**
 * Connections: upstream accounts that a tool asks for while it runs. Until the user has connected one, the tool gets
 * {@link ConnectionNeeded}, and its client shows the link.
 */
import type { Json } from './store.ts';
import type { UpstreamAccount } from './upstream.ts';

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
