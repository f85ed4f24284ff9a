/**
 * Health: whether the server can do its work at this moment, found out by doing a little of it. A record is written, read and
 * removed: a disk that is full still reads, and a replica that cannot be written to still answers.
 */
import { isForm } from '../model/login.ts';
import { type Key, NothingDone } from '../model/store.ts';
import type { AuthServer } from './auth-server.ts';

/** Why it cannot: nothing came in time; the store said that it did nothing, as when it is full; it failed; it gave back something else. */
export type Unhealthy = 'store_silent' | 'store_refused' | 'store_failed' | 'store_wrong';

/** What a probe of a load balancer wants to know. The cause of a failure goes to the `on` listener only. */
export interface Health {
  readonly ok: boolean;
  /** Where it is not. */
  readonly reason?: Unhealthy;
  /** Where it is not: how many of the parts of the store failed. */
  readonly failed?: { readonly parts: number; readonly of: number };
}

/** Reads once. @throws {TypeError} for a store that must not be used as it is set up, or a login's package that is missing; a store that is down will answer later. */
export async function checkStore(as: AuthServer): Promise<void> {
  await Promise.all(as.settings.logins.filter(isForm).map(async (login) => login.load?.()));
  try {
    await as.store.read('check:layout');
  } catch (error) {
    if (error instanceof Error && error.cause instanceof TypeError) throw error.cause;
  }
}

/** Writes, reads and removes a record of its own, one in each part of the store. Never rejects. */
export async function checkHealth(as: AuthServer): Promise<Health> {
  const id = as.secrets.id();
  const keys = as.store.spread?.((n) => `health:${id}-${n}`) ?? [`health:${id}` as const];
  const reasons = await Promise.all(keys.map((key) => probe(as, key, id)));
  const [reason, ...more] = reasons.filter((one) => one !== null);
  return reason === undefined ? { ok: true } : { ok: false, reason, failed: { parts: 1 + more.length, of: keys.length } };
}

async function probe(as: AuthServer, key: Key, id: string): Promise<Unhealthy | null> {
  try {
    const written = await as.store.write(key, id, 'absent', { until: as.now() + 60 });
    const read = await as.store.read(key);
    const removed = await as.store.remove(key);
    if (written !== null && read?.value === id && removed) return null;
    as.emit({
      kind: 'request.failed',
      endpoint: 'health',
      requestId: id,
      error: new Error('The store does not give back what was written to it.'),
    });
    return 'store_wrong';
  } catch (error) {
    as.emit({ kind: 'request.failed', endpoint: 'health', requestId: id, error });
    const { cause } = error as { cause?: unknown };
    if (cause instanceof NothingDone) return 'store_refused';
    return cause instanceof Error && /^The store (did not answer|hangs)/.test(cause.message) ? 'store_silent' : 'store_failed';
  }
}
