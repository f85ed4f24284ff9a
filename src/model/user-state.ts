/**
 * What an MCP server stores for a user between calls, as the guard passes it to the handler: JSON values, one for each handle, user and resource
 * (no handle reaches another user's state, SEC-191); and a SQL database for each user, so that no query reaches another user's data.
 */
import type { Awaitable } from './runtime.ts';
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

/** A query split like SQLite does it (https://www.sqlite.org/c3ref/complete.html): space and comments; quoted text; words; any other character. An unclosed quote or comment extends to the end. */
const TOKENS =
  /([ \t\n\f\r]+|--[^\n]*|\/\*(?:(?!\*\/)[^])*(?:\*\/)?)|'(?:[^']|'')*'?|"(?:[^"]|"")*"?|`(?:[^`]|``)*`?|\[[^\]]*\]?|[\w$\u0080-\uffff]+|[^]/g;
const TRIGGER = /^(?:EXPLAIN (?:QUERY PLAN )?)?CREATE (?:TEMP |TEMPORARY )?TRIGGER /;
/** Statements that outlive themselves or leave the database: a connection serves many requests. */
const NOT_ALONE = new Set(['BEGIN', 'COMMIT', 'END', 'ROLLBACK', 'SAVEPOINT', 'RELEASE', 'ATTACH', 'DETACH']);

/**
 * The only statement of a text: of several, SQLite on Node would run the first and ignore the rest, a Durable Object all of them. Without trailing
 * semicolons and comments: workerd would count a trailing comment as a second statement. The database checks the SQL.
 *
 * @throws {TypeError} if there is none, there are several, or it is a transaction statement; nothing was run.
 */
export function statementOf(text: string): string {
  const tokens: string[] = [];
  let end = 0;
  for (const { 0: token, 1: gap, index } of text.matchAll(TOKENS)) {
    if (gap !== undefined) continue;
    tokens.push(token.toUpperCase());
    if (token !== ';') end = index + token.length;
  }
  while (tokens.at(-1) === ';') tokens.pop();
  const [first] = tokens;
  if (first === undefined) throw new TypeError('McpAgent: `sql` takes a statement, and there is none in this text.');
  if (NOT_ALONE.has(first))
    throw new TypeError(
      `McpAgent: \`sql\` takes statements that stand by themselves; ${first} does not. Each one is carried out whole or not at all.`,
    );
  const several = TRIGGER.test(tokens.slice(0, 6).join(' ')) ? afterTrigger(tokens) : tokens.includes(';');
  if (several) throw new TypeError('McpAgent: `sql` takes one statement at a time; nothing of these was carried out.');
  return text.slice(0, end);
}

/** Whether anything follows the END of a trigger. Its own statements end with semicolons, and END follows one. */
function afterTrigger(tokens: readonly string[]): boolean {
  return tokens.some((token, at) => token === ';' && tokens[at - 1] === 'END' && tokens[at - 2] === ';');
}
