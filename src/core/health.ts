/**
 * Health check: writes, reads and removes a record. A full disk can still be read, and a read-only replica still answers, so a read
 * alone proves nothing.
 */
import { isForm } from '../model/login.ts';
import { type Place, withPlace } from '../model/token.ts';
import { type Key, NothingDone } from '../model/store.ts';
import type { AuthServer } from './auth-server.ts';

/** Why: the store did not answer in time; it reported that it did nothing, for example because it is full; it failed; it returned something else. */
export type Unhealthy = 'store_silent' | 'store_refused' | 'store_failed' | 'store_wrong';

/** Answer to a load balancer's probe. The cause of a failure goes to the `on` listener only. */
export interface Health {
  readonly ok: boolean;
  /** If not ok. */
  readonly reason?: Unhealthy;
  /** If not ok: how many parts of the store failed. */
  readonly failed?: { readonly parts: number; readonly of: number };
  /** Where the request for it came from, on Workers: the parts of the store there were looked at too. */
  readonly region?: Place;
}

/** Reads once at start-up. @throws {TypeError} if the store must not be used as configured, or a login's package is missing. A store that is down is no error here. */
export async function checkStore(as: AuthServer): Promise<void> {
  await Promise.all(as.settings.logins.filter(isForm).map(async (login) => login.load?.()));
  try {
    await as.store.read('check:layout');
  } catch (error) {
    if (error instanceof Error && error.cause instanceof TypeError) throw error.cause;
  }
}

/** Writes, reads and removes a record in each part of the store in the home region and where the request came from, or in one part. Never rejects. */
export async function checkHealth(as: AuthServer, everyPart = true): Promise<Health> {
  const { place, store } = as;
  const id = as.secrets.id();
  const spread = everyPart ? store.spread?.bind(store) : undefined;
  const home = spread?.((n) => `health:${id}-${n}`) ?? [`health:${id}` as const];
  const here = place !== null && store.placed ? (spread?.((n) => `health:${withPlace(numbered(id, n), place)}`) ?? []) : [];
  const keys = [...home, ...here];
  const reasons = await Promise.all(keys.map((key) => probe(as, key, id)));
  const [reason, ...more] = reasons.filter((one) => one !== null);
  const region = place === null ? {} : { region: place };
  return reason === undefined
    ? { ok: true, ...region }
    : { ok: false, reason, failed: { parts: 1 + more.length, of: keys.length }, ...region };
}

/** An id of the same length with a number in it. */
function numbered(id: string, n: number): string {
  return `${n}-${id}`.slice(0, id.length);
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
