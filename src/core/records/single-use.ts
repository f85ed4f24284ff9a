/**
 * Replay: what may be used once, remembered for as long as it could be used again. One write that only the first can make, in any
 * number of processes. A request that then fails gives it back.
 */
import { isOutage } from '../../model/error.ts';
import type { Seconds } from '../../model/store.ts';
import type { AuthServer } from '../auth-server.ts';
import { has, readRecord } from './record.ts';

/** Something that may be used once. */
export interface Once {
  /** Uses it up: true for exactly one caller. */
  spend(): Promise<boolean>;
  /** Gives it back, if it was this caller who used it up. Where the store is down it stays used. */
  giveBack(): Promise<void>;
}

/**
 * An id that counts once within its namespace.
 *
 * @param until when the thing itself is over; the record outlasts it.
 */
export async function onceOnly(as: AuthServer, namespace: readonly string[], id: string, until: Seconds): Promise<Once> {
  const key = `replay:${await as.secrets.hash(`replay\n${JSON.stringify([...namespace, id])}`)}` as const;
  let mine: string | null = null;
  return {
    async spend() {
      mine = as.secrets.id(); // known before the write, whose answer may be lost
      return (await as.store.write(key, { v: 1, by: mine }, 'absent', { until: until + 1 })) !== null;
    },
    async giveBack() {
      if (mine === null) return;
      try {
        const held = await readRecord(as.store, key, isMark);
        if (held?.value.by === mine) await as.store.remove(key, held.version);
      } catch (error) {
        if (!isOutage(error)) throw error;
      }
    },
  };
}

const isMark = (value: unknown): value is { readonly by: string } => has(value, 'by');
