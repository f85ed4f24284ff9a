/**
 * Cancelling: a client's wish that one of its requests be given up comes in another POST, and is put into the drawer of its session, where the
 * turn that is at it looks from time to time.
 */
import { pause } from '../lib/pause.ts';
import type { Drawer } from './drawer.ts';
import type { Id } from './message.ts';
import { looked, WAITS } from './questions.ts';
import type { Report } from './tool-error.ts';

const LOOK_MS = 2000;
/** Characters of a request's id as JSON; a longer one is served, and cannot be cancelled. */
const LONGEST_ID = 120;

/** Puts down that a request is to be given up. */
export async function putCancellation(drawer: Drawer, id: unknown): Promise<void> {
  if (isNameable(id)) await drawer.write(cancelOf(id), true, null, WAITS);
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
    await pause(LOOK_MS, until);
    if (until.aborted) return;
    await each(look);
    for (const id of [...open].filter(isNameable))
      if ((await looked(() => drawer.read<true>(cancelOf(id)), report)) !== null && open.has(id)) cancelled(id);
  }
}

function isNameable(id: unknown): id is Id {
  return (typeof id === 'number' || typeof id === 'string') && JSON.stringify(id).length <= LONGEST_ID;
}

function cancelOf(id: Id): string {
  return `cancel ${JSON.stringify(id)}`;
}
