/**
 * Single use: remembers an id for as long as it could be replayed. One conditional write that only the first caller can make, across
 * processes. A request that fails afterwards gives it back.
 */
import { isOutage } from '../../model/error.ts';
import type { Seconds } from '../../model/store.ts';
import type { AuthServer } from '../auth-server.ts';
import { has, readRecord } from './record.ts';

/** Something that can be used once. */
export interface SingleUse {
  /** Uses it up: true for exactly one caller. */
  spend(): Promise<boolean>;
  /** Makes it usable again, if this caller used it. It stays used if the store is down. */
  giveBack(): Promise<void>;
}

/**
 * An id that can be used once within its namespace.
 *
 * @param until when it expires by itself; the record outlives it.
 */
export async function singleUse(as: AuthServer, namespace: readonly string[], id: string, until: Seconds): Promise<SingleUse> {
  const key = `replay:${await as.secrets.hash(`replay\n${JSON.stringify([...namespace, id])}`)}` as const;
  let ownId: string | null = null;
  return {
    async spend() {
      ownId = as.secrets.id(); // known before the write, whose response may be lost
      return (await as.store.write(key, { v: 1, by: ownId }, 'absent', { until: until + 1 })) !== null;
    },
    async giveBack() {
      if (ownId === null) return;
      try {
        const record = await readRecord(as.store, key, isMark);
        if (record?.value.by === ownId) await as.store.remove(key, record.version);
      } catch (error) {
        if (!isOutage(error)) throw error;
      }
    },
  };
}

const isMark = (value: unknown): value is { readonly by: string } => has(value, 'by');
