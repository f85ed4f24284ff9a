/** Host down: the cause of a temporary error; not in `safe-fetch.ts`, which few servers load. */

/** A document could not be read, though it may exist: the answer tells the client to try again. */
export class HostDown extends Error {
  override readonly name = 'HostDown';
}
