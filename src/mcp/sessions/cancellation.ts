/**
 * Cancellation: a client cancels one of its requests in another POST. It is written to the session store, which the exchange that runs the request
 * polls.
 */
import { pause } from '../../lib/on-abort.ts';
import type { Seconds } from '../../model/store.ts';
import { changeState } from '../change-state.ts';
import type { SessionStore } from './session-store.ts';
import { type Id, isOfOrdinaryLength } from '../message.ts';
import { looked, WAITS } from './server-requests.ts';
import type { Report } from '../tool-error.ts';

/** Interval of the polling. */
export const LOOK_EVERY: Seconds = 2;

/** The cancellations of a session: the latest of its client, in one record. */
const CANCELLED = 'cancelled';
const MAX_CANCELLED = 64;
type Wanted = readonly (readonly [id: Id, at: Seconds])[];

/** Stores that a request is to be cancelled. */
export async function putCancellation(sessionStore: SessionStore, id: unknown): Promise<void> {
  if (!isOfOrdinaryLength(id)) return;
  await changeState<Wanted, void>(sessionStore, CANCELLED, WAITS, (wanted) => {
    const others = (wanted ?? []).filter(([one, at]) => one !== id && sessionStore.now() - at <= WAITS);
    return { write: [...others, [id, sessionStore.now()] as const].slice(-MAX_CANCELLED), result: undefined };
  });
}

/** Polls for cancellations until the signal aborts, and reports each once. @param open the requests that have no answer yet. */
export async function watchForCancellations(
  sessionStore: SessionStore,
  open: ReadonlySet<Id>,
  {
    until,
    report,
    each,
    cancelled,
  }: {
    readonly until: AbortSignal;
    readonly report: Report;
    /** Called before each poll with its number. */
    readonly each: (look: number) => Promise<void>;
    readonly cancelled: (id: Id) => void;
  },
): Promise<void> {
  for (let look = 0; !until.aborted; look++) {
    await pause(LOOK_EVERY * 1000, until);
    if (until.aborted) return;
    await each(look);
    const found = await looked(() => sessionStore.read<Wanted>(CANCELLED), report);
    for (const [id, at] of found?.value ?? []) if (open.has(id) && sessionStore.now() - at <= WAITS) cancelled(id);
  }
}
