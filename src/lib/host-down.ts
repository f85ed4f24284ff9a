/** Host down: the cause of an error that passes, apart from `safe-fetch.ts`, which few servers load. */

/** Why a document could not be read though it may be there: for answers that tell a program to try again. */
export class HostDown extends Error {
  override readonly name = 'HostDown';
}
