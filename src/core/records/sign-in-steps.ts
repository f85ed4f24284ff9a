/**
 * Steps: sign-ins that are halfway, between one page and the next. A step is kept under the hash of a secret that only its
 * page holds, and what it holds can be opened with that secret alone. Its tries are counted by conditional writes, so that
 * no number of requests at once gets more of them, and it is taken exactly once.
 */
import { changeRecord } from '../../model/change-record.ts';
import type { Seconds } from '../../model/store.ts';
import type { AuthServer } from '../auth-server.ts';
import { has, readRecord, versioned } from './record.ts';
import { markUsed, type Used } from './used-mark.ts';

/** A sign-in that waits for its next page. */
export type StepRecord = {
  readonly v: 1;
  /** Who asked: `login:` or `factor:`, and the id. */
  readonly asker: string;
  /** The authorization request that waits for it; null for a sign-in without one. */
  readonly pendingHash: string | null;
  /** SHA-256 of the cookie of the browser that may go on. */
  readonly browserHash: string;
  /** How often its page may still come back. */
  readonly tries: number;
  /** What was kept, under a key that only the page's secret gives. */
  readonly sealed: string;
  readonly expiresAt: Seconds;
} & Used;

/** Writes a step. */
export async function openStep({ store }: AuthServer, hash: string, step: StepRecord): Promise<void> {
  if ((await store.write(`step:${hash}`, step, 'absent', { until: step.expiresAt })) === null)
    throw new Error('A random secret was met twice: the source of randomness is broken.');
}

/** The step, open or taken; null if it has run out. */
export async function findStep({ store }: AuthServer, hash: string): Promise<StepRecord | null> {
  return (await readRecord(store, `step:${hash}`, isStep))?.value ?? null;
}

/** Uses up one try before it is made. The last one takes the step. @returns the tries left, null where there is no step. */
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

/** Ends the step: nothing was proven with it. */
export async function dropStep({ store }: AuthServer, hash: string): Promise<void> {
  await store.remove(`step:${hash}`);
}

/** Notes that the step ended in another page. */
export async function endStepInPage(as: AuthServer, hash: string): Promise<void> {
  await markUsed(as, `step:${hash}`, isStep, 'done');
}

const isStep = (value: unknown): value is StepRecord =>
  versioned(value) && has(value, 'asker', 'pendingHash', 'browserHash', 'tries', 'sealed', 'expiresAt');
