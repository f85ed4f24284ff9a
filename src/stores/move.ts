/**
 * Moving records from one store to another as lines of JSON: for a change of engine that signs no one out. A record keeps its end and
 * its lists; versions start anew, since none is held across a move. Order within lists is that of the export. Names are copied as
 * they stand, so records of tenants and epochs stay theirs.
 *
 * Stop the server first: what is written during the export may be missing from it.
 */
import type { StoredRecord, Key, Store } from '../model/store.ts';

/** The first line of an export. */
const HEAD = { portcullis: 'records', v: 1 } as const;
/** Writes under way at once. */
const TOGETHER = 50;

/** The lines of an export: read twice, so a function that begins anew each time, or a list. Anything else is held in memory. */
type ExportLines = Iterable<string> | AsyncIterable<string> | (() => Iterable<string> | AsyncIterable<string>);

/** What an import did. */
export interface Imported {
  /** Records that were not there. */
  readonly written: number;
  /** Records that were there already, and were left as they are. */
  readonly kept: number;
}

/**
 * All live records as lines, with a head and an end by which an import knows that nothing is missing.
 *
 * @throws {TypeError} for a store that cannot tell. @throws {Error} where fewer were listed than the store counts.
 */
export async function* exportRecords(store: Store): AsyncGenerator<string, void, undefined> {
  if (!store.all) throw new TypeError('This store cannot list its records, so they cannot be exported.');
  const before = await store.count?.();
  const keys = new Set<Key>(); // Redis may list one twice
  yield JSON.stringify(HEAD);
  for (let page = await store.all(); ; page = await store.all(page.next)) {
    for (const record of page.records) {
      if (keys.has(record.key)) continue;
      keys.add(record.key);
      yield JSON.stringify(record);
    }
    if (page.next === undefined) break;
  }
  // Some may have expired, or have been written, in between.
  const counted = before === undefined ? 0 : Math.min(before, (await store.count?.()) ?? 0);
  if (keys.size < counted)
    throw new Error(`The export is not whole: the store counts ${counted} records and listed ${keys.size}. Stop the server and try again.`);
  yield JSON.stringify({ end: keys.size });
}

/**
 * Writes the records of an export that are not there yet, after all lines were checked; may be run again.
 *
 * @throws {Error} naming the line that is no record, or saying that the end is missing: nothing is written then. @throws {Error} where the
 *   store failed, saying how many were written: run it again.
 */
export async function importRecords(store: Store, lines: ExportLines): Promise<Imported> {
  const again = await readTwice(lines);
  for await (const _record of recordsIn(again())); // all of it is whole, before anything is written
  let [written, read] = [0, 0];
  let waiting: StoredRecord[] = [];
  const flush = async (): Promise<void> => {
    const answers = await Promise.allSettled(waiting.map(async (record) => isAdded(store, record)));
    written += answers.filter((answer) => answer.status === 'fulfilled' && answer.value).length;
    const failed = answers.find((answer) => answer.status === 'rejected');
    if (failed) {
      const { message } = failed.reason as Error;
      throw new Error(`The import broke off after ${written} records: ${message} Run it again.`, { cause: failed.reason });
    }
    waiting = [];
  };
  for await (const record of recordsIn(again())) {
    read++;
    if (waiting.push(record) === TOGETHER) await flush();
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
    if (ended || found === null) throw new Error(`Line ${line} is no record of an export.`);
    if (line === 1) {
      if (!isHead(found)) throw new Error('This is no export of Portcullis, or one of a newer version.');
    } else if (isEnd(found)) {
      if (found.end !== read) throw new Error(`Records are missing: the export had ${found.end}, and here are ${read}. Export again.`);
      ended = true;
    } else if (isKept(found)) {
      read++;
      yield found;
    } else throw new Error(`Line ${line} is no record of an export.`);
  }
  if (!ended) throw new Error(`The end of the export is missing: it broke off after ${read} records. Export again.`);
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

/** A kind, a colon, an id; before the kind what a tenant and an epoch put there. */
function isName(value: unknown): value is Key {
  return typeof value === 'string' && value.indexOf(':') > 0;
}
