/**
 * What an MCP server keeps for a user between calls, as the guard hands it to the handler behind: one JSON value for each handle,
 * of this user at this resource. Nobody reaches that of somebody else, whatever handle they name (SEC-191).
 */
import type { Json, Seconds, Version } from './store.ts';

/** A kept value, as it was read. */
export interface KeptState {
  readonly value: Json;
  readonly version: Version;
}

/** The values of one user, of one kind. */
export interface UserStates {
  /** Null where nothing is kept. */
  read(handle: string): Promise<KeptState | null>;
  /**
   * Keeps a value if nobody changed it since it was read.
   *
   * @param since the version that was read; null where nothing was there.
   * @param ttl how long it is kept unless it is written again; a year by default.
   * @returns the new version; null, and nothing changed, where somebody was faster.
   */
  write(handle: string, value: Json, since: Version | null, ttl?: Seconds): Promise<Version | null>;
  /** Forgets a value. @returns true for exactly one caller; false where nothing was there, or another version than `since`. */
  remove(handle: string, since?: Version): Promise<boolean>;
  /** The second it is on the server whose store this is. */
  now(): Seconds;
}

/** What a handler finds: the values that its user made, which outlast an epoch, and those of sessions and calls, which do not. */
export interface CallerStates extends UserStates {
  /** MCP sessions and what is on its way in them; answers that were used. */
  readonly passing: UserStates;
}
