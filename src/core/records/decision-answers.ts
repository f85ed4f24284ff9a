/**
 * Answers: where a browser was sent, kept for a few minutes under the form or the return that it answered. Browsers drop the first answer
 * on a second click, so the same browser gets the same answer again. Sealed under the secret of the form, or the state of the return.
 */
import { PENDING_TTL } from '../../model/pending-authorization.ts';
import type { AuthServer } from '../auth-server.ts';
import { has, readRecord, versioned } from './record.ts';

/** What was answered, and what it takes to read that. */
export interface AnswerPlace {
  /** Hash of the secret. */
  readonly hash: string;
  readonly secret: string;
}

/** An answer, and whose it is. */
export interface Kept<T> {
  readonly answer: T;
  /** SHA-256 of the flow cookie of its browser. */
  readonly browserHash: string;
}

/** Keeps an answer. The first one stays: of several callers at once, all get that one. */
export async function keepAnswer<T>(as: AuthServer, { hash, secret }: AnswerPlace, { answer, browserHash }: Kept<T>): Promise<T> {
  const record = { v: 1, browserHash, sealed: await as.secrets.sealUnder(secret, answer, `answered:${hash}`) };
  const isFirst = (await as.store.write(`answered:${hash}`, record, 'absent', { until: as.now() + PENDING_TTL })) !== null;
  return (isFirst ? null : await findAnswer<T>(as, { hash, secret }))?.answer ?? answer;
}

/** The answer that was kept, or null. */
export async function findAnswer<T>(as: AuthServer, { hash, secret }: AnswerPlace): Promise<Kept<T> | null> {
  const held = await readRecord(as.store, `answered:${hash}`, isAnswered);
  const answer = held && ((await as.secrets.openUnder(secret, held.value.sealed, `answered:${hash}`)) as T | null);
  return held && answer && { answer, browserHash: held.value.browserHash };
}

type AnsweredRecord = { readonly browserHash: string; readonly sealed: string };
const isAnswered = (value: unknown): value is AnsweredRecord => versioned(value) && has(value, 'browserHash', 'sealed');
