/**
 * Half-sent requests: those with an incomplete body (a slow-loris attack sends thousands and never ends them). They do not count as running
 * requests. Their number is limited per address and in total; one more ends the oldest: an honest body arrives within moments, also from an
 * address that many users share.
 */
import type { IncomingMessage } from 'node:http';

/** The requests that are half-sent. */
export interface HalfSent {
  /** Adds a request that may have an incomplete body. */
  add(address: string, message: IncomingMessage): void;
  /** Forgets a request that was answered. */
  delete(address: string, message: IncomingMessage): void;
  /** How many are half-sent at this moment. */
  count(): number;
}

/** @param ofAddress the most of one address. @param ofAll the most of all. @param end answers and ends a request that has waited longest. */
export function halfSentRequests(ofAddress: number, ofAll: number, end: (message: IncomingMessage) => void): HalfSent {
  const waiting = new Map<string, Set<IncomingMessage>>();
  let size = 0;
  const remove = (address: string, message: IncomingMessage): void => {
    const own = waiting.get(address);
    if (!own?.delete(message)) return;
    size -= 1;
    if (own.size === 0) waiting.delete(address);
  };
  /** What has come since it was noted is not half-sent any more. */
  const prune = (): void => {
    for (const [address, own] of waiting) for (const message of own) if (message.complete || message.destroyed) remove(address, message);
  };
  const endFirst = (address: string): void => {
    for (const message of waiting.get(address) ?? []) {
      remove(address, message);
      return end(message);
    }
  };
  return {
    add(address, message) {
      const own = waiting.get(address) ?? new Set();
      waiting.set(address, own.add(message));
      size += 1;
      if (own.size <= ofAddress && size <= ofAll) return;
      prune();
      if (own.size > ofAddress) endFirst(address);
      else if (size > ofAll) endFirst(mostOf(waiting));
    },
    delete: remove,
    count() {
      prune();
      return size;
    },
  };
}

/** The address that has most. */
function mostOf(waiting: ReadonlyMap<string, ReadonlySet<IncomingMessage>>): string {
  let [most, size] = ['', 0];
  for (const [address, own] of waiting) if (own.size > size) [most, size] = [address, own.size];
  return most;
}
