/**
 * Moving records from one store to another as lines of JSON: for a change of engine that logs nobody out. A record keeps its end and
 * its lists; versions start anew, since nobody holds one across a move. Order within lists is that of the export.
 *
 * Stop the server first: what is written during the export may be missing from it.
 */
import type { Kept, Key, Store } from '../model/store.ts';

/** The first line of an export. */
const HEAD = { portcullis: 'records', v: 1 } as const;
/** Writes under way at once. */
const TOGETHER = 50;

/** What an import did. */
export interface Imported {
  /** Records that were not there. */
  readonly written: number;
  /** Records that were there already, and were left as they are. */
  readonly kept: number;
}

/** All live records as lines, with a head and an end by which an import knows that nothing is missing. @throws {TypeError} for a store that cannot tell. */
export async function* exportRecords(store: Store): AsyncGenerator<string, void, undefined> {
  if (!store.all) throw new TypeError('This store cannot list its records, so they cannot be exported.');
  yield JSON.stringify(HEAD);
  let count = 0;
  for (let page = await store.all(); ; page = await store.all(page.next)) {
    for (const record of page.records) {
      yield JSON.stringify(record);
      count++;
    }
    if (page.next === undefined) break;
  }
  yield JSON.stringify({ end: count });
}

/**
 * Writes the records of an export that are not there yet; may be run again.
 *
 * @throws {Error} naming the line that is no record, or saying that the end is missing; what came before it is imported.
 */
export async function importRecords(store: Store, lines: AsyncIterable<string> | Iterable<string>): Promise<Imported> {
  let [line, read, written, ended] = [0, 0, 0, false];
  let waiting: Kept[] = [];
  const flush = async (): Promise<void> => {
    const versions = await Promise.all(
      waiting.map(({ key, value, until, index }) =>
        store.write(key, value, 'absent', { ...(until === undefined ? {} : { until }), index }),
      ),
    );
    written += versions.filter((version) => version !== null).length;
    waiting = [];
  };
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
      if (waiting.push(found) === TOGETHER) await flush();
    } else throw new Error(`Line ${line} is no record of an export.`);
  }
  await flush();
  if (!ended) throw new Error(`The end of the export is missing: it broke off after ${read} records. Export again.`);
  return { written, kept: read - written };
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

function isKept(value: unknown): value is Kept {
  const { key, until, index, ...rest } = value as { key?: unknown; until?: unknown; index?: unknown };
  return (
    'value' in rest && isName(key) && (until === undefined || Number.isSafeInteger(until)) && Array.isArray(index) && index.every(isName)
  );
}

function isName(value: unknown): value is Key {
  return typeof value === 'string' && /^[a-z-]+:/.test(value);
}
