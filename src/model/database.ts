/**
 * SQL databases, one for each user, so that no query, however it was built, reaches another user's data.
 */
import type { Awaitable } from './runtime.ts';

/** A value in a query. Encode anything else as JSON yourself. */
export type SqlValue = string | number | boolean | null;

/** A row, by column name. */
export type SqlRow = { readonly [column: string]: string | number | null };

/** The database of one user. */
export interface UserDatabase {
  /** Runs one statement atomically and returns its rows. @param values for the question marks, in order. */
  readonly query: (statement: string, values: readonly (string | number | null)[]) => Awaitable<readonly SqlRow[]>;
}

/**
 * Opens the databases. Made by `sqliteDatabases` of `portcullis/node` and `objectDatabases` of `portcullis/worker`.
 *
 * @param name 43 letters, digits, hyphens and underscores: a hash of user, resource and handle.
 */
export type Databases = (name: string, env: unknown) => UserDatabase;
