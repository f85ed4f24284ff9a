/**
 * The embedded store of a data folder: one SQLite file, made on first use.
 */
import { mkdirSync, statSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { sqliteStore, type SqliteStore } from '../stores/sqlite.ts';

/** An open store, to be closed by its user. */
export interface Embedded {
  readonly store: SqliteStore;
  close(): void;
}

/**
 * Opens the store of a folder; makes both if they are not there, for the owner's eyes only.
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
