/** English of user names and passwords: choosing, changing and resetting them. */
import { html } from '../../lib/html.ts';
import type { Html, HtmlValue } from '../../lib/html.ts';

/** Texts of signing in by user name and password, and of the pages around it. */
export const password = {
  label: 'Password',
  enter: 'Enter your password',
  instead: 'Use your password instead',
  username: 'Username',
  password: 'Password',
  title: 'Password',
  change: 'Change your password',
  changeWhy: 'You will be signed out of all other browsers, and you will have to reconnect every app.',
  current: 'Current password',
  fresh: 'New password',
  rule: 'At least 8 characters.',
  set: 'Change password',
  wrong: 'The current password is wrong.',
  unfit: 'A password must have 8 to 1,024 characters.',
  breached: 'This password has appeared in a data breach. Choose another one.',
  changedMeanwhile: 'Your account was changed in the meantime. Try again.',
  forgot: 'Forgot your password?',
  forgotTitle: 'Reset your password',
  forgotHow: 'We’ll email you a link to choose a new password.',
  nameOrEmail: 'Username or email address',
  send: 'Send link',
  sentTitle: 'Check your email',
  /** The same for every address, with or without an account. */
  sent: 'If the account exists, we have emailed you a link. It is valid for 30 minutes.',
  resetTitle: 'Choose a new password',
  doneTitle: 'Password changed',
  done: 'You have been signed out everywhere. Sign in with your new password.',
  /** @param ways names of passkeys, and sites with the accounts there. */
  others: (ways: HtmlValue): Html => html`You can also sign in with: ${ways}.`,
  removeOthers: 'Remove them. Do this if you don’t recognize all of them; you can add your own again.',
  deadTitle: 'This link is no longer valid',
  dead: 'It was already used, it has expired, or a newer one was sent. Request a new one.',
  signUp: 'Create an account',
  signUpTitle: 'Create an account',
  signUpHow: 'We’ll email you a link to continue.',
  email: 'Email address',
  emailUnfit: 'This is not a valid email address.',
  name: 'Your name',
  create: 'Create account',
  taken: 'This username is taken. Choose another one.',
  usernameUnfit: 'A username must have 1 to 256 characters and no @.',
  signUpSent: 'We have emailed you a link. It is valid for one hour.',
  invitedOnly: 'You need an invitation to create an account. Ask the operator of this server.',
  creating: (email: HtmlValue): Html => html`Account for ${email}`,
};

/** Texts of e-mail messages, with the server's name as the operator wrote it. */
export const email = {
  resetSubject: (server: string): string => `Choose a new password for ${server}`,
  reset: (server: string, link: string): string =>
    `You recently asked to reset your password for ${server}.\n\nChoose a new one within 30 minutes:\n${link}\n\nIf this wasn’t you, ignore this email. Your password stays the same.\n`,
  signUpSubject: (server: string): string => `Create your account at ${server}`,
  signUp: (server: string, link: string): string =>
    `You recently asked to create an account at ${server}.\n\nContinue within one hour:\n${link}\n\nIf this wasn’t you, ignore this email. No account will be created.\n`,
  knownSubject: (server: string): string => `You have an account at ${server}`,
  known: (server: string, link: string): string =>
    `You recently asked to create an account at ${server}, but you already have one.\n\nSign in here:\n${link}\n\nIf this wasn’t you, ignore this email.\n`,
};
