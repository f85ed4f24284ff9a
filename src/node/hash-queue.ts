/**
 * Password hash queue: limits how many hashes run and wait at once. A hash takes a processor for some 50 ms, so a flood of wrong passwords
 * would delay all sign-ins. Networks take turns; a request that finds the queue full gets 503, unless another network has more in the queue
 * than its share; the work of disconnected callers is dropped.
 */
import { onAbort } from '../lib/on-abort.ts';
import { OAuthError } from '../model/error.ts';
import type { Waiter } from '../model/runtime.ts';

/** Hashes that wait, of all networks together. */
const MAX_WAITING = 24;

interface Entry {
  readonly start: () => void;
  readonly fail: (error: OAuthError) => void;
}

/** Runs jobs, so many at once. */
export type HashQueue = <T>(job: () => Promise<T>, who?: Waiter) => Promise<T>;

/** Makes one. */
export function makeHashQueue(atOnce: number, maxWaiting: number = MAX_WAITING): HashQueue {
  /** By network; the first one is next. */
  const waiting = new Map<string, Entry[]>();
  let [running, count] = [0, 0];

  const leave = (network: string, entry: Entry): boolean => {
    const line = waiting.get(network);
    const at = line?.indexOf(entry) ?? -1;
    if (!line || at < 0) return false;
    line.splice(at, 1);
    count--;
    if (line.length === 0) waiting.delete(network);
    return true;
  };
  /** Hands a place over to who is next, or gives it back. */
  const release = (): void => {
    const [[network, line] = ['', []]] = waiting;
    const [entry] = line;
    if (!entry) return void running--;
    leave(network, entry);
    if (waiting.delete(network)) waiting.set(network, line); // behind the others
    entry.start();
  };
  /** A place for one more of this network; taken from the longest line, where that is longer than this one would be. */
  const makeRoom = (network: string): boolean => {
    if (count < maxWaiting) return true;
    const [longest] = [...waiting].toSorted(([, a], [, b]) => b.length - a.length);
    const last = longest?.[1].at(-1);
    if (!longest || !last || longest[1].length <= (waiting.get(network)?.length ?? 0) + 1) return false;
    leave(longest[0], last);
    last.fail(busy());
    return true;
  };
  const turn = async (network: string, signal: AbortSignal | undefined): Promise<void> => {
    if (signal?.aborted) throw gone();
    if (!makeRoom(network)) throw busy();
    let forget = (): void => {};
    await new Promise<void>((start, fail) => {
      const entry: Entry = { start, fail };
      const line = waiting.get(network);
      if (line) line.push(entry);
      else waiting.set(network, [entry]);
      count++;
      if (signal) forget = onAbort(signal, () => leave(network, entry) && fail(gone()));
    }).finally(() => forget());
  };

  return async (job, who) => {
    if (running < atOnce) running++;
    else await turn(who?.network ?? '', who?.signal);
    try {
      return await job();
    } finally {
      release();
    }
  };
}

function busy(): OAuthError {
  return new OAuthError('temporarily_unavailable', 'hashing_busy', {
    hint: 'Too many people sign in at this moment. Try again in a few seconds.',
    headers: { 'retry-after': '3' },
  });
}

function gone(): OAuthError {
  return new OAuthError('temporarily_unavailable', 'caller_left');
}
