/**
 * Answers to submitted forms and upstream callbacks: where the browser was redirected, kept for a few minutes. On a double click the
 * browser drops the first answer, so the second request gets the same one. Sealed under the form's secret or the upstream state.
 */
import { PENDING_TTL } from '../../model/pending-authorization.ts';
import type { AuthServer } from '../auth-server.ts';
import { has, readRecord, versioned } from './record.ts';

/** Finds and opens a stored answer. */
export interface AnswerKey {
  /** SHA-256 of the secret. */
  readonly hash: string;
  readonly secret: string;
}

/** An answer and the browser it belongs to. */
export interface StoredAnswer<T> {
  readonly answer: T;
  /** SHA-256 of that browser's flow cookie. */
  readonly browserHash: string;
}

/** Stores an answer. The first one wins: concurrent callers all get that one. @param when `any` to replace it. */
export async function keepAnswer<T>(
  as: AuthServer,
  { hash, secret }: AnswerKey,
  { answer, browserHash }: StoredAnswer<T>,
  when: 'absent' | 'any' = 'absent',
): Promise<T> {
  const record = { v: 1, browserHash, sealed: await as.secrets.sealUnder(secret, answer, `answered:${hash}`) };
  const isFirst = (await as.store.write(`answered:${hash}`, record, when, { until: as.now() + PENDING_TTL })) !== null;
  return (isFirst ? null : await findAnswer<T>(as, { hash, secret }))?.answer ?? answer;
}

/** The stored answer, or null. */
export async function findAnswer<T>(as: AuthServer, { hash, secret }: AnswerKey): Promise<StoredAnswer<T> | null> {
  const stored = await readRecord(as.store, `answered:${hash}`, isAnswered);
  const answer = stored && ((await as.secrets.openUnder(secret, stored.value.sealed, `answered:${hash}`)) as T | null);
  return stored && answer && { answer, browserHash: stored.value.browserHash };
}

type AnsweredRecord = { readonly browserHash: string; readonly sealed: string };
const isAnswered = (value: unknown): value is AnsweredRecord => versioned(value) && has(value, 'browserHash', 'sealed');
