/** What is kept for a user, in memory, for tests of single parts. */
import type { Json, Seconds, Version } from '../../src/model/store.ts';
import type { UserStates } from '../../src/model/user-state.ts';

/** What goes wrong, by the number of the write, from 0. */
export interface Trouble {
  readonly now?: () => Seconds;
  /** Someone else was faster: nothing is written. */
  readonly lost?: (write: number) => boolean;
  /** It is written, and the answer does not come. */
  readonly unanswered?: (write: number) => boolean;
}

/** Makes them. */
export function statesWith({ now = () => 1000, lost = () => false, unanswered = () => false }: Trouble = {}): UserStates {
  const kept = new Map<string, { readonly value: Json; readonly version: Version }>();
  let [writes, versions] = [0, 0];
  return {
    now,
    read: async (handle) => kept.get(handle) ?? null,
    async write(handle, value, since) {
      const at = writes++;
      if (lost(at) || (kept.get(handle)?.version ?? null) !== since) return null;
      const version = ++versions;
      kept.set(handle, { value, version });
      if (unanswered(at)) throw new Error('The connection broke.');
      return version;
    },
    remove: async (handle) => kept.delete(handle),
  };
}
