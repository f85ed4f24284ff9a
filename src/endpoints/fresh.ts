/**
 * Fresh: whether somebody who was sent away to prove anew who they are has done so. A site can be asked and answer all the same out
 * of a session that it has; where it tells when the person proved it, that is believed, and not the mere return.
 */
import type { ReturnResult } from '../model/login.ts';
import type { Seconds } from '../model/store.ts';

/** How far apart the clocks may be. */
const SKEW: Seconds = 60;

/** What a return came to, with a proof that is older than its trip refused. @param since when the trip began that wanted a fresh proof. */
export function freshOnly(result: ReturnResult, since: Seconds | undefined): ReturnResult {
  if (since === undefined || result.kind !== 'proven' || result.authenticatedAt === undefined) return result;
  return result.authenticatedAt < since - SKEW ? { kind: 'refused', reason: 'proof_too_old' } : result;
}
