/**
 * Copies records from one store to another as lines of JSON, to change the engine without signing users out. A record keeps its expiry and
 * its lists; versions are new, since none is used across a migration. The order within lists is that of the export. Keys are copied
 * unchanged, so records of tenants and epochs keep theirs.
 *
 * Stop the server first: what is written during the export may be missing from it.
 */
import type { StoredRecord, Key, Store } from '../model/store.ts';
import { everyRecord } from './every-record.ts';

/** The first line of an export. */
const HEAD = { portcullis: 'records', v: 1 } as const;
/** Concurrent writes. */
const CONCURRENCY = 50;

/** Lines of an export. They are read twice, so pass a function that starts again each time, or an array; anything else is buffered in memory. */
type ExportLines = Iterable<string> | AsyncIterable<string> | (() => Iterable<string> | AsyncIterable<string>);

/** Result of an import. */
export interface Imported {
  /** Records that were written. */
  readonly written: number;
  /** Records that existed, and were not changed. */
  readonly kept: number;
}

/**
 * All live records as lines, with a first and a last line by which an import knows that nothing is missing.
 *
 * @throws {TypeError} if the store cannot list its records. @throws {Error} if fewer were listed than the store counts.
 * @example
 * for await (const line of exportRecords(sqliteStore('portcullis.db'))) console.log(line);
 */
export async function* exportRecords(store: Store): AsyncGenerator<string, void, undefined> {
  if (!store.all) throw new TypeError('This store cannot list its records, so they cannot be exported.');
  const before = await store.count?.();
  let listed = 0;
  yield JSON.stringify(HEAD);
  for await (const record of everyRecord(store)) {
    listed++;
    yield JSON.stringify(record);
  }
  // Some may have expired, or have been written, meanwhile.
  const counted = before === undefined ? 0 : Math.min(before, (await store.count?.()) ?? 0);
  if (listed < counted)
    throw new Error(`The export is not whole: the store counts ${counted} records and listed ${listed}. Stop the server and try again.`);
  yield JSON.stringify({ end: listed });
}

/**
 * Writes the records of an export that do not exist yet, after checking all lines. Safe to run again.
 *
 * @throws {Error} naming the line that is not a record, or saying that the end is missing: nothing was written. @throws {Error} if the store
 *   failed, saying how many were written: run it again.
 * @example
 * const { written } = await importRecords(memoryStore(), exportRecords(sqliteStore('portcullis.db')));
 */
export async function importRecords(store: Store, lines: ExportLines): Promise<Imported> {
  const again = await readTwice(lines);
  for await (const _record of recordsIn(again())); // check everything before anything is written
  let [written, read] = [0, 0];
  let waiting: StoredRecord[] = [];
  const flush = async (): Promise<void> => {
    const answers = await Promise.allSettled(waiting.map(async (record) => isAdded(store, record)));
    written += answers.filter((answer) => answer.status === 'fulfilled' && answer.value).length;
    const failed = answers.find((answer) => answer.status === 'rejected');
    if (failed) {
      const { message } = failed.reason as Error;
      throw new Error(`The import stopped after ${written} records: ${message} Run it again.`, { cause: failed.reason });
    }
    waiting = [];
  };
  for await (const record of recordsIn(again())) {
    read++;
    if (waiting.push(record) === CONCURRENCY) await flush();
  }
  await flush();
  return { written, kept: read - written };
}

async function isAdded(store: Store, { key, value, until, index }: StoredRecord): Promise<boolean> {
  return (await store.write(key, value, 'absent', { ...(until === undefined ? {} : { until }), index })) !== null;
}

async function readTwice(lines: ExportLines): Promise<() => Iterable<string> | AsyncIterable<string>> {
  if (typeof lines === 'function') return lines;
  if (Array.isArray(lines)) return () => lines as readonly string[];
  const all: string[] = [];
  for await (const line of lines) all.push(line);
  return () => all;
}

/** The records of an export. @throws {Error} as `importRecords`. */
async function* recordsIn(lines: Iterable<string> | AsyncIterable<string>): AsyncGenerator<StoredRecord, void, undefined> {
  let [line, read, ended] = [0, 0, false];
  for await (const text of lines) {
    line++;
    if (text === '' && ended) continue;
    const found = parsed(text);
    if (ended || found === null) throw new Error(`Line ${line} is not a record of an export.`);
    if (line === 1) {
      if (!isHead(found)) throw new Error('This is not an export of Portcullis, or is from a newer version.');
    } else if (isEnd(found)) {
      if (found.end !== read) throw new Error(`Records are missing: the export had ${found.end}, and here are ${read}. Export again.`);
      ended = true;
    } else if (isKept(found)) {
      read++;
      yield found;
    } else throw new Error(`Line ${line} is not a record of an export.`);
  }
  if (!ended) throw new Error(`The end of the export is missing: it stops after ${read} records. Export again.`);
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return null;
  }
}

function isHead(value: unknown): boolean {
  const { portcullis, v } = value as { portcullis?: unknown; v?: unknown };
  return portcullis === HEAD.portcullis && v === HEAD.v;
}

function isEnd(value: unknown): value is { readonly end: number } {
  return typeof value === 'object' && value !== null && Object.keys(value).join() === 'end';
}

function isKept(value: unknown): value is StoredRecord {
  const { key, until, index, ...rest } = value as { key?: unknown; until?: unknown; index?: unknown };
  return (
    'value' in rest && isName(key) && (until === undefined || Number.isSafeInteger(until)) && Array.isArray(index) && index.every(isName)
  );
}

/** Kind, colon, id; possibly with prefixes of tenant and epoch. */
function isName(value: unknown): value is Key {
  return typeof value === 'string' && value.indexOf(':') > 0;
}
