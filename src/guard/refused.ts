/**
 * Reports why a guard rejected a request: to the operator, and on loopback also to the caller, in one sentence that says what to do.
 * Any other caller only learns that the token is invalid (RFC 6750 §3.1). Loaded with the first rejection.
 */
import { lazy } from '../lib/async.ts';
import { forLog } from '../lib/untrusted-text.ts';
import { isLoopbackHost } from '../lib/url.ts';
import type { ErrorCode } from '../model/error.ts';

const adviceOn = lazy(async () => (await import('../model/advice.ts')).adviceOn);
const refusalLine = lazy(async () => (await import('../model/advice.ts')).refusalLine);

/** A rejected request. */
export interface GuardRefusal {
  /** As it goes on the wire. */
  readonly code: ErrorCode;
  /** Why, in one snake_case word; never sent to the client. */
  readonly reason: string;
  /** Expected and received values, if that helps: quoted, short, without secrets. */
  readonly detail?: string | undefined;
}

/** Called for each rejected request. */
export type OnRefused = (refusal: GuardRefusal, request: Request) => unknown;

/** Reports a refusal. @param onRefused default on loopback: a line on stderr. @returns further details for the caller, on loopback only. */
export async function tellRefused(
  resource: string,
  onRefused: OnRefused | undefined,
  request: Request,
  refusal: GuardRefusal,
): Promise<string | undefined> {
  const isLoopback = isLoopbackHost(new URL(resource).hostname);
  // The listener may be asynchronous; its failure must not change the response, nor end the process as an unhandled rejection.
  new Promise((done) => done(onRefused?.(refusal, request))).catch((error: unknown) => {
    console.error('portcullis: `onRefused` of the guard failed', error);
  });
  if (!isLoopback) return undefined;
  if (!onRefused) console.error(await refusalLine({ endpoint: 'guard', ...refusal }));
  return adviceOn(refusal);
}

/** A page of another origin. */
export function originRefusal(request: Request): GuardRefusal {
  const detail = `the page is at ${forLog(request.headers.get('origin'))}`;
  return { code: 'access_denied', reason: 'origin_not_allowed', detail };
}
