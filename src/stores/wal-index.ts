/**
 * What a SQLite file's rows were when they were read last, for as long as nobody has committed anything since. Whether anybody has, in
 * whatever process, is seen on every read from the header of the WAL-index (the `-shm` file): SQLite itself goes by it to
 * tell whether its own page cache still holds. Exactness, and how it fails safe: docs/decisions/0003.
 */
import { fstatSync, readdirSync, readSync, realpathSync, statSync } from 'node:fs';
import type { Key } from '../model/store.ts';
import type { Row } from './sql.ts';

/** Two copies of 48 bytes: https://sqlite.org/walformat.html#the_wal_index_header */
const COPY = 48;
/** Where a copy says that it is filled in. */
const IS_INIT = 12;

const MAX_KEYS = 2000;
/** Characters of a value beyond which it is not kept. */
const MAX_LENGTH = 16_384;

/** Rows as they were read, while they still are what a read would give. */
export interface ReadMemory {
  /** The row, if it is known and nothing was committed since; looks at the header. */
  find(key: Key): Row | undefined;
  /** Keeps what was read after `find` found nothing, in the same turn. */
  keep(key: Key, row: Row): void;
  /** To be told of every commit of one's own: the header must show it, or is never trusted again. */
  committed(): void;
}

/** A memory for an open database in WAL mode; null where the header cannot be looked at: not on Linux, not in a file. */
export function readMemory(path: string): ReadMemory | null {
  const descriptor = descriptorOf(path);
  return descriptor === null ? null : new HeaderMemory(descriptor);
}

class HeaderMemory implements ReadMemory {
  readonly #descriptor: number;
  readonly #rows = new Map<Key, Row>();
  #seen = Buffer.alloc(2 * COPY);
  #next = Buffer.alloc(2 * COPY);
  /** `unproven` until a commit of our own has shown in what we read; `whole` while what we saw is a good header. */
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
    // The header was seen before the row was read. If a commit came between, the header has moved on, and the next look forgets the row.
    if (this.#state !== 'whole' || row.value.length > MAX_LENGTH) return;
    if (this.#rows.size >= MAX_KEYS) for (const oldest of this.#rows.keys()) if (this.#rows.delete(oldest)) break;
    this.#rows.set(key, row);
  }

  committed(): void {
    if (this.#state === 'off') return;
    if (!this.#look()) this.#stop();
    else this.#state = isWhole(this.#seen) ? 'whole' : 'torn';
  }

  /** True if the header is another than it was; what was known is forgotten then. */
  #look(): boolean {
    if (readHeader(this.#descriptor, this.#next) && this.#next.equals(this.#seen)) return false;
    this.#rows.clear();
    [this.#seen, this.#next] = [this.#next, this.#seen];
    return true;
  }

  #stop(): void {
    this.#state = 'off';
    this.#rows.clear();
  }
}

/** Zeroes, which are no header, where it cannot be read in full. */
function readHeader(descriptor: number, into: Buffer): boolean {
  try {
    if (readSync(descriptor, into, 0, 2 * COPY, 0) === 2 * COPY) return true;
  } catch {
    // as below: the caller then knows nothing and asks the database
  }
  into.fill(0);
  return false;
}

/** Both copies alike: nobody is writing one, and nobody died while doing so. */
function isWhole(header: Buffer): boolean {
  return header[IS_INIT] === 1 && header.compare(header, COPY, 2 * COPY, 0, COPY) === 0;
}

/**
 * SQLite's own descriptor of the `-shm` file, open as long as any connection of this process is. One of our own would not do: closing any
 * descriptor of a file drops all locks that the process holds on it (POSIX), those of other connections too.
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
    return false; // the one that listed the folder, closed by now
  }
}
