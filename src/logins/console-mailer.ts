/**
 * A mailer for development: shows every message where the server was started. Only a server on this very computer takes it.
 */
import type { Email, SendEmail } from '../model/email.ts';

/** Prints messages instead of sending them. @param print where to; the console unless told. */
export function consoleMailer(print: (text: string) => void = (text) => console.info(text)): SendEmail {
  const send = ({ to, subject, text }: Email): void => {
    print(`portcullis: a message that nobody sends\nTo: ${to}\nSubject: ${subject}\n\n${text}`);
  };
  const unsent = (to: string, why: string): void => print(`portcullis: no message to ${to}: ${why}`);
  return Object.assign(send, { developmentOnly: true, unsent } as const);
}
