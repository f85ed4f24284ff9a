/**
 * English: the language that every text exists in, and the shape of all others. A new page brings its section here;
 * a language that lacks a text shows the English one until somebody translates it.
 */
import { account } from './en/account.ts';
import { approve } from './en/approve.ts';
import { error, errorReasons, message } from './en/message.ts';
import { step } from './en/steps.ts';
import { email, password } from './en/password.ts';
import { refused, signIn, site } from './en/sign-in.ts';

/** All texts, by section. */
export const en: {
  readonly account: typeof account;
  readonly approve: typeof approve;
  readonly signIn: typeof signIn;
  readonly password: typeof password;
  readonly email: typeof email;
  readonly step: typeof step;
  readonly refused: typeof refused;
  readonly site: typeof site;
  readonly message: typeof message;
  readonly error: typeof error;
  readonly errorReasons: typeof errorReasons;
} = { account, approve, signIn, password, email, step, refused, site, message, error, errorReasons };
