/**
 * Room beside a SQLite file: bytes on the same disk that are given back when it is full, so that what takes little and frees more can
 * still be written: a revocation over the record in place, a removal, a sweep. SQLite needs some for each of them, in its log.
 */
import { closeSync, ftruncateSync, openSync, statSync, writeSync } from 'node:fs';

/** Some hundred changes of one record each. */
const BYTES = 512 * 1024;
/** What `crypto.getRandomValues` gives at once. */
const CHUNK = 65_536;

/** The room of one file. */
export interface Room {
  /** Gives it back to the disk. False where there is none, or it was given back before. */
  release(): boolean;
  /** Takes it again. False where the disk is still too full. */
  take(): boolean;
}

/** The room beside a database; taken at once if the disk has so much. */
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

/** Random bytes, since a file system may keep zeros for nothing. Half of it is of no use, and may be all that the disk had left. */
function fill(file: string): boolean {
  try {
    const descriptor = openSync(file, 'w', 0o600);
    try {
      for (let at = 0; at < BYTES; at += CHUNK) writeSync(descriptor, crypto.getRandomValues(new Uint8Array(CHUNK)));
    } finally {
      if (!isTaken(file)) ftruncateSync(descriptor); // the last write may have been a short one
      closeSync(descriptor);
    }
    return isTaken(file);
  } catch {
    return false; // no room: as without it
  }
}
