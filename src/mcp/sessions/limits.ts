/**
 * Limits of sessions. Shares: how many streams one handler has open at once. Each session, each user, and all callers without a token together have
 * a share, so that none of them can use up the streams of all others; counted in one process or isolate. Slots: the maximum number of sessions of one
 * user through one client (docs/decisions/0018). One record holds the labels of these sessions, the least recently used first; a new session above
 * the limit replaces that one.
 *
 *   write the record of the new session → take a slot, by one conditional write → end the session that lost its slot
 *
 * In this order a session that loses its slot has a record to delete. So a leaked token, or a client that ends no session, keeps no more than that.
 */
import { base64url, utf8 } from '../../lib/bytes.ts';
import { onAbort } from '../../lib/async.ts';
import type { Access } from '../../model/access.ts';
import { changeState } from '../../model/record.ts';
import { type Context, requestState } from '../../model/context.ts';
import { keyOf } from '../../model/live-permissions.ts';
import type { Seconds } from '../../model/store.ts';
import type { UserStates } from '../../model/user-state.ts';
import { rpcError } from '../errors.ts';
import type { Id } from '../sdk.ts';

/** The share that is used up. */
export type Full = 'streams_of_session' | 'streams_of_user' | 'streams_of_anonymous' | 'streams';

/** The limit of each share. */
export interface Limits {
  readonly session: number;
  readonly user: number;
  /** All callers without a token together. */
  readonly anonymous: number;
  readonly all: number;
  /** Calls of one user that go on after their client has disconnected. */
  readonly alone: number;
}

/** The open streams, counted by owner. */
export interface Shares {
  /** Counts a stream until the signal aborts. @returns the share that is used up, and then counts nothing; else null. */
  take(owner: { readonly access: Access | null; readonly session?: string }, until: AbortSignal): Full | null;
  /** Counts a call of a session until its end. */
  work(session: string, until: AbortSignal): void;
  /** Whether a call of a session runs here. */
  isAtWork(session: string): boolean;
  /** Counts a call of a disconnected client until its end. Above the limit of a user, the call that was disconnected first is ended. */
  leave(access: Access, until: AbortController): void;
}

const LIMITS: Limits = { session: 8, user: 128, anonymous: 128, all: 2048, alone: 64 };
const RETRY_AFTER = '30';

/**
 * workerd ends a request after its client disconnects without running any more of its code: what it counts would never be released. So each
 * stream sends a heartbeat, and one without a heartbeat for long is no longer counted.
 */
const BEAT_MS = 20_000;
const DEAD_AFTER_MS = 65_000;

/** Number of keys above which streams without a recent heartbeat are removed. */
const MAX_KEYS = 4096;

/** A counted stream, and the time of its last heartbeat. */
interface Place {
  seenAt: number;
  /** Ends the stream; weak, so that no part of a request is kept that workerd has ended. */
  readonly end: WeakRef<AbortController> | null;
}

/** Nothing is open yet. */
export function shares({ session, user, anonymous, all, alone }: Limits = LIMITS): Shares {
  const places = new Map<string, Set<Place>>();
  const placesOf = (key: string): Set<Place> => places.get(key) ?? new Set();
  const give = (key: string, place: Place): void => {
    const own = placesOf(key);
    own.delete(place);
    if (own.size === 0) places.delete(key);
  };
  const prune = (key: string): void => {
    for (const place of placesOf(key)) if (Date.now() - place.seenAt > DEAD_AFTER_MS) give(key, place);
  };
  const hold = (keys: readonly string[], until: AbortSignal, end: AbortController | null = null): void => {
    if (places.size > MAX_KEYS) for (const key of places.keys()) prune(key);
    const place: Place = { seenAt: Date.now(), end: end && new WeakRef(end) };
    for (const key of keys) places.set(key, placesOf(key).add(place));
    const beat = setInterval(() => void (place.seenAt = Date.now()), BEAT_MS);
    onAbort(until, () => {
      clearInterval(beat);
      for (const key of keys) give(key, place);
    });
  };
  const isFull = (key: string, most: number): boolean => {
    if (placesOf(key).size < most) return false;
    prune(key);
    return placesOf(key).size >= most;
  };
  return {
    take({ access, session: label }, until) {
      const asked: (readonly [key: string, most: number, full: Full])[] = [
        ...(label === undefined ? [] : [[`session ${label}`, session, 'streams_of_session'] as const]),
        access ? [`user ${userOf(access)}`, user, 'streams_of_user'] : ['anonymous', anonymous, 'streams_of_anonymous'],
        ['all', all, 'streams'],
      ];
      const full = asked.find(([key, most]) => isFull(key, most));
      if (full) return full[2];
      const keys = asked.map(([key]) => key);
      hold(keys, until);
      return null;
    },
    work: (label, until) => hold([`work ${label}`], until),
    isAtWork: (label) => places.has(`work ${label}`),
    leave(access, until) {
      const key = `alone ${userOf(access)}`;
      for (const place of placesOf(key)) if (place.end?.deref() === until) return;
      hold([key], until.signal, until);
      if (!isFull(key, alone + 1)) return;
      const [first] = placesOf(key);
      if (first) give(key, first);
      first?.end?.deref()?.abort();
    },
  };
}

/** Refuses a stream above the limit: 503 if the server is full, else 429. @param id of the request that asked for it. */
export function tooManyOpen(full: Full, ctx: Context, id: Id | null = null): Response {
  requestState(ctx).emit?.({ kind: 'request.refused', endpoint: 'mcp', code: 'too_many_streams', reason: full });
  const message = full === 'streams' ? 'The server holds too many streams open.' : 'Too many streams are open: end one first.';
  const answer = rpcError(full === 'streams' ? 503 : 429, -32000, message, id);
  answer.headers.set('retry-after', RETRY_AFTER);
  return answer;
}

/** A user of one issuer, of one tenant; the grant, where the token names no user. */
function userOf({ tenant = '', issuer = '', userId, grantId }: Access): string {
  return keyOf(`${tenant} ${issuer}`, userId || grantId);
}

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
type Slot = readonly [label: string, seenAt: Seconds];

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
  function change(step: (places: readonly Slot[]) => readonly Slot[] | null): Promise<void> {
    return changeState<readonly Slot[], void>(states, handle, longest, (kept) => {
      const write = step((kept ?? []).filter(([, seenAt]) => states.now() - seenAt <= longest));
      return write === null ? { result: undefined } : { write, result: undefined };
    });
  }
  const seen = (label: string, places: readonly Slot[]): readonly Slot[] => [...without(label, places), [label, states.now()]];

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

function without(label: string, places: readonly Slot[]): readonly Slot[] {
  return places.filter(([one]) => one !== label);
}
