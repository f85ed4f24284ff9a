/**
 * Entries of the audit log: which events are kept, in which blocks, and how a block is bound to the one before it.
 */
import { base64url } from '../../lib/bytes.ts';
import type { NewEvent } from '../../model/event.ts';
import type { Runtime } from '../../model/runtime.ts';
import type { Json, Key, Seconds, Store } from '../../model/store.ts';
import { has, versioned } from '../../model/record.ts';

/** What the log needs of a server. */
export interface AuditAccess {
  readonly store: Store;
  readonly runtime: Runtime;
  now(): Seconds;
}

/** What appending needs. */
export interface AuditWriter extends AuditAccess {
  readonly settings: { readonly audit: { readonly keep: Seconds } | null };
  readonly secrets: { id(): string };
  readonly emit: (event: NewEvent) => void;
}

/** One event that was kept, with its members. */
export type AuditEntry = AuditBasics & { readonly [member: string]: Json };

type AuditBasics = { readonly at: Seconds; readonly kind: string };

/** The end of the chain. */
export type Tail = {
  /** The number of the last block; 0 if there is none. */
  readonly n: number;
  readonly hash: string;
  /** When the last block expires. */
  readonly until: Seconds;
  /** The minute of the last block, and how many entries of each class were kept in it. */
  readonly minute: number;
  readonly spent: readonly number[];
};

/** Entries that were written together. */
export type Block = Omit<Tail, 'hash'> & {
  /** Random: two processes may write the same entries. */
  readonly id: string;
  /** SHA-256 of the text of the block before, and when that expires; null for the first one. */
  readonly prev: { readonly hash: string; readonly until: Seconds } | null;
  readonly entries: readonly AuditEntry[];
};

/** A block as it is stored: its text, since a store may change the order of members. */
export type BlockRecord = { readonly v: 1; readonly text: string };

/** The record of the end of the chain. */
export const HEAD: Key = 'audit-head:all';

/** The key of a block. */
export function keyOf(n: number): Key {
  return `audit-log:${n}`;
}

/** The hash that the next block holds. */
export async function hashOf({ runtime }: Pick<AuditAccess, 'runtime'>, text: string): Promise<string> {
  return base64url(await runtime.digest(text));
}

const KEPT =
  /^(grant\.(opened|ended|moved|caught_up)|key\.made|client\..+|admin\.acted|login\..+|factor\.changed|upstream\.(connected|disconnected|ended)|consent\.denied|call\.denied)$/;
/** Reasons of refused requests that may be attacks; the others are mistakes of clients. */
const SUSPICIOUS =
  /^(cross_site|origin_not_allowed|another_browser|admin_(last|limited|own_account|permission_missing|session_missing)|(secret|verifier|registration_token|signature)_wrong|secret_limited|(code|assertion|proof)_replayed|code_guessed|refresh_reused|(code|refresh|device_code|pushed)_of_another_client|bound_(otherwise|token_as_bearer)|client_(blocked|host_denied|unproven)|user_disabled|access_withdrawn|access_key_damaged|api_key_unknown)$/;

/** The entry for an event; null if it is not kept. */
export function entryOf(event: NewEvent, at: Seconds): AuditEntry | null {
  if (!KEPT.test(event.kind) && !(event.kind === 'request.refused' && SUSPICIOUS.test(event.reason))) return null;
  const { error: _, ...members } = event as NewEvent & { readonly error?: unknown }; // what an application threw may hold anything
  return { ...(members as unknown as AuditEntry), at };
}

/** Entries that are kept in a minute by all processes together, by class: those that anyone can cause, acts of administrators, and all others. */
export const MAX_ENTRIES: readonly number[] = [60, 600, 600];

/** The class of an entry: many of one must not crowd out those of another. */
export function classOf({ kind }: AuditEntry): number {
  if (/^(?:login\.failed|request\.refused|call\.denied|client\.registered)$/.test(kind)) return 0;
  return kind === 'admin.acted' ? 1 : 2;
}

/** The block in a text; null if the text is no block. */
export function parseBlock(text: string): Block | null {
  try {
    const block: unknown = JSON.parse(text);
    return has(block, 'n', 'until', 'minute', 'spent', 'prev', 'entries') ? (block as Block) : null;
  } catch {
    return null;
  }
}

/** Whether a record is a block. */
export function isBlockRecord(value: unknown): value is BlockRecord {
  return versioned(value) && has(value, 'text') && typeof (value as BlockRecord).text === 'string';
}

/** Whether a record is the end of a chain. */
export function isHead(value: unknown): value is Tail & { readonly v: 1 } {
  return versioned(value) && has(value, 'n', 'hash', 'until', 'minute', 'spent');
}
