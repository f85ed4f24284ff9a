/**
 * Session limit: so many sessions at once for one user through one client (docs/decisions/0018). One record holds the labels of those that are
 * there, the one seen longest ago first; whoever begins one more takes the place of that one.
 *
 *   the session's own record → its place, by one conditional write → whose place it was goes
 *
 * In this order whoever loses a place has a record that can be taken away. So a token that leaks, or a client that never ends a session, keeps no more than that.
 */
import { base64url } from '../../lib/base64url.ts';
import { utf8 } from '../../lib/bytes.ts';
import type { Seconds } from '../../model/store.ts';
import type { UserStates } from '../../model/user-state.ts';
import { changeState } from '../change-state.ts';

/** How sessions end by themselves. */
export interface Terms {
  /** Seconds without use. */
  readonly idle: Seconds;
  /** Sessions of one user and one client. */
  readonly most: number;
}

/** The sessions of one user and one client, by their labels. */
export interface SessionSlots {
  /**
   * Takes a place, or keeps the one it has, and ends those that have lost theirs.
   *
   * @param end ends a session. @throws {Error} where too many begin at once: then this one has ended, too.
   */
  take(label: string, end: (label: string) => Promise<unknown>): Promise<void>;
  /** Tells that a session is in use. @returns false where it has lost its place. */
  keep(label: string): Promise<boolean>;
  leave(label: string): Promise<void>;
}

/** A session that has a place, and when it was last seen. */
type Place = readonly [label: string, seenAt: Seconds];

/** @throws {TypeError} for terms that make no sense, in the name of whoever was given them. */
export function checkTerms(name: string, { idle, most }: Terms): Terms {
  if (!Number.isInteger(idle) || idle < 60) throw new TypeError(`${name}: \`idle\` must be a whole number of seconds, 60 or more.`);
  if (!Number.isInteger(most) || most < 1 || most > 2000) throw new TypeError(`${name}: \`most\` must be a whole number from 1 to 2000.`);
  return { idle, most };
}

/** The places of a user's sessions through a client. @param kind whose sessions: ours or those of another handler. */
export async function sessionSlotsOf(states: UserStates, kind: string, clientId: string, { idle, most }: Terms): Promise<SessionSlots> {
  const longest = Math.ceil(idle * 1.1); // a session that is in use tells so after a tenth of its time
  const digest = new Uint8Array(await crypto.subtle.digest('SHA-256', utf8(clientId))); // it may be a long URL
  const handle = `${kind} places ${base64url(digest)}`;

  /** Changes the record until nobody else did meanwhile. `step` answers null where there is nothing to change. */
  function change(step: (places: readonly Place[]) => readonly Place[] | null): Promise<void> {
    return changeState<readonly Place[], void>(states, handle, longest, (kept) => {
      const write = step((kept ?? []).filter(([, seenAt]) => states.now() - seenAt <= longest));
      return write === null ? { result: undefined } : { write, result: undefined };
    });
  }
  const seen = (label: string, places: readonly Place[]): readonly Place[] => [...without(label, places), [label, states.now()]];

  return {
    async take(label, end) {
      let lost: readonly string[] = [];
      try {
        await change((places) => {
          const next = seen(label, places);
          lost = next.slice(0, -most).map(([one]) => one);
          return next.slice(-most);
        });
      } catch (error) {
        await end(label);
        throw error;
      }
      await Promise.all(lost.map(end));
    },
    async keep(label) {
      let isThere = false;
      await change((places) => {
        isThere = places.some(([one]) => one === label);
        return isThere ? seen(label, places) : null;
      });
      return isThere;
    },
    leave: (label) => change((places) => (places.some(([one]) => one === label) ? without(label, places) : null)),
  };
}

function without(label: string, places: readonly Place[]): readonly Place[] {
  return places.filter(([one]) => one !== label);
}
