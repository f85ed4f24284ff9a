/**
 * A mailer for development: prints every message on the server's console. Only a server on a loopback address accepts it.
 */
import type { Email, SendEmail } from '../model/email.ts';

/**
 * A mailer for development: prints messages instead of sending them. Only a server on loopback accepts it.
 *
 * @param print default: `console.info`.
 * @example
 * emailCode({ sendEmail: consoleMailer(), signUp: 'open' })
 */
export function consoleMailer(print: (text: string) => void = (text) => console.info(text)): SendEmail {
  const send = ({ to, subject, text }: Email): void => {
    print(`portcullis: a message that is printed, not sent\nTo: ${to}\nSubject: ${subject}\n\n${text}`);
  };
  const unsent = (to: string, why: string): void => print(`portcullis: no message to ${to}: ${why}`);
  return Object.assign(send, { developmentOnly: true, unsent } as const);
}
