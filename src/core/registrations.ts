/**
 * Registrations: how many clients there may be, and initial access tokens, with which somebody may register one (RFC 7591 §3).
 */
import type { Settings } from '../model/settings.ts';
import type { Key, Seconds } from '../model/store.ts';
import type { AuthServer } from './auth-server.ts';
import { countClients } from './client-records.ts';
import { has, MOST_TRIES, readHeld, versioned } from './held.ts';

type Quota = { readonly v: 1; readonly count: number; readonly countedAt: Seconds };

const QUOTA: Key = 'quota:clients';
const COUNT_AGAIN: Seconds = 600;
/** Places that a process takes at once while there are plenty, so that most registrations write nothing but their client. */
const BLOCK = 32;
const PLENTY = 1000;
/** Those that this process took and has not given away. */
const ahead = new WeakMap<Settings, number>();

/**
 * Takes one of the places that there are. The number is raised by each registration; clients that run out lower it when all places
 * seem taken, by counting anew, every ten minutes at most. A measure, not a promise: a crowd may get a few more in.
 */
export async function takePlace(as: AuthServer): Promise<boolean> {
  const left = ahead.get(as.settings) ?? 0;
  if (left > 0) ahead.set(as.settings, left - 1);
  return left > 0 || takeSome(as);
}

async function takeSome(as: AuthServer): Promise<boolean> {
  for (let tries = 0; tries < MOST_TRIES; tries++) {
    const held = await readHeld(as.store, QUOTA, isQuota);
    const { most } = as.settings.registration;
    const old = held?.value;
    const isFull = old !== undefined && old.count >= most;
    if (isFull && old.countedAt + COUNT_AGAIN > as.now()) return false;
    const counted = old && !isFull ? old : { v: 1 as const, count: await countClients(as), countedAt: as.now() };
    const free = most - counted.count;
    const taken = free > PLENTY ? BLOCK : Math.max(0, Math.min(1, free));
    const next: Quota = { ...counted, count: counted.count + taken };
    if ((await as.store.write(QUOTA, next, held?.version ?? 'absent')) === null) continue;
    ahead.set(as.settings, (ahead.get(as.settings) ?? 0) + Math.max(0, taken - 1));
    return taken > 0;
  }
  return true;
}

/** Makes an initial access token, told this once. */
export async function openInvitation(as: AuthServer, ttl: Seconds): Promise<string> {
  const token = as.keys.secret();
  const expiresAt = as.now() + ttl;
  await as.store.write(await keyOf(as, token), { v: 1, expiresAt }, 'absent', { until: expiresAt });
  return token;
}

/** Whether an initial access token would be taken. */
export async function isInvitation(as: AuthServer, token: string): Promise<boolean> {
  return (await readHeld(as.store, await keyOf(as, token), isRecord)) !== null;
}

/** Uses an initial access token up: true for exactly one caller. */
export async function takeInvitation(as: AuthServer, token: string): Promise<boolean> {
  return as.store.remove(await keyOf(as, token));
}

async function keyOf(as: AuthServer, token: string): Promise<Key> {
  return `invitation:${await as.keys.hash(token)}`;
}

const isQuota = (value: unknown): value is Quota => versioned(value) && has(value, 'count', 'countedAt');
const isRecord = (value: unknown): value is { expiresAt: Seconds } => versioned(value) && has(value, 'expiresAt');
