/**
 * What the server itself does with an event, where options ask for it: counts it for metrics, and appends it to the audit log. The log is one chain for
 * each tenant, in blocks. Block n is written only where no block n is, so of all processes that write at once one goes on, and the others append after it.
 * What waits is written together, behind the response.
 */
import { changeRecord, untilDone } from '../../model/record.ts';
import type { NewEvent } from '../../model/event.ts';
import type { Seconds, Store } from '../../model/store.ts';
import { type Counted, countEvent } from '../monitoring.ts';
import {
  type AuditEntry,
  type AuditWriter,
  type Block,
  classOf,
  entryOf,
  hashOf,
  HEAD,
  isHead,
  keyOf,
  MAX_ENTRIES,
  type Tail,
} from './entry.ts';
import { lastAfter, readBlock, readTail } from './read.ts';

const MAX_BLOCK = 100;
const MAX_WAITING = 1000;
/** Writing that takes longer was cancelled with its request. */
const CANCELLED: Seconds = 30;

/** What one process has not written yet. */
interface Log {
  waiting: readonly AuditEntry[];
  /** How many entries of each kind were left out since the last block. */
  readonly leftOut: Map<string, number>;
  tail: Tail | null;
  /** A block whose write may have succeeded although it failed here. */
  tried: Made | null;
  writingSince: Seconds | null;
  isFailing: boolean;
}

interface Made {
  readonly text: string;
  readonly tail: Tail;
  /** The waiting entries that it keeps or leaves out. */
  readonly taken: readonly AuditEntry[];
  /** Its change to the number of entries that were left out: those of this block more, or those that this block tells of less. */
  readonly leftOut: readonly (readonly [kind: string, more: number])[];
}

const logs = new WeakMap<Store, Log>();

/** Observes an event. Never rejects. */
export async function observe(
  as: AuditWriter & Counted & { readonly settings: { readonly scrapeToken: string | null } },
  event: NewEvent,
): Promise<void> {
  if (as.settings.scrapeToken) countEvent(as, event);
  if (as.settings.audit) await appendEvent(as, event, as.now());
}

/** Keeps an event, if it is one that is kept. Never rejects: what fails is tried again with the next event. */
export async function appendEvent(as: AuditWriter, event: NewEvent, at: Seconds): Promise<void> {
  const entry = entryOf(event, at);
  if (entry === null) return;
  const log: Log = logs.get(as.store) ?? { waiting: [], leftOut: new Map(), tail: null, tried: null, writingSince: null, isFailing: false };
  logs.set(as.store, log);
  if (log.waiting.length < (classOf(entry) === 0 ? MAX_WAITING / 2 : MAX_WAITING)) log.waiting = [...log.waiting, entry];
  else count(log.leftOut, entry.kind);
  if (log.writingSince === null || as.now() - log.writingSince >= CANCELLED) await writeWaiting(as, log);
}

async function writeWaiting(as: AuditWriter, log: Log): Promise<void> {
  log.writingSince = as.now();
  try {
    while (log.waiting.length > 0) await appendBlock(as, log);
    log.isFailing = false;
  } catch (error) {
    if (!log.isFailing) as.emit({ kind: 'request.failed', endpoint: 'audit', requestId: as.secrets.id(), error });
    log.isFailing = true;
  } finally {
    log.writingSince = null;
  }
}

/** Writes one block of what waits, after the last block that there is. */
async function appendBlock(as: AuditWriter, log: Log): Promise<void> {
  const made = await untilDone(as, 'audit_log', async () => {
    const tail = (log.tail ??= await readTail(as)); // kept, so that a block that was tried is tried again at its place
    const next = log.tried?.tail.n === tail.n + 1 ? log.tried : await makeBlock(as, log, tail);
    if (next.tail === tail) return { result: next }; // all left out
    log.tried = next;
    const { n, until } = next.tail;
    const isWritten = (await as.store.write(keyOf(n), { v: 1, text: next.text }, 'absent', { until })) !== null;
    const there = isWritten ? null : await readBlock(as, n);
    if (isWritten || there?.text === next.text) return { result: next }; // written, if only by a try whose response was lost
    log.tried = null;
    log.tail = there && (await lastAfter(as, tail)); // other processes were faster
    return null;
  });
  log.waiting = log.waiting.filter((entry) => !made.taken.includes(entry));
  for (const [kind, more] of made.leftOut) count(log.leftOut, kind, more);
  log.tried = null;
  if (log.tail === made.tail) return;
  log.tail = made.tail;
  await changeRecord(as, HEAD, isHead, (head) => {
    return head && head.n >= made.tail.n ? { result: undefined } : { write: { v: 1, ...made.tail }, result: undefined };
  });
}

/** The block for what waits; with the tail as it was if nothing of it may be kept in this minute. */
async function makeBlock(as: AuditWriter, { waiting, leftOut }: Log, tail: Tail): Promise<Made> {
  const now = as.now();
  const minute = Math.floor(now / 60);
  const spent = MAX_ENTRIES.map((_, at) => (tail.minute === minute ? (tail.spent[at] ?? 0) : 0));
  const skipped = new Map<string, number>();
  const taken = waiting.slice(0, MAX_BLOCK);
  const kept = taken.filter((entry) => {
    const at = classOf(entry);
    const fits = (spent[at] ?? 0) < (MAX_ENTRIES[at] ?? 0);
    if (fits) spent[at] = (spent[at] ?? 0) + 1;
    else count(skipped, entry.kind);
    return fits;
  });
  if (kept.length === 0) return { text: '', tail, taken, leftOut: [...skipped] };
  const told = [...leftOut];
  for (const [kind, n] of told) count(skipped, kind, n);
  const entries = skipped.size === 0 ? kept : [{ at: now, kind: 'audit.left_out', counts: Object.fromEntries(skipped) }, ...kept];
  const until = now + (as.settings.audit?.keep ?? 0);
  const prev = tail.n === 0 ? null : { hash: tail.hash, until: tail.until };
  const block: Block = { n: tail.n + 1, id: as.secrets.id(), until, minute, spent, prev, entries };
  const text = JSON.stringify(block);
  return {
    text,
    tail: { n: block.n, hash: await hashOf(as, text), until, minute, spent },
    taken,
    leftOut: told.map(([kind, n]) => [kind, -n]),
  };
}

function count(counts: Map<string, number>, kind: string, more = 1): void {
  const sum = (counts.get(kind) ?? 0) + more;
  if (sum === 0) counts.delete(kind);
  else counts.set(kind, sum);
}
