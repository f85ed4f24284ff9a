/** Host down: which responses are an outage, and the cause of a temporary error; not in `safe-fetch.ts`, which few servers load. */

/** Whether a status asks to try again later, so that it says nothing about what was requested (RFC 9110 §15.5.9, RFC 8470 §5.2, RFC 6585 §4). */
export function isDownStatus(status: number): boolean {
  return status >= 500 || status === 408 || status === 425 || status === 429;
}

/** A document could not be read, though it may exist: the answer tells the client to try again. */
export class HostDown extends Error {
  override readonly name = 'HostDown';
}
