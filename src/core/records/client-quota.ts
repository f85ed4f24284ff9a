/** Client registration quota: the count of registered clients, and the slots that are taken from it. */
import { isAhead } from '../../lib/clock.ts';
import { changeRecord, type Edited, has, versioned } from '../../model/record.ts';
import type { Settings } from '../../model/settings.ts';
import { CLOCKS_DIFFER, type Key, type Seconds, type Stored } from '../../model/store.ts';
import type { AuthServer } from '../auth-server.ts';
import { countClients, removeOldestUnused } from './clients.ts';

type Quota = {
  readonly v: 1;
  readonly count: number;
  readonly countedAt: Seconds;
  /** Slots taken in the current and in the previous time span: their clients may not be stored yet. */
  readonly span?: number;
  readonly taken?: number;
  readonly takenBefore?: number;
};

const QUOTA: Key = 'quota:clients';
const COUNT_AGAIN: Seconds = 600;
/** Slots that a process takes at once while there are plenty, so that most registrations write only their client. */
const BLOCK = 32;
const PLENTY = 1000;
/** How long a slot may be taken before its client is stored: a recount adds all slots taken since. */
const SPAN: Seconds = 120;
/** How long a process may use the slots of a block; the rest of the span is for the request that stores the client. */
const BLOCK_TTL: Seconds = 60;
/** Slots that this process has taken and not used. */
const blocks = new WeakMap<Settings, { readonly left: number; readonly until: Seconds }>();

/** The quota as it was read. */
export interface QuotaRead {
  /** Undefined if this process has a slot left and need not read. */
  readonly stored: Stored | null | undefined;
  /** Whether there are so many slots that a client may be stored while its slot is being taken. */
  readonly isPlenty: boolean;
}

/** Reads the quota ahead, if `takeSlot` will need it. Takes nothing. */
export async function readQuota(as: AuthServer): Promise<QuotaRead> {
  if (hasSlot(as)) return { stored: undefined, isPlenty: false };
  const stored = await as.store.read(QUOTA);
  const isPlenty = stored !== null && isQuota(stored.value) && as.settings.clientRegistration.most - stored.value.count > PLENTY;
  return { stored, isPlenty };
}

/**
 * Takes one slot, never more than there are. Each registration raises the count. Expired clients lower it: when all slots seem taken, the
 * clients are counted again, at most every ten minutes.
 *
 * @param known what was read ahead.
 * @throws {OAuthError} `temporarily_unavailable` if too many clients register at once to write the count.
 */
export async function takeSlot(as: AuthServer, known?: QuotaRead): Promise<boolean> {
  const block = blocks.get(as.settings);
  if (block === undefined || !hasSlot(as)) return takeBlock(as, known?.stored);
  blocks.set(as.settings, { ...block, left: block.left - 1 });
  return true;
}

function hasSlot(as: AuthServer): boolean {
  const block = blocks.get(as.settings);
  return block !== undefined && block.left > 0 && isAhead(block.until, BLOCK_TTL, as.now());
}

async function takeBlock(as: AuthServer, known: Stored | null | undefined): Promise<boolean> {
  const { most } = as.settings.clientRegistration;
  const now = as.now();
  const span = Math.floor(now / SPAN);
  const take = async (quota: Quota | null): Promise<Edited<number>> => {
    const isFull = quota !== null && quota.count >= most;
    if (isFull && isAhead(quota.countedAt + COUNT_AGAIN, COUNT_AGAIN + CLOCKS_DIFFER, now)) return { result: 0 };
    const recent = recentlyTaken(quota, span);
    const counted = quota && !isFull ? quota : { count: (await countClients(as)) + recent.taken + recent.takenBefore, countedAt: now };
    const free = most - counted.count;
    const result = free > PLENTY ? BLOCK : Math.max(0, Math.min(1, free));
    const { count, countedAt } = counted;
    const write: Quota = { v: 1, count: count + result, countedAt, span, taken: recent.taken + result, takenBefore: recent.takenBefore };
    return { write, result };
  };
  const slots = await changeRecord(as, QUOTA, isQuota, take, known);
  if (slots > 1) blocks.set(as.settings, { left: slots - 1, until: now + BLOCK_TTL });
  return slots > 0;
}

/**
 * Takes the slot of the oldest unused registration. The count is written before that client is removed, so that a recount at that moment
 * gives its slot to no other registration.
 */
export async function takeOldestSlot(as: AuthServer): Promise<boolean> {
  const span = Math.floor(as.now() / SPAN);
  await changeRecord(as, QUOTA, isQuota, (quota) => {
    if (quota === null) return { result: undefined };
    const { taken, takenBefore } = recentlyTaken(quota, span);
    return { write: { ...quota, span, taken: taken + 1, takenBefore }, result: undefined };
  });
  return removeOldestUnused(as);
}

function recentlyTaken(quota: Quota | null, present: number): { readonly taken: number; readonly takenBefore: number } {
  const { span, taken = 0, takenBefore = 0 } = quota ?? {};
  if (span === present) return { taken, takenBefore };
  return { taken: 0, takenBefore: span === present - 1 ? taken : 0 };
}

const isQuota = (value: unknown): value is Quota => versioned(value) && has(value, 'count', 'countedAt');
