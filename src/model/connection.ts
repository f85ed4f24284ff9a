/**
 * Connection: an account of another site that a tool asks for while it runs, because the user did not sign in with it. Until the
 * person has been there, the tool is told so by {@link ConnectionNeeded}, and its client shows the way.
 */
import type { Json } from './store.ts';
import type { UpstreamAccount } from './upstream.ts';

/** Thrown to a tool whose user has to connect an account first. Let it pass: the MCP handler answers with a link for the person. */
export class ConnectionNeeded extends Error {
  override readonly name = 'ConnectionNeeded';
  /** The site, as people call it. */
  readonly label: string;
  /** A link to the page where this very person connects it, good for five to ten minutes; the same one until it is used. */
  readonly link: () => Promise<string>;
  /** Scopes that the person did not allow when they were there a moment ago; empty where they were not there yet. */
  readonly missing: readonly string[];

  constructor(label: string, link: () => Promise<string>, missing: readonly string[] = []) {
    super(`An account of ${label} has to be connected first.`);
    this.label = label;
    this.link = link;
    this.missing = missing;
  }
}

/** What a client carries back, opened. */
export interface CarriedBack {
  readonly value: Json;
  /** Whether its time is over. */
  readonly over: boolean;
}

/** `auth.connect('google', scopes)`. */
export interface Connect {
  /**
   * The user's account at a site, with these scopes.
   *
   * @param provider a login that keeps its tokens (`keepTokens`).
   * @throws {ConnectionNeeded} where the person has to go there first.
   */
  (provider: string, scopes?: readonly string[]): Promise<UpstreamAccount>;
  /** Seals what a client shall carry back within ten minutes. Only this grant opens it, and only where it is bound to. */
  readonly seal: (value: Json, bound: string) => Promise<string>;
  /** What came back; null where it is not this grant's, or bound to something else. */
  readonly open: (sealed: string, bound: string) => Promise<CarriedBack | null>;
}
