/**
 * Replay: what may be used once, remembered for as long as it could be used again. One write that only the first can make, in any
 * number of processes.
 */
import type { Seconds } from '../model/store.ts';
import type { AuthServer } from './auth-server.ts';

/**
 * Uses up an id within its namespace.
 *
 * @param until when the thing itself is over; the record outlasts it.
 * @returns true for exactly one caller.
 */
export async function spendOnce(as: AuthServer, namespace: readonly string[], id: string, until: Seconds): Promise<boolean> {
  const hash = await as.keys.hash(`replay\n${JSON.stringify([...namespace, id])}`);
  return (await as.store.write(`replay:${hash}`, { v: 1 }, 'absent', { until: until + 1 })) !== null;
}
