/**
 * Registrations: how many clients there may be.
 */
import { changeRecord } from '../../model/change-record.ts';
import type { Settings } from '../../model/settings.ts';
import type { Key, Seconds } from '../../model/store.ts';
import type { AuthServer } from '../auth-server.ts';
import { countClients } from './clients.ts';
import { has, versioned } from './record.ts';

type Quota = {
  readonly v: 1;
  readonly count: number;
  readonly countedAt: Seconds;
  /** Places taken in the present span of time and in the one before: their clients may not be written yet. */
  readonly span?: number;
  readonly taken?: number;
  readonly takenBefore?: number;
};

const QUOTA: Key = 'quota:clients';
const COUNT_AGAIN: Seconds = 600;
/** Places that a process takes at once while there are plenty, so that most registrations write nothing but their client. */
const BLOCK = 32;
const PLENTY = 1000;
/** How long a place may be taken before its client is written: a new count adds all that were taken since. */
const SPAN: Seconds = 120;
/** How long a process may use the places of a block; the rest of the span is for the request that writes the client. */
const BLOCK_TTL: Seconds = 60;
/** Those that this process took and has not given away. */
const ahead = new WeakMap<Settings, { readonly left: number; readonly until: Seconds }>();

/**
 * Takes one of the places that there are; never one more than that. The number is raised by each registration; clients that run out
 * lower it when all places seem taken, by counting anew, every ten minutes at most.
 *
 * @throws {OAuthError} `temporarily_unavailable` where so many register at once that the number cannot be raised.
 */
export async function takePlace(as: AuthServer): Promise<boolean> {
  const block = ahead.get(as.settings);
  const isLeft = block !== undefined && block.left > 0 && block.until > as.now();
  if (isLeft) ahead.set(as.settings, { ...block, left: block.left - 1 });
  return isLeft || takeSome(as);
}

async function takeSome(as: AuthServer): Promise<boolean> {
  const { most } = as.settings.registration;
  const now = as.now();
  const span = Math.floor(now / SPAN);
  const places = await changeRecord(as, QUOTA, isQuota, async (held) => {
    const isFull = held !== null && held.count >= most;
    if (isFull && held.countedAt + COUNT_AGAIN > now) return { result: 0 };
    const lately = takenLately(held, span);
    const counted = held && !isFull ? held : { count: (await countClients(as)) + lately.taken + lately.takenBefore, countedAt: now };
    const free = most - counted.count;
    const result = free > PLENTY ? BLOCK : Math.max(0, Math.min(1, free));
    const { count, countedAt } = counted;
    const write: Quota = { v: 1, count: count + result, countedAt, span, taken: lately.taken + result, takenBefore: lately.takenBefore };
    return { write, result };
  });
  if (places > 1) ahead.set(as.settings, { left: places - 1, until: now + BLOCK_TTL });
  return places > 0;
}

/**
 * Takes the place of the oldest registration that was never used. Noted before it goes, so that a count of all in this moment gives its
 * place to no one else.
 */
export async function takeOldest(as: AuthServer): Promise<boolean> {
  const span = Math.floor(as.now() / SPAN);
  await changeRecord(as, QUOTA, isQuota, (held) => {
    if (held === null) return { result: undefined };
    const { taken, takenBefore } = takenLately(held, span);
    return { write: { ...held, span, taken: taken + 1, takenBefore }, result: undefined };
  });
  const { removeOldestUnused } = await import('./client-removal.ts');
  return removeOldestUnused(as);
}

function takenLately(held: Quota | null, present: number): { readonly taken: number; readonly takenBefore: number } {
  const { span, taken = 0, takenBefore = 0 } = held ?? {};
  if (span === present) return { taken, takenBefore };
  return { taken: 0, takenBefore: span === present - 1 ? taken : 0 };
}

const isQuota = (value: unknown): value is Quota => versioned(value) && has(value, 'count', 'countedAt');
