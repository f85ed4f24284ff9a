/**
 * Reads and verifies the audit log. Blocks have numbers, so no list is needed: newest first from the end, oldest first from the first block that has not expired.
 */
import type { Seconds } from '../../model/store.ts';
import { readRecord } from '../../model/record.ts';
import {
  type AuditAccess,
  type AuditEntry,
  type Block,
  HEAD,
  hashOf,
  isBlockRecord,
  isHead,
  keyOf,
  parseBlock,
  type Tail,
} from './entry.ts';

const BATCH = 50;
/** Blocks that one request reads, and those that a person waits for, who can go on. */
const [MAX_BLOCKS, MAX_LISTED] = [500, 250];
const PAGE = 100;
const MAX_PROBLEMS = 100;
/** How far clocks of processes may differ. */
const SKEW: Seconds = 300;

/** A stored block; `block` is null if its text is no block. */
interface Found {
  readonly n: number;
  readonly text: string;
  readonly block: Block | null;
}

/** Which entries. */
export interface AuditFilter {
  /** The whole kind, or its beginning with the dot: `grant.`. */
  readonly kind?: string | undefined;
  /** The act of an administrator. */
  readonly act?: string | undefined;
  /** The administrator or user who did it. */
  readonly by?: string | undefined;
  /** The user, client, grant or key that it was about. */
  readonly target?: string | undefined;
  readonly since?: Seconds | undefined;
  readonly until?: Seconds | undefined;
}

/** An entry with its place in the log. */
export type ListedEntry = AuditEntry & { readonly id: string };

/** The block of a number, or null if it is not there. */
export async function readBlock({ store }: Pick<AuditAccess, 'store'>, n: number): Promise<Found | null> {
  const record = await readRecord(store, keyOf(n), isBlockRecord);
  if (!record) return null;
  const { text } = record.value;
  const block = parseBlock(text);
  return { n, text, block: block?.n === n ? block : null };
}

/** The end of the chain: the record of it may be late, so blocks after it are looked for. */
export async function readTail(as: AuditAccess): Promise<Tail> {
  const head = (await readRecord(as.store, HEAD, isHead))?.value;
  return lastAfter(as, {
    n: head?.n ?? 0,
    hash: head?.hash ?? '',
    until: head?.until ?? 0,
    minute: head?.minute ?? 0,
    spent: head?.spent ?? [],
  });
}

/** The end of the chain, looked for from a block that was the end before. */
export async function lastAfter(as: AuditAccess, before: Tail): Promise<Tail> {
  let tail = before;
  for (let next = await readBlock(as, tail.n + 1); next !== null; next = await readBlock(as, next.n + 1)) {
    tail = await tailOf(as, next);
  }
  return tail;
}

/** A block as the end of the chain. */
async function tailOf(as: Pick<AuditAccess, 'runtime'>, { n, text, block }: Found): Promise<Tail> {
  return { n, hash: await hashOf(as, text), until: block?.until ?? 0, minute: block?.minute ?? 0, spent: block?.spent ?? [] };
}

/** One page of entries, newest first. @param before the `next` of the page before. */
export async function listEntries(
  as: AuditAccess,
  filter: AuditFilter,
  before?: number,
): Promise<{ readonly entries: readonly ListedEntry[]; readonly next?: number }> {
  const entries: ListedEntry[] = [];
  let n = before === undefined ? (await readTail(as)).n : before - 1;
  for (let read = 0; n > 0 && read < MAX_LISTED; read += BATCH) {
    const blocks = await readBlocks(as, Math.max(1, n - BATCH + 1), n);
    if (blocks.every((one) => one === null)) return { entries }; // expired
    for (const found of blocks.toReversed()) {
      if (found?.block && lastOf(found.block) < (filter.since ?? 0) - SKEW) return { entries };
      if (found) entries.push(...matching(found, filter).toReversed());
      n--;
      if (entries.length >= PAGE) return n > 0 ? { entries, next: n + 1 } : { entries };
    }
  }
  return n > 0 ? { entries, next: n + 1 } : { entries };
}

/** The entries as JSON lines, oldest first. A last line `{"next": …}` says where to go on if there are more. @param after that `next`. */
export function exportEntries(as: AuditAccess, filter: AuditFilter, after?: number): ReadableStream<Uint8Array> {
  const encoder = new TextEncoder();
  let [n, last, read] = [after ?? -1, 0, 0];
  return new ReadableStream({
    async pull(controller) {
      if (last === 0) {
        last = (await readTail(as)).n;
        if (n < 0) n = (await firstSince(as, filter.since ?? 0, last)) - 1;
      }
      const end = Math.min(n + BATCH, last);
      const blocks = await readBlocks(as, n + 1, end);
      const isOver = blocks.some((one) => one?.block && (one.block.entries[0]?.at ?? 0) > (filter.until ?? Infinity) + SKEW);
      const lines = blocks.flatMap((found) => (found ? matching(found, filter) : [])).map((entry) => `${JSON.stringify(entry)}\n`);
      n = Math.max(n, end);
      read += BATCH;
      const isDone = n >= last || isOver;
      if (!isDone && read >= MAX_BLOCKS) lines.push(`${JSON.stringify({ next: n })}\n`);
      controller.enqueue(encoder.encode(lines.join('')));
      if (isDone || read >= MAX_BLOCKS) controller.close();
    },
  });
}

interface Problem {
  readonly block: number;
  readonly what: 'changed' | 'removed';
}

/** A block, and its hash if that is known. */
interface Mark {
  readonly block: number;
  readonly hash?: string;
}

/** What a verification found. */
export interface AuditVerdict {
  readonly ok: boolean;
  /** Blocks that were changed, or removed before their time; newest first. */
  readonly problems: readonly Problem[];
  /** The last block with its hash: note it elsewhere, and give it to a later verification. */
  readonly head: { readonly block: number; readonly hash: string };
  readonly blocks: number;
  readonly entries: number;
  /** Where to go on, if not all blocks were read. */
  readonly next?: Mark;
}

/**
 * Verifies the chain from its end backwards, until what has expired.
 *
 * @param noted a block and its hash that were noted before. @param from the `next` of the verification before.
 */
export async function verifyLog(as: AuditAccess, noted?: Mark, from?: Mark): Promise<AuditVerdict> {
  const [head, tail] = [(await readRecord(as.store, HEAD, isHead))?.value, await readTail(as)];
  const problems: Problem[] = [];
  if (noted && noted.block > tail.n) problems.push({ block: noted.block, what: 'removed' });
  const marks = [noted, head && { block: head.n, hash: head.hash }, from];
  let linked: string | null = null; // the hash of block n in the block after it
  let [n, blocks, entries] = [from?.block ?? tail.n, 0, 0];
  let until: Seconds | null = from ? null : tail.until; // of block n, if that is known
  let missing: Problem[] = []; // expired or removed, which the blocks below tell
  const verdict = (): AuditVerdict => ({ ok: problems.length === 0, problems, head: { block: tail.n, hash: tail.hash }, blocks, entries });
  for (let read = 0; n > 0 && problems.length < MAX_PROBLEMS; read += BATCH) {
    if (read >= MAX_BLOCKS) return { ...verdict(), next: linked === null ? { block: n } : { block: n, hash: linked } };
    const batch = await readBlocks(as, Math.max(1, n - BATCH + 1), n);
    for (const found of batch.toReversed()) {
      if (found === null) {
        if (until !== null && until < as.now() + SKEW) return verdict(); // it has expired, and all before it
        (until === null ? missing : problems).push({ block: n, what: 'removed' });
        until = linked = null;
      } else {
        problems.push(...missing);
        missing = [];
        blocks++;
        entries += found.block?.entries.length ?? 0;
        const hash = await hashOf(as, found.text);
        const known: readonly (string | null)[] = [linked, ...marks.map((mark) => (mark?.block === n ? (mark.hash ?? null) : null))];
        const isChanged = found.block === null || known.some((one) => one !== null && one !== hash);
        if (isChanged) problems.push({ block: n, what: 'changed' });
        const prev = found.block?.prev ?? null;
        linked = isChanged ? null : (prev?.hash ?? null); // what a changed block says of others proves nothing
        until = prev?.until ?? null;
      }
      n--;
    }
    if (batch.every((one) => one === null)) return verdict();
  }
  return verdict();
}

/** The blocks of these numbers, both included; null where one is not there. */
function readBlocks(as: AuditAccess, from: number, to: number): Promise<readonly (Found | null)[]> {
  return Promise.all(Array.from({ length: Math.max(0, to - from + 1) }, (_, at) => readBlock(as, from + at)));
}

/** The first block that is there and has an entry of this time or later. Blocks expire in order, so it is searched in halves. */
async function firstSince(as: AuditAccess, since: Seconds, last: number): Promise<number> {
  let [low, high] = [1, last + 1];
  while (low < high) {
    const middle = Math.floor((low + high) / 2);
    const block = (await readBlock(as, middle))?.block;
    if (block && lastOf(block) >= since - SKEW) high = middle;
    else low = middle + 1;
  }
  return low;
}

function lastOf({ entries }: Block): Seconds {
  return entries.at(-1)?.at ?? 0;
}

function matching({ n, block }: Found, { kind, act, by, target, since = 0, until = Infinity }: AuditFilter): readonly ListedEntry[] {
  const about = (entry: AuditEntry): readonly unknown[] => [
    entry['target'],
    entry['made'],
    entry['userId'],
    entry['clientId'],
    entry['grantId'],
  ];
  return (block?.entries ?? [])
    .map((entry, at): ListedEntry => ({ id: `${n}.${at}`, ...entry }))
    .filter((entry) => entry.at >= since && entry.at <= until)
    .filter((entry) => kind === undefined || entry.kind === kind || (kind.endsWith('.') && entry.kind.startsWith(kind)))
    .filter((entry) => act === undefined || entry['act'] === act)
    .filter((entry) => by === undefined || (entry['by'] ?? entry['userId']) === by)
    .filter((entry) => target === undefined || about(entry).includes(target));
}
