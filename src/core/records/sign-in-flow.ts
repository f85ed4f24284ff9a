/**
 * A browser in the middle of a sign-in: at a step that waits for its next page, at another site from which it is expected back, or answered a moment ago.
 * Each record is found by the hash of a secret (of the page, the `state` parameter or the form), what it holds is sealed under that secret, which is not stored,
 * and it is bound to the browser by a cookie. Steps and states are taken once; their attempts are counted by conditional writes, so that concurrent requests get
 * no extra attempts. On a double click the browser drops the first answer, so the second request gets the same one, kept for a few minutes.
 */
import { parseFields } from '../../lib/http.ts';
import { changeRecord, has, readRecord, type RecordAccess, versioned } from '../../model/record.ts';
import { paramsOf } from '../../model/params.ts';
import { PENDING_TTL } from '../../model/pending-authorization.ts';
import type { Json, Key, Seconds } from '../../model/store.ts';
import type { AuthServer } from '../auth-server.ts';

/** `now` while a request handles it; `done` after it ended in a page, so there is no redirect to repeat. */
type Used = { readonly taken?: 'now' | 'done' };

/** A sign-in that waits for its next page. */
export type StepRecord = {
  readonly v: 1;
  /** `login:` or `factor:`, and the id. */
  readonly asker: string;
  /** The pending authorization request; null for a sign-in without one. */
  readonly pendingHash: string | null;
  /** SHA-256 of the cookie of the browser that may continue. */
  readonly browserHash: string;
  /** Attempts left. */
  readonly tries: number;
  /** The content, under a key that only the page's secret gives. */
  readonly sealed: string;
  readonly expiresAt: Seconds;
} & Used;

/** Marks a record: an open one as `now`, a taken one as `done`. True for exactly one caller. */
export async function markUsed<T extends Used & { readonly expiresAt: Seconds }>(
  over: RecordAccess,
  key: Key,
  kind: (value: unknown) => value is T,
  taken: 'now' | 'done',
): Promise<boolean> {
  return changeRecord(over, key, kind, (record) => {
    if (!record || record.taken !== (taken === 'now' ? undefined : 'now')) return { result: false };
    return { write: { ...record, taken }, until: record.expiresAt, result: true };
  });
}

/** Stores a step. */
export async function openStep({ store }: AuthServer, hash: string, step: StepRecord): Promise<void> {
  if ((await store.write(`step:${hash}`, step, 'absent', { until: step.expiresAt })) === null)
    throw new Error('A random secret was generated twice: the random number generator is broken.');
}

/** The step, open or taken; null if it has expired. */
export async function findStep({ store }: AuthServer, hash: string): Promise<StepRecord | null> {
  return (await readRecord(store, `step:${hash}`, isStep))?.value ?? null;
}

/** Uses one attempt before it is made. The last one also takes the step. @returns the attempts left; null if there is no step. */
export async function spendTry(as: AuthServer, hash: string): Promise<number | null> {
  return changeRecord(as, `step:${hash}`, isStep, (step) => {
    if (!step || step.taken !== undefined) return { result: null };
    const left = step.tries - 1;
    return { write: { ...step, tries: left, ...(left > 0 ? {} : { taken: 'now' as const }) }, until: step.expiresAt, result: left };
  });
}

/** Takes the step; true for exactly one caller. */
export async function takeStep(as: AuthServer, hash: string): Promise<boolean> {
  return markUsed(as, `step:${hash}`, isStep, 'now');
}

/** Removes the step: nothing was proven with it. */
export async function dropStep({ store }: AuthServer, hash: string): Promise<void> {
  await store.remove(`step:${hash}`);
}

/** Notes that the step ended in another page. */
export async function endStepInPage(as: AuthServer, hash: string): Promise<void> {
  await markUsed(as, `step:${hash}`, isStep, 'done');
}

const isStep = (value: unknown): value is StepRecord =>
  versioned(value) && has(value, 'asker', 'pendingHash', 'browserHash', 'tries', 'sealed', 'expiresAt');

/** A browser on its way. */
export type UpstreamState = {
  readonly v: 1;
  /** The login that sent the browser away; no other may take it back. */
  readonly login: string;
  /** The pending authorization that goes on afterwards; null for a sign-in that leads to a page of ours. */
  readonly pendingHash: string | null;
  /** SHA-256 of the flow cookie. */
  readonly browserHash: string;
  /** What the login needs at the return, and what the return is for. */
  readonly sealed: string;
  readonly expiresAt: Seconds;
} & Used;

/** An upstream state whose `state` parameter came back. */
export interface FoundUpstreamState<Kept> {
  readonly hash: string;
  readonly record: UpstreamState;
  readonly kept: Kept;
}

/** A new value for the `state` parameter, and the hash that it is kept under. */
export async function newState({ secrets, place }: AuthServer): Promise<{ readonly state: string; readonly hash: string }> {
  const state = secrets.secret(place);
  return { state, hash: await secrets.recordId(state) };
}

/** The `state` of a URL, where it stands once and has the shape of ours. */
export function stateIn(url: string): string | null {
  const fields = parseFields(new URL(url).search.slice(1));
  const state = fields && paramsOf(fields).optional('state');
  return state && /^[\w-]{43}$/.test(state) ? state : null;
}

/** Writes a state down. */
export async function openUpstreamState(
  as: AuthServer,
  { state, hash }: { readonly state: string; readonly hash: string },
  record: Omit<UpstreamState, 'v' | 'sealed' | 'taken'>,
  kept: Json,
): Promise<void> {
  const sealed = await as.secrets.sealUnder(state, kept, `upstream-state:${hash}`);
  await as.store.write(`upstream-state:${hash}`, { v: 1, ...record, sealed }, 'absent', { until: record.expiresAt });
}

/** The state that was opened under this parameter, taken or not, with what was sealed into it. */
export async function findUpstreamState<Kept>(as: AuthServer, state: string): Promise<FoundUpstreamState<Kept> | null> {
  const hash = await as.secrets.recordId(state);
  const record = await readUpstreamState(as, hash);
  if (!record) return null;
  const kept = (await as.secrets.openUnder(state, record.sealed, `upstream-state:${hash}`)) as Kept | null;
  if (!kept) throw new Error('An upstream state that was found by its parameter cannot be opened with it.');
  return { hash, record, kept };
}

/** Whether the request that took a state is done with it, or nothing is known of the state any more. */
export async function isUpstreamStateDone(as: AuthServer, hash: string): Promise<boolean> {
  return (await readUpstreamState(as, hash))?.taken !== 'now';
}

/** True for exactly one caller. */
export async function takeUpstreamState(as: AuthServer, hash: string): Promise<boolean> {
  return markUsed(as, `upstream-state:${hash}`, isUpstreamState, 'now');
}

/** Notes that the return ended in a page. */
export async function endUpstreamStateInPage(as: AuthServer, hash: string): Promise<void> {
  await markUsed(as, `upstream-state:${hash}`, isUpstreamState, 'done');
}

async function readUpstreamState(as: AuthServer, hash: string): Promise<UpstreamState | null> {
  return (await readRecord(as.store, `upstream-state:${hash}`, isUpstreamState))?.value ?? null;
}

const isUpstreamState = (value: unknown): value is UpstreamState => versioned(value) && has(value, 'login', 'browserHash', 'sealed');

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
