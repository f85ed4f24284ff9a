/**
 * User state: what an MCP server stores for a user between calls, as the guard passes it to the handler: one JSON value for each handle, user
 * and resource. No handle reaches another user's state (SEC-191).
 */
import type { Json, Seconds, Version } from './store.ts';

/** A stored value with its version. */
export interface StoredState {
  readonly value: Json;
  readonly version: Version;
}

/** The values of one user, of one kind. */
export interface UserStates {
  /** Null if there is none. */
  read(handle: string): Promise<StoredState | null>;
  /**
   * Writes a value if it has not changed since it was read.
   *
   * @param since the version that was read; null if there was none.
   * @param ttl seconds until it expires without another write; a year by default.
   * @returns the new version; null, without a change, if another call was faster.
   */
  write(handle: string, value: Json, since: Version | null, ttl?: Seconds): Promise<Version | null>;
  /** Removes a value. @returns true for exactly one caller; false if it is absent, or its version is not `since`. */
  remove(handle: string, since?: Version): Promise<boolean>;
  /** The current time on the server, in seconds. */
  now(): Seconds;
}

/** The states for a handler: values for the user, which survive an epoch, and those of sessions and calls, which do not. */
export interface CallerStates extends UserStates {
  /** MCP sessions and pending messages. */
  readonly passing: UserStates;
}
