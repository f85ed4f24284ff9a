/**
 * Sign-in steps: sign-ins that wait for their next page. A step is stored under the hash of a secret that only its page holds, and its
 * content is sealed under that secret. Attempts are counted by conditional writes, so that concurrent requests get no extra attempts.
 */
import { changeRecord } from '../../model/change-record.ts';
import type { Seconds } from '../../model/store.ts';
import type { AuthServer } from '../auth-server.ts';
import { has, readRecord, versioned } from './record.ts';
import { markUsed, type Used } from './one-time.ts';

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
