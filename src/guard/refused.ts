/**
 * Reports why a guard rejected a request: to the operator, and on loopback also to the caller, in one sentence that says what to do.
 * Any other caller only learns that the token is invalid (RFC 6750 §3.1). Loaded with the first rejection.
 */
import { forLog } from '../lib/shown.ts';
import { isLoopbackHost } from '../lib/url.ts';

/** A rejected request. */
export interface GuardRefusal {
  /** As it goes on the wire. */
  readonly code: 'invalid_token' | 'insufficient_scope' | 'invalid_dpop_proof' | 'use_dpop_nonce' | 'access_denied';
  /** Why, in one snake_case word; not for the wire. */
  readonly reason: string;
  /** What was expected and what came, where that helps: quoted, short, without secrets. */
  readonly detail?: string | undefined;
}

/** Called for each rejected request. */
export type OnRefused = (refusal: GuardRefusal, request: Request) => void;

/** Tells of a refusal. @param onRefused by default, on loopback, a line on stderr. @returns what the caller is told more: on loopback alone. */
export async function tellRefused(
  resource: string,
  onRefused: OnRefused | undefined,
  request: Request,
  refusal: GuardRefusal,
): Promise<string | undefined> {
  const isLoopback = isLoopbackHost(new URL(resource).hostname);
  try {
    onRefused?.(refusal, request);
  } catch (error) {
    console.error('portcullis: `onRefused` of the guard failed', error); // it changes no answer
  }
  if (!isLoopback) return undefined;
  const { adviceOn, refusalLine } = await import('../model/advice.ts');
  if (!onRefused) console.error(refusalLine({ endpoint: 'guard', ...refusal }));
  return adviceOn(refusal);
}

/** A page of another origin. */
export function originRefusal(request: Request): GuardRefusal {
  const detail = `the page is at ${forLog(request.headers.get('origin'))}`;
  return { code: 'access_denied', reason: 'origin_not_allowed', detail };
}
