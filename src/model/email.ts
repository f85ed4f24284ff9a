/**
 * E-mail: what we ask the application to send. We write the message; how it gets to its reader is the application's.
 */
import type { Awaitable } from './runtime.ts';

/** A message to one person. */
export interface EmailMessage {
  readonly to: string;
  readonly subject: string;
  /** The whole message as plain text. */
  readonly text: string;
  /** What it is for, so that an application can write its own instead. */
  readonly kind: 'password-reset' | 'sign-up' | 'sign-up-known';
  /** The address that the message leads to. Good once; whoever has it can use it. */
  readonly link: string;
  /** The language that it is written in. */
  readonly lang: string;
}

/** Sends a message. What it throws is told to the operator, and to nobody else. */
export type SendEmail<Env = unknown> = (message: EmailMessage, env: Env) => Awaitable<void>;
