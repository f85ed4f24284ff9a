/**
 * Database: SQL for one user alone. What a server keeps for its users in tables stands in a database for each of them, so that no query,
 * however it was put together, reaches what is somebody else's.
 */
import type { Awaitable } from './runtime.ts';

/** What may stand in a query. Anything else is JSON of your own making. */
export type SqlValue = string | number | boolean | null;

/** A row, by the names of its columns. */
export type SqlRow = { readonly [column: string]: string | number | null };

/** The database of one user. */
export interface UserDatabase {
  /** Carries out one statement, whole or not at all, and gives its rows. @param values for the question marks, in order. */
  readonly query: (statement: string, values: readonly (string | number | null)[]) => Awaitable<readonly SqlRow[]>;
}

/**
 * Where the databases are. Made by `sqliteDatabases` of `portcullis/node` and by `objectDatabases` of `portcullis/worker`.
 *
 * @param name of 43 letters, digits, hyphens and underscores: a hash that names the user, the resource and the handle.
 */
export type Databases = (name: string, env: unknown) => UserDatabase;
