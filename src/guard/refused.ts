/**
 * Refused: why a guard turned a request away. The operator is told; on loopback so is the caller, in one sentence that says what to do.
 * From anywhere else a caller learns nothing but that the token is not good (RFC 6750 §3.1). Loaded with the first refusal.
 */
import { forLog } from '../lib/shown.ts';
import { isLoopbackHost } from '../lib/url.ts';

/** A request that was turned away. */
export interface GuardRefusal {
  /** As it goes on the wire. */
  readonly code: 'invalid_token' | 'insufficient_scope' | 'invalid_dpop_proof' | 'use_dpop_nonce' | 'access_denied';
  /** Why, in one snake_case word; not for the wire. */
  readonly reason: string;
  /** What was expected and what came, where that helps: quoted, short, without secrets. */
  readonly detail?: string | undefined;
}

/** Told of each request that was turned away. */
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
