/**
 * Enters a key into its lists beside the write of its record, for stores whose lists are elsewhere than the record: one wait instead of two.
 * The write counts as done only when all are, so no caller gives away the secret of a record that a list would miss.
 *
 * A process that dies in between can leave a record that no list names. Nothing leads to it, and it expires. A record that lasts would stay
 * so for good: its lists are entered first.
 */
import type { IndexKey } from '../model/store.ts';

/** The parts of one write. */
interface Parts<T> {
  /** Whether the record has no end. */
  readonly isLasting: boolean;
  readonly enter: (list: IndexKey) => Promise<unknown>;
  /** Writes the record; null if its condition does not hold: then entries without a record may remain, which listing skips. */
  readonly write: () => Promise<T | null>;
  /** Removes a new record that cannot be listed. */
  readonly undo: (written: T) => Promise<unknown>;
}

/**
 * Writes a record and enters its lists.
 *
 * @throws the error of the write; or of a list that could not be entered, tried twice. The record is then removed again if it was new.
 */
export async function enterBeside<T>(lists: readonly IndexKey[], { isLasting, enter, write, undo }: Parts<T>): Promise<T | null> {
  if (isLasting) {
    await Promise.all(lists.map(enter));
    return write();
  }
  const entering = lists.map(enter);
  const [written, ...entered] = await Promise.allSettled([write(), ...entering]);
  if (written.status === 'rejected') throw written.reason;
  const missed = lists.filter((_, at) => entered[at]?.status === 'rejected');
  if (written.value === null || missed.length === 0) return written.value;
  try {
    await Promise.all(missed.map(enter));
  } catch (error) {
    await undo(written.value).catch(() => undefined); // the store is down, as the caller is told
    throw error;
  }
  return written.value;
}

/** Does not wait for work that only tidies up: what it leaves behind is skipped by every listing, and removed by a later one. */
export function inBackground(work: Promise<unknown>): void {
  work.catch(() => undefined);
}
