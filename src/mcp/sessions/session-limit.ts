/**
 * Session limit: the maximum number of sessions of one user through one client (docs/decisions/0018). One record holds the labels of these
 * sessions, the least recently used first; a new session above the limit replaces that one.
 *
 *   write the record of the new session → take a slot, by one conditional write → end the session that lost its slot
 *
 * In this order a session that loses its slot has a record to delete. So a leaked token, or a client that ends no session, keeps no more than that.
 */
import { base64url, utf8 } from '../../lib/bytes.ts';
import type { Seconds } from '../../model/store.ts';
import type { UserStates } from '../../model/user-state.ts';
import { changeState } from '../change-state.ts';

/** When sessions end by themselves. */
export interface Terms {
  /** Seconds without use. */
  readonly idle: Seconds;
  /** Maximum sessions of one user and one client. */
  readonly most: number;
}

/** The sessions of one user and one client, by their labels. */
export interface SessionSlots {
  /**
   * Takes a slot, or keeps the one that the session has, and ends the sessions that have lost theirs.
   *
   * @param end ends a session. @throws {Error} if too many start at once: then this one has ended, too.
   */
  take(label: string, end: (label: string) => Promise<unknown>): Promise<void>;
  /** Notes that a session is in use. @returns false if it has lost its slot. */
  keep(label: string): Promise<boolean>;
  leave(label: string): Promise<void>;
}

/** A session that has a slot, and the time of its last use. */
type Place = readonly [label: string, seenAt: Seconds];

/** @throws {TypeError} for invalid terms; the message names the function that was given them. */
export function checkTerms(name: string, { idle, most }: Terms): Terms {
  if (!Number.isInteger(idle) || idle < 60) throw new TypeError(`${name}: \`idle\` must be a whole number of seconds, 60 or more.`);
  if (!Number.isInteger(most) || most < 1 || most > 2000) throw new TypeError(`${name}: \`most\` must be a whole number from 1 to 2000.`);
  return { idle, most };
}

/** The slots for a user's sessions through a client. @param kind our own sessions or those of another handler. */
export async function sessionSlotsOf(states: UserStates, kind: string, clientId: string, { idle, most }: Terms): Promise<SessionSlots> {
  const longest = Math.ceil(idle * 1.1); // a session in use writes this after a tenth of its time
  const digest = new Uint8Array(await crypto.subtle.digest('SHA-256', utf8(clientId))); // it may be a long URL
  const handle = `${kind} places ${base64url(digest)}`;

  /** Changes the record, and tries again if another request changed it meanwhile. `step` answers null if there is nothing to change. */
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
