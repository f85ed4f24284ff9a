/** English of sign-ins that take more than one page. */
import { html } from '../../lib/html.ts';
import type { Html, HtmlValue } from '../../lib/html.ts';

/** Texts that the pages of all steps share. */
export const step = {
  restart: 'Start again',
};

/** Texts of signing in with a code sent by e-mail, and of the message. */
export const emailCode = {
  label: 'E-mail code',
  address: 'E-mail address',
  title: 'Check your e-mail',
  /** True with or without a message: a caller must not learn which addresses are known. */
  sent: (address: HtmlValue): Html =>
    html`If ${address} may sign in here, a code is on its way there. Type it on this page; it is good for 10 minutes.`,
  code: 'Code',
  button: 'Sign in',
  again: 'Send another code',
  subject: (code: string, host: string): string => `${code} is your code for ${host}`,
  codeIs: (host: string): string => `Your code to sign in at ${host}:`,
  expires: 'Type it on the page that asked for it. It is good for 10 minutes, once.',
  ignore: (host: string): string =>
    `If you did not just try to sign in at ${host}, do nothing, and do not tell anyone the code: without it no one gets in.`,
};

/** Texts of the second factor by an authenticator app: asking for it, and the page where it is set up. */
export const totp = {
  askTitle: 'Confirm that it is you',
  ask: 'Open your authenticator app and type the code that it shows for this server.',
  code: 'Code of your app',
  confirm: 'Confirm',
  lost: 'Use a recovery code instead',
  recoveryCode: 'Recovery code',
  title: 'Authenticator app',
  on: 'On: signing in asks for its code',
  off: 'Off',
  why: 'With it, no one can sign in to your account with only your password or your mail.',
  scan: 'Scan this with your authenticator app',
  picture: 'QR code with the key for your authenticator app',
  open: 'Or open it in an app on this device',
  byHand: 'Or type the key by hand',
  firstCode: 'The code that the app shows now',
  turnOn: 'Turn on',
  codeWrong: 'That is not the code that the app shows now. Look again, and check that the clock of your device is right.',
  recoveryCodes: 'Your recovery codes',
  keepCodes:
    'Without your app, each of these lets you in once. Print them or keep them in a password manager: they are not shown again, and earlier ones are no longer good.',
  kept: 'I have kept them',
  /** @param day since when. */
  since: (day: HtmlValue): Html => html`It is on since ${day}.`,
  left: (count: number): string => (count === 1 ? '1 recovery code is left.' : `${count} recovery codes are left.`),
  renew: 'New recovery codes',
  turnOff: 'Turn off',
};
