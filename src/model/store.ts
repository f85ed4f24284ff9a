/**
 * Storage contract: a few atomic operations, nothing about OAuth. This file states what an adapter must guarantee;
 * `testing/store-suite` tests it. At the end, the kinds of records that the server keeps.
 */
import { OAuthError } from './error.ts';

/** A JSON value. */
export type Json = null | boolean | number | string | readonly Json[] | { readonly [name: string]: Json };

/** Whole seconds since 1970, or a duration in seconds. Never milliseconds, never `Date`. */
export type Seconds = number;

/** Key of a record: kind, colon, id. */
export type Key = `${string}:${string}`;

/** Id of a tenant: prefix of its keys, and part of its cookie names. */
export const TENANT_ID: RegExp = /^[a-z0-9][a-z0-9-]{0,31}$/;

/** Name of an index: what it groups by, colon, value (`user:42`). */
export type IndexKey = `${string}:${string}`;

/**
 * Identifies one state of a record: a random integer of 53 bits. A counter would repeat when a record is made anew, and when the last writes are
 * lost (a crash without `synchronous_commit`, a failover, a restored backup): a process that has read the lost state would take a different
 * one for it.
 */
export type Version = number;

/** Where a listing continues; opaque, made by the store. */
export type Cursor = string;

/** A record as read. */
export interface Stored {
  readonly value: Json;
  readonly version: Version;
}

/** Options of a write. */
export interface WriteOptions {
  /** From this time on, the record reads as absent. Without it, the record does not expire. */
  readonly until?: Seconds;
  /** Indexes that list the record's key; replaces those of the previous write. */
  readonly index?: readonly IndexKey[];
}

/** What was counted in the current window of time, and when the window ends. The value of a counted record is this with `v: 1`. */
export interface Count {
  readonly count: number;
  readonly endsAt: Seconds;
}

/** A change that the part of a store which has the record can make itself (`core/grant-attempt`). No functions: it is sent there. */
export interface Attempt {
  readonly kind: string;
  readonly now: Seconds;
}

/** The record after an attempt; as it was, unchanged, unless it `isDone`. */
export interface Attempted {
  readonly isDone: boolean;
  readonly stored: Stored | null;
}

/** One page of a listing. */
export interface Page {
  readonly keys: readonly Key[];
  readonly next?: Cursor;
  /** The records under the keys, if they were asked for and the store had to look at them anyway. */
  readonly records?: ReadonlyMap<Key, Stored>;
}

/** A live record with everything needed to copy it to another store. */
export interface StoredRecord {
  readonly key: Key;
  readonly value: Json;
  readonly version: Version;
  /** Absent if the record does not expire. */
  readonly until?: Seconds;
  readonly index: readonly IndexKey[];
}

/**
 * How far the clocks of processes may differ. Stores remove expired records this much later: a machine whose clock is behind may still need one,
 * for example that a DPoP proof was used.
 */
export const CLOCKS_DIFFER: Seconds = 300;

/**
 * Thrown by an adapter that is certain that nothing was changed and a retry may help: a serialization failure, a deadlock, a refused
 * connection. After any other error, the write may or may not have happened.
 *
 * @example
 * try {
 *   await db.execute('UPDATE …');
 * } catch (error) {
 *   if (error instanceof Error && error.message.includes('deadlock')) throw new NothingDone('deadlock', { cause: error });
 *   throw error;
 * }
 */
export class NothingDone extends Error {
  override readonly name = 'NothingDone';
}

/**
 * A store of records. Every operation is atomic for one key, across processes. An operation that cannot be carried out rejects; it never
 * answers as if the record were absent.
 */
export interface Store {
  /**
   * The record, or null if it was never written, was removed, or has expired.
   * @param known what the caller has read before and not changed: if the record is unchanged, a store may return that same object and
   *   save the transfer.
   */
  read(key: Key, known?: Stored): Promise<Stored | null>;
  /** The record, possibly slightly out of date: for display only, never for a decision. Absent if it would cost as much as `read`. */
  readStale?(key: Key): Promise<Stored | null>;
  /**
   * Writes if the condition holds, and returns the new version; otherwise returns null and changes nothing.
   * @param when `any` always, `absent` only if there is no live record, a version only if the record has it.
   */
  write(key: Key, value: Json, when: 'any' | 'absent' | Version, options?: WriteOptions): Promise<Version | null>;
  /** Removes; true for exactly one caller. With `when`, only that version. */
  remove(key: Key, when?: Version): Promise<boolean>;
  /**
   * Adds one to the record `{ v: 1, count, endsAt }`, or starts one at 1 that ends after `per` seconds: one step, which concurrent callers
   * take one after the other. Null, without a change, if the record is not a count. Absent if the engine cannot do it in one step: then it
   * takes a read and a conditional write.
   */
  increment?(key: Key, per: Seconds): Promise<Count | null>;
  /** Makes an attempt at a record, in one step. Absent if the engine cannot run code of this package. */
  attempt?(key: Key, attempt: Attempt): Promise<Attempted>;
  /**
   * Keys in an index, oldest first in each part of the store, at most some hundred per page. A hint: a key may be gone by now.
   * @param withRecords whether the caller is going to read the records: a store may give them, too.
   */
  list(index: IndexKey, after?: Cursor, withRecords?: boolean): Promise<Page>;
  /** One page of all live records, in the store's own order, for copies. Absent if the engine cannot list them. */
  all?(after?: Cursor): Promise<{ readonly records: readonly StoredRecord[]; readonly next?: Cursor }>;
  /** The number of live records, counted differently from `all`, so that a copy can be verified. Absent if the engine cannot count. */
  count?(): Promise<number>;
  /** Keys from `name(0)`, `name(1)` …, one for each part of the store in the place that they name. Absent if the store has one part. */
  spread?(name: (n: number) => Key): readonly Key[];
  /** Scans the next records (by default some thousand) and removes the expired ones. @returns how many. Absent if the engine expires records itself. */
  sweep?(most?: number): Promise<number>;
  /** True if the store is in this process, so that an answer always comes; other stores get a deadline. */
  readonly local?: boolean;
  /** True if the place that an id names (`model/token`) decides where its record is. */
  readonly placed?: boolean;
  /** True if a failover to a lagging replica may lose an acknowledged write. */
  readonly mayLose?: boolean;
  /** False if the engine has no conditional write; such a store is refused for grants. */
  readonly atomic: boolean;
}

/** The error for a text that is no cursor: the caller's mistake, not a failure of the store. */
export function badCursor(): OAuthError {
  return new OAuthError('invalid_request', 'cursor_malformed', { hint: 'This is no cursor of this list. Start again without one.' });
}

/** A cursor of a store whose cursors are numbers. @throws {OAuthError} for any other text. */
export function checkCursor(after: Cursor): Cursor {
  if (!/^\d{1,18}$/.test(after)) throw badCursor();
  return after;
}

/**
 * The kinds of records that survive when a backup is restored and the server starts under a new epoch (`stores/prefixed`): what users and operators
 * created, and limits. A test compares both lists with docs/reference/storage.md.
 */
export const LASTING_RECORDS: readonly string[] = [
  'account',
  'audit',
  'audit-head',
  'audit-log',
  'client',
  'client-mode',
  'client-status',
  'document',
  'email',
  'former',
  'identity',
  'jwks',
  'known-browser',
  'limit',
  'logo',
  'measures',
  'notices',
  'passkey',
  'place',
  'quota',
  'removed',
  'replay',
  'state',
  'totp',
  'username',
];

/**
 * All other kinds: everything that gives access or may have been revoked since the backup, which would otherwise become valid again.
 * A kind in neither list ends too: forgetting it signs users out, and lets no one in.
 */
export const ENDING_RECORDS: readonly string[] = [
  'admins-leaving',
  'answered',
  'approved',
  'connection',
  'consent',
  'device',
  'grant',
  'health',
  'identities-leaving',
  'invitation',
  'link',
  'mcp',
  'passkey-challenge',
  'passkeys-leaving',
  'pushed',
  'session',
  'signing-keys',
  'step',
  'pending',
  'upstream',
  'upstream-state',
  'usercode',
];

/** Index prefixes that survive. */
export const LASTING_LISTS: readonly string[] = ['accounts', 'audit', 'client-status', 'clients', 'identities', 'passkeys', 'unused'];

/** All other index prefixes. `client:<id>` and `user:<id>` list grants. */
export const ENDING_LISTS: readonly string[] = ['client', 'consents', 'keys', 'sessions', 'upstreams', 'user'];
