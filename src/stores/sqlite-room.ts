/**
 * Reserve file next to a SQLite database: space on the same disk that is freed when the disk is full, so that changes which need little and
 * free more are still possible: a revocation, a removal, a sweep. SQLite needs some space in its log for each of them.
 */
import { closeSync, ftruncateSync, openSync, statSync, writeSync } from 'node:fs';

/** Enough for some hundred changes of one record each. */
const BYTES = 512 * 1024;
/** Maximum of `crypto.getRandomValues`. */
const CHUNK = 65_536;

/** The reserve of one database. */
export interface Room {
  /** Frees it. False if there is none, or it was freed before. */
  release(): boolean;
  /** Allocates it again. False if the disk is still too full. */
  take(): boolean;
}

/** The reserve of a database; allocated at once if the disk has enough space. */
export function roomBeside(path: string): Room {
  const file = `${path}-room`;
  const room: Room = {
    release() {
      const is = isTaken(file);
      if (is) cut(file);
      return is;
    },
    take: () => isTaken(file) || fill(file),
  };
  room.take();
  return room;
}

function isTaken(file: string): boolean {
  return statSync(file, { throwIfNoEntry: false })?.size === BYTES;
}

function cut(file: string): void {
  const descriptor = openSync(file, 'r+');
  ftruncateSync(descriptor);
  closeSync(descriptor);
}

/** Random bytes, since a file system may store zeros without allocating. Half a reserve is useless, and may be all the space that is left. */
function fill(file: string): boolean {
  try {
    const descriptor = openSync(file, 'w', 0o600);
    try {
      for (let at = 0; at < BYTES; at += CHUNK) writeSync(descriptor, crypto.getRandomValues(new Uint8Array(CHUNK)));
    } finally {
      if (!isTaken(file)) ftruncateSync(descriptor); // the last write may have been short
      closeSync(descriptor);
    }
    return isTaken(file);
  } catch {
    return false; // no space: works as without a reserve
  }
}
