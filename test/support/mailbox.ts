/** A mailbox: keeps what a server sends, so that a test can read it as a person would. */
import { expect } from 'vitest';
import type { Email, SendEmail } from '../../src/model/email.ts';

/** Messages as they were sent, oldest first. */
export interface Mailbox {
  readonly messages: Email[];
  readonly send: SendEmail;
  /** The newest message to an address, as soon as it is there. */
  to(address: string): Promise<Email>;
  /** The next message to anyone that was not looked at by this verb before, as soon as it is there. */
  next(): Promise<Email>;
  /** The code of the newest message to an address. */
  codeFor(address: string): Promise<string>;
}

/** An empty mailbox. */
export function makeMailbox(): Mailbox {
  const messages: Email[] = [];
  let read = 0;
  const to = async (address: string): Promise<Email> => {
    await expect.poll(() => messages.some((one) => one.to === address), { interval: 1 }).toBe(true);
    return messages.findLast((one) => one.to === address)!;
  };
  return {
    messages,
    send: (email) => void messages.push(email),
    to,
    async next() {
      await expect.poll(() => messages.length > read, { interval: 1 }).toBe(true);
      return messages[read++]!;
    },
    codeFor: async (address) => (await to(address)).code ?? '',
  };
}
