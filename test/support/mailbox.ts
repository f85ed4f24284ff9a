/** A mailbox of a test: what was sent, and the link in it. */
import type { Email, SendEmail } from '../../src/model/email.ts';

/** Messages, newest last. */
export interface Mailbox {
  readonly messages: Email[];
  readonly sendEmail: SendEmail;
  /** The next message, as soon as it came. @throws {Error} when none came. */
  next(): Promise<Email>;
}

/** Makes an empty one. */
export function makeMailbox(): Mailbox {
  const messages: Email[] = [];
  let read = 0;
  return {
    messages,
    sendEmail: (message) => void messages.push(message),
    async next() {
      for (let turns = 0; messages.length <= read && turns < 200; turns++) await new Promise((done) => setTimeout(done, 5));
      const message = messages[read++];
      if (!message) throw new Error('No message came.');
      return message;
    },
  };
}
