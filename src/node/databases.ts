/** Databases of users on Node: a SQLite file for each, in one folder. Any number of processes may use the folder at once. */
import { mkdirSync } from 'node:fs';
import type { DatabaseSync } from 'node:sqlite';
import { join } from 'node:path';
import type { Databases, SqlRow } from '../model/database.ts';
import { statementOf } from '../model/sql-statement.ts';
import { opened, switchToWal } from '../stores/sqlite-file.ts';

/** Maximum number of open files. */
const MAX_OPEN = 64;
const BUSY_TIMEOUT = 5000;

/**
 * A file for each user, made with the first query (mode 0600, the folder 0700): `static databases = sqliteDatabases('./data/users')`.
 * The content is not encrypted: every process that may read the folder can read it.
 *
 * @throws {Error} naming the path, with the first query, where it cannot be made or opened.
 * @example
 * const databases = sqliteDatabases('./data/users');
 */
export function sqliteDatabases(folder: string): Databases {
  const open = new Map<string, DatabaseSync>();
  const databaseOf = (name: string): DatabaseSync => {
    const known = open.get(name);
    open.delete(name);
    const database = known ?? openedIn(folder, name);
    open.set(name, database); // the last one used stands last
    for (const [oldest, idle] of open) {
      if (open.size <= MAX_OPEN) break;
      open.delete(oldest);
      idle.close();
    }
    return database;
  };
  return (name) => ({
    query(statement, values) {
      const rows = databaseOf(name)
        .prepare(statementOf(statement))
        .all(...values);
      return rows.map((row) => ({ ...row }) as SqlRow);
    },
  });
}

function openedIn(folder: string, name: string): DatabaseSync {
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  const database = opened(join(folder, `${name}.sqlite`));
  database.exec(`PRAGMA busy_timeout = ${BUSY_TIMEOUT}`);
  switchToWal(database);
  return database;
}
