/**
 * Health: whether the server can do its work at this moment, found out by doing a little of it. A record is written, read and
 * removed: a disk that is full still reads, and a replica that cannot be written to still answers.
 */
import type { AuthServer } from './auth-server.ts';

/** What a probe of a load balancer wants to know. The cause of a failure goes to the `on` listener only. */
export interface Health {
  readonly ok: boolean;
}

/** Reads once. @throws {TypeError} for a store that must not be used as it is set up; one that is down will answer later. */
export async function checkStore(as: AuthServer): Promise<void> {
  try {
    await as.store.read('check:layout');
  } catch (error) {
    if (error instanceof Error && error.cause instanceof TypeError) throw error.cause;
  }
}

/** Writes, reads and removes a record of its own. Never rejects. */
export async function checkHealth(as: AuthServer): Promise<Health> {
  const id = as.keys.id();
  try {
    const written = await as.store.write(`health:${id}`, id, 'absent', { until: as.now() + 60 });
    const read = await as.store.read(`health:${id}`);
    const removed = await as.store.remove(`health:${id}`);
    if (written === null || read?.value !== id || !removed) throw new Error('The store does not give back what was written to it.');
    return { ok: true };
  } catch (error) {
    as.emit({ kind: 'request.failed', endpoint: 'health', requestId: id, error });
    return { ok: false };
  }
}
