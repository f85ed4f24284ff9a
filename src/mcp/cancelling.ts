/**
 * Cancelling: a client's wish that one of its requests be given up comes in another POST, and is put into the drawer of its session, where the
 * turn that is at it looks from time to time.
 */
import { pause } from '../lib/pause.ts';
import type { Seconds } from '../model/store.ts';
import type { Drawer } from './drawer.ts';
import { type Id, isOfOrdinaryLength } from './message.ts';
import { looked, WAITS } from './questions.ts';
import type { Report } from './tool-error.ts';

/** How often a turn looks. */
export const LOOK_EVERY: Seconds = 2;

/** Puts down that a request is to be given up. */
export async function putCancellation(drawer: Drawer, id: unknown): Promise<void> {
  if (isOfOrdinaryLength(id)) await drawer.write(cancelOf(id), true, null, WAITS);
}

/** Looks for wishes to cancel until the signal, and tells of each once. @param open the requests that have no answer yet. */
export async function watchForCancellations(
  drawer: Drawer,
  open: ReadonlySet<Id>,
  {
    until,
    report,
    each,
    cancelled,
  }: {
    readonly until: AbortSignal;
    readonly report: Report;
    /** Called before each look with its number. */
    readonly each: (look: number) => Promise<void>;
    readonly cancelled: (id: Id) => void;
  },
): Promise<void> {
  for (let look = 0; !until.aborted; look++) {
    await pause(LOOK_EVERY * 1000, until);
    if (until.aborted) return;
    await each(look);
    for (const id of [...open].filter(isOfOrdinaryLength))
      if ((await looked(() => drawer.read<true>(cancelOf(id)), report)) !== null && open.has(id)) cancelled(id);
  }
}

function cancelOf(id: Id): string {
  return `cancel ${JSON.stringify(id)}`;
}
