/**
 * The sweeper: removes expired records while a server runs, some at a time, so that it never holds a request up for long.
 * What is not swept now is swept next time: an expired record is never read, so a failure here harms nobody.
 */

/** Records looked at in one go. */
const AT_ONCE = 2000;
const EVERY_MS = 5000;

/** Sweeps now and then, one go after the other, until it is called off. It keeps no process alive. */
export function startSweeper(sweep: (most: number) => Promise<number>): () => void {
  let busy = false;
  const go = async (): Promise<void> => {
    if (busy) return;
    busy = true;
    try {
      await sweep(AT_ONCE);
    } catch (error) {
      console.error('portcullis: expired records could not be swept', error);
    } finally {
      busy = false;
    }
  };
  const timer = setInterval(() => void go(), EVERY_MS).unref();
  return () => clearInterval(timer);
}
