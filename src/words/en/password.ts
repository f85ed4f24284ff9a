/** English of user names and passwords: choosing, changing and resetting them. */
import { html } from '../../lib/html.ts';
import type { Html, HtmlValue } from '../../lib/html.ts';

/** Texts of signing in by user name and password, and of the pages around it. */
export const password = {
  label: 'Password',
  username: 'User name',
  password: 'Password',
  title: 'Password',
  change: 'Change your password',
  changeWhy: 'Afterwards you are signed out of every other browser, and every app has to be connected again.',
  current: 'Present password',
  fresh: 'New password',
  rule: 'At least 8 characters.',
  set: 'Change password',
  wrong: 'The present password is not right.',
  unfit: 'A password has 8 to 1,024 characters.',
  breached: 'This password stands in lists of stolen passwords. Choose another one.',
  changedMeanwhile: 'Your account was changed meanwhile. Try again.',
  forgot: 'Forgot your password?',
  forgotTitle: 'Get back in',
  forgotHow: 'We send you a link to choose a new password.',
  nameOrEmail: 'User name or e-mail address',
  send: 'Send the link',
  sentTitle: 'Look into your mail',
  /** The same for every address, with or without an account. */
  sent: 'If there is an account, a message with a link is on its way. The link is good for 30 minutes.',
  resetTitle: 'Choose a new password',
  doneTitle: 'Your password is changed',
  done: 'You were signed out everywhere. Sign in with the new password.',
  /** @param ways names of passkeys, and sites with the accounts there. */
  others: (ways: HtmlValue): Html => html`Your account can be entered with these, too: ${ways}.`,
  removeOthers: 'Remove them. Do so if you do not know them all; you can add your own again.',
  deadTitle: 'This link is no longer good',
  dead: 'It was used already, it is too old, or a newer one was sent. Ask for a new one.',
  signUp: 'Create an account',
  signUpTitle: 'Create an account',
  signUpHow: 'We send you a link to go on with.',
  email: 'E-mail address',
  emailUnfit: 'This is not an e-mail address.',
  name: 'Your name',
  create: 'Create account',
  taken: 'This user name is taken. Choose another one.',
  usernameUnfit: 'A user name has 1 to 256 characters, and no @.',
  signUpSent: 'A message with a link is on its way to you. The link is good for an hour.',
  invitedOnly: 'An account needs an invitation. Ask the operator of this server.',
  creating: (email: HtmlValue): Html => html`The account of ${email}`,
};

/** Texts of e-mail messages, with the server's name as the operator wrote it. */
export const email = {
  resetSubject: (server: string): string => `Choose a new password for ${server}`,
  reset: (server: string, link: string): string =>
    `Someone, most likely you, asked for a new password for your account at ${server}.\n\nChoose it here, within 30 minutes:\n${link}\n\nIf it was not you, do nothing: your password stays as it is.\n`,
  signUpSubject: (server: string): string => `Create your account at ${server}`,
  signUp: (server: string, link: string): string =>
    `Someone, most likely you, asked for an account at ${server} with this address.\n\nGo on here, within an hour:\n${link}\n\nIf it was not you, do nothing: no account is made.\n`,
  knownSubject: (server: string): string => `You have an account at ${server}`,
  known: (server: string, link: string): string =>
    `Someone, most likely you, asked for an account at ${server} with this address. You have one already.\n\nSign in here:\n${link}\n\nIf it was not you, do nothing.\n`,
};
