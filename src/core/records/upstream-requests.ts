/**
 * Upstream requests without an authorization request: sign-in on the sign-in page, and linking an identity to an account. Stored under
 * the hash of their `state`, bound to the browser, usable once.
 */
import type { Seconds } from '../../model/store.ts';
import type { AuthServer } from '../auth-server.ts';
import { has, readRecord, versioned } from './record.ts';
import { markUsed, type Used } from './used-mark.ts';

/** A stored upstream request. */
export type TripRecord = {
  readonly v: 1;
  /** The login that redirected the browser; only that login may handle the callback. */
  readonly login: string;
  /** SHA-256 of the flow cookie. */
  readonly browserHash: string;
  /** Sealed under a key that only the state gives. */
  readonly sealed: string;
  readonly expiresAt: Seconds;
} & Used;

/** Stores a request. */
export async function openTrip(as: AuthServer, stateHash: string, trip: TripRecord): Promise<void> {
  await as.store.write(`trip:${stateHash}`, trip, 'absent', { until: trip.expiresAt });
}

/** The request, open or taken. */
export async function findTrip(as: AuthServer, stateHash: string): Promise<TripRecord | null> {
  return (await readRecord(as.store, `trip:${stateHash}`, isTrip))?.value ?? null;
}

/** True for exactly one caller. */
export async function takeTrip(as: AuthServer, stateHash: string): Promise<boolean> {
  return markUsed(as, `trip:${stateHash}`, isTrip, 'now');
}

/** Notes that the callback ended in a page. */
export async function endTripInPage(as: AuthServer, stateHash: string): Promise<void> {
  await markUsed(as, `trip:${stateHash}`, isTrip, 'done');
}

const isTrip = (value: unknown): value is TripRecord => versioned(value) && has(value, 'login', 'browserHash', 'sealed');
