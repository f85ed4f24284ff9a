/** English of sign-ins that take more than one page. */
import { html } from '../../lib/html.ts';
import type { Html, HtmlValue } from '../../lib/html.ts';

/** Texts that the pages of all steps share. */
export const step = {
  restart: 'Start again',
};

/** Texts of signing in with a code sent by e-mail, and of the message. */
export const emailCode = {
  label: 'Email code',
  send: 'Send code',
  instead: 'Email me a code instead',
  address: 'Email address',
  title: 'Check your email',
  /** True with or without a message: a caller must not learn which addresses are known. */
  sent: (address: HtmlValue): Html => html`If ${address} can sign in here, we have emailed a code to it. Enter it within 10 minutes.`,
  code: 'Code',
  button: 'Sign in',
  again: 'Send a new code',
  subject: (code: string, host: string): string => `${code} is your code for ${host}`,
  codeIs: (host: string): string => `Your code to sign in at ${host}:`,
  expires: 'Enter it on the page that asked for it. It works once, within 10 minutes.',
  ignore: (host: string): string =>
    `If you didn’t just try to sign in at ${host}, ignore this email. Never share the code: no one can sign in without it.`,
};

/** Texts of the second factor by an authenticator app: asking for it, and the page where it is set up. */
export const totp = {
  download: 'Download',
  copyCodes: 'Click the codes to select them all.',
  sureRenew: 'Your current recovery codes will stop working.',
  sureOff: 'Signing in will no longer ask for a code.',
  askTitle: 'Confirm it’s you',
  ask: 'Open your authenticator app and enter the code for this server.',
  code: 'Code from your authenticator app',
  confirm: 'Confirm',
  lost: 'Use a recovery code instead',
  recoveryCode: 'Recovery code',
  title: 'Authenticator app',
  on: 'On: required to sign in',
  off: 'Off',
  why: 'Protects your account even if someone learns your password.',
  scan: 'Scan this with your authenticator app',
  picture: 'QR code with the key for your authenticator app',
  open: 'Or open it in an app on this device',
  byHand: 'Or enter the key manually',
  firstCode: 'Current code from the app',
  turnOn: 'Turn on',
  codeWrong: 'That code is wrong. Check the app again, and make sure the clock on your device is correct.',
  recoveryCodes: 'Your recovery codes',
  keepCodes:
    'If you lose your app, each of these codes lets you sign in once. Print them or store them in a password manager. They won’t be shown again, and older codes no longer work.',
  kept: 'I have saved them',
  /** @param day since when. */
  since: (day: HtmlValue): Html => html`Enabled on ${day}.`,
  left: (count: number): string => (count === 1 ? '1 recovery code left.' : `${count} recovery codes left.`),
  renew: 'New recovery codes',
  turnOff: 'Turn off',
};
