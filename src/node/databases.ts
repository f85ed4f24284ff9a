/** SQLite files of an application on Node: one for each user, and the one of its own store. Any number of processes may use them at once. */
import { mkdirSync, statSync } from 'node:fs';
import { dirname, join } from 'node:path';
import type { DatabaseSync } from 'node:sqlite';
import { type Databases, type SqlRow, statementOf } from '../model/user-state.ts';
import { opened, switchToWal } from '../stores/sqlite-file.ts';
import { sqliteStore, type SqliteStore } from '../stores/sqlite.ts';

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

/** An open store, to be closed by its user. */
interface Embedded {
  readonly store: SqliteStore;
  close(): void;
}

/**
 * Opens the embedded store of a data folder, one SQLite file; makes both if they are not there, for the owner's eyes only.
 *
 * @throws {Error} one line that names the folder and the fix.
 */
export function openEmbedded(folder: string): Embedded {
  try {
    makeFolder(folder);
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    const why = code === 'EACCES' ? 'this user may not write there' : code === 'EEXIST' ? 'a file of that name is there' : message;
    throw new Error(`The data folder ${folder} cannot be made: ${why}. Name another one with PORTCULLIS_DATA or the option \`data\`.`, {
      cause: error,
    });
  }
  const store = open(join(folder, 'portcullis.db'));
  return {
    store,
    close: () => store.close(),
  };
}

function open(path: string): SqliteStore {
  try {
    return sqliteStore(path);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EACCES') throw error;
    throw new Error(`This user may not read ${path}. Give it the file, or name another folder with PORTCULLIS_DATA.`, { cause: error });
  }
}

/** By hand, because Node's own `recursive` never returns where the system refuses a folder with ENOENT, as /proc does. */
function makeFolder(folder: string): void {
  if (statSync(folder, { throwIfNoEntry: false })?.isDirectory()) return;
  if (dirname(folder) !== folder) makeFolder(dirname(folder));
  try {
    mkdirSync(folder, { mode: 0o700 });
  } catch (error) {
    if (!statSync(folder, { throwIfNoEntry: false })?.isDirectory()) throw error; // another process may have been faster
  }
}
