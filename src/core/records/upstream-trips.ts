/**
 * Trips: journeys to another site and back that no authorization request waits for: signing in on the sign-in page, and
 * joining another sign-in to an account. Kept under the hash of their state, bound to the browser, spent once.
 */
import type { Seconds } from '../../model/store.ts';
import type { AuthServer } from '../auth-server.ts';
import { has, readRecord, versioned } from './record.ts';
import { markUsed, type Used } from './used-mark.ts';

/** A trip as it is kept. */
export type TripRecord = {
  readonly v: 1;
  /** The login that sent the browser away; no other may take it back. */
  readonly login: string;
  /** SHA-256 of the flow cookie. */
  readonly browserHash: string;
  /** Under a key that only the state gives. */
  readonly sealed: string;
  readonly expiresAt: Seconds;
} & Used;

/** Writes a trip down. */
export async function openTrip(as: AuthServer, stateHash: string, trip: TripRecord): Promise<void> {
  await as.store.write(`trip:${stateHash}`, trip, 'absent', { until: trip.expiresAt });
}

/** The trip, under way or taken. */
export async function findTrip(as: AuthServer, stateHash: string): Promise<TripRecord | null> {
  return (await readRecord(as.store, `trip:${stateHash}`, isTrip))?.value ?? null;
}

/** True for exactly one caller. */
export async function takeTrip(as: AuthServer, stateHash: string): Promise<boolean> {
  return markUsed(as, `trip:${stateHash}`, isTrip, 'now');
}

/** Notes that the trip ended in a page. */
export async function endTripInPage(as: AuthServer, stateHash: string): Promise<void> {
  await markUsed(as, `trip:${stateHash}`, isTrip, 'done');
}

const isTrip = (value: unknown): value is TripRecord => versioned(value) && has(value, 'login', 'browserHash', 'sealed');
