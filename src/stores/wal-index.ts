/**
 * Caches rows of a SQLite file until the next commit of any process. Each read checks the header of the WAL-index (the `-shm` file), which
 * SQLite itself uses to validate its page cache. For correctness, and how it fails safe, see docs/decisions/0003.
 */
import { fstatSync, readdirSync, readSync, realpathSync, statSync } from 'node:fs';
import type { Key } from '../model/store.ts';
import type { Row } from './sql.ts';

/** Two copies of 48 bytes: https://sqlite.org/walformat.html#the_wal_index_header */
const COPY = 48;
/** Offset of the flag that a copy is complete. */
const IS_INIT = 12;

const MAX_KEYS = 2000;
/** Longer values (in characters) are not cached. */
const MAX_LENGTH = 16_384;

/** Cached rows, while they equal what a read would give. */
export interface ReadMemory {
  /** The row, if it is cached and nothing was committed since; checks the header. */
  find(key: Key): Row | undefined;
  /** Caches what was read after `find` found nothing, in the same turn. */
  keep(key: Key, row: Row): void;
  /** Call for every own commit: it must change the header, or the cache is switched off. */
  committed(): void;
}

/** A cache for an open database in WAL mode; null if the header cannot be read: not on Linux, or not a file. */
export function readMemory(path: string): ReadMemory | null {
  const descriptor = descriptorOf(path);
  return descriptor === null ? null : new HeaderMemory(descriptor);
}

class HeaderMemory implements ReadMemory {
  readonly #descriptor: number;
  /** Replaced, not cleared: a map that was cleared leads from its former contents to the next ones, and V8 keeps them all until a full collection. */
  #rows = new Map<Key, Row>();
  #seen = Buffer.alloc(2 * COPY);
  #next = Buffer.alloc(2 * COPY);
  /** `unproven` until an own commit has changed the header; `whole` while the header is complete. */
  #state: 'unproven' | 'torn' | 'whole' | 'off' = 'unproven';

  constructor(descriptor: number) {
    this.#descriptor = descriptor;
    this.#look();
  }

  find(key: Key): Row | undefined {
    if (this.#state === 'unproven' || this.#state === 'off') return undefined;
    if (this.#look()) this.#state = isWhole(this.#seen) ? 'whole' : 'torn';
    return this.#rows.get(key);
  }

  keep(key: Key, row: Row): void {
    // The header was read before the row. If a commit came in between, the header has changed, and the next check drops the row.
    if (this.#state !== 'whole' || row.value.length > MAX_LENGTH) return;
    if (this.#rows.size >= MAX_KEYS) for (const oldest of this.#rows.keys()) if (this.#rows.delete(oldest)) break;
    this.#rows.set(key, row);
  }

  committed(): void {
    if (this.#state === 'off') return;
    if (!this.#look()) this.#stop();
    else this.#state = isWhole(this.#seen) ? 'whole' : 'torn';
  }

  /** Whether the header has changed; then all rows are dropped. */
  #look(): boolean {
    if (readHeader(this.#descriptor, this.#next) && this.#next.equals(this.#seen)) return false;
    this.#rows = new Map();
    [this.#seen, this.#next] = [this.#next, this.#seen];
    return true;
  }

  #stop(): void {
    this.#state = 'off';
    this.#rows = new Map();
  }
}

/** Fills with zeros, which are not a header, if it cannot be read completely. */
function readHeader(descriptor: number, target: Buffer): boolean {
  try {
    if (readSync(descriptor, target, 0, 2 * COPY, 0) === 2 * COPY) return true;
  } catch {
    // as below: the caller then asks the database
  }
  target.fill(0);
  return false;
}

/** Both copies are equal: no process is writing one, or died while doing so. */
function isWhole(header: Buffer): boolean {
  return header[IS_INIT] === 1 && header.compare(header, COPY, 2 * COPY, 0, COPY) === 0;
}

/**
 * SQLite's own descriptor of the `-shm` file, open as long as any connection of this process. Our own would not do: closing any descriptor of
 * a file drops all locks that the process holds on it (POSIX), including those of other connections.
 */
function descriptorOf(path: string): number | null {
  try {
    const file = statSync(`${realpathSync(path)}-shm`, { bigint: true });
    const names = readdirSync('/proc/self/fd');
    return names.map(Number).find((descriptor) => isOf(descriptor, file)) ?? null;
  } catch {
    return null; // no /proc, or no such file: a database in memory
  }
}

function isOf(descriptor: number, file: { readonly dev: bigint; readonly ino: bigint }): boolean {
  try {
    const { dev, ino } = fstatSync(descriptor, { bigint: true });
    return dev === file.dev && ino === file.ino;
  } catch {
    return false; // the descriptor that listed the folder, closed by now
  }
}
