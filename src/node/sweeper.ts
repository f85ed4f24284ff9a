/**
 * Sweeper: removes expired records while a server runs, in small batches, so that no request waits long.
 * A failure here is harmless: expired records are never read, and the next run removes them.
 */

/** Records looked at in one go. */
const AT_ONCE = 2000;
const EVERY_MS = 5000;
/** Where so many of those were expired there are more: what expires lies together, as it was written together. */
const MANY = AT_ONCE / 10;
/** Time for requests between two goes that follow each other. */
const REST_MS = 100;

/** Sweeps now and then, one go after the other, and without long pauses where much has expired, until it is called off. It keeps no process alive. */
export function startSweeper(sweep: (most: number) => Promise<number>): () => void {
  let over = false;
  let timer: ReturnType<typeof setTimeout>;
  const go = async (): Promise<void> => {
    let found = 0;
    try {
      found = await sweep(AT_ONCE);
    } catch (error) {
      const { causesOf } = await import('../core/default-listener.ts');
      console.error(`portcullis: expired records could not be swept: ${causesOf(error)}`);
    }
    later(found >= MANY ? REST_MS : EVERY_MS);
  };
  const later = (pause: number): void => {
    if (!over) timer = setTimeout(() => void go(), pause).unref();
  };
  later(EVERY_MS);
  return () => {
    over = true;
    clearTimeout(timer);
  };
}
