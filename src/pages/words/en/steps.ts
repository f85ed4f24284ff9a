/** English of sign-ins that take more than one page. */
import { html } from '../../../lib/html.ts';
import type { Html, HtmlValue } from '../../../lib/html.ts';

/** Texts that the pages of all steps share. */
export const step = {
  restart: 'Start again',
};

/** Texts of signing in with a code sent by e-mail, and of the message. */
export const emailCode = {
  label: 'E-mail code',
  address: 'E-mail address',
  title: 'Check your e-mail',
  /** True whether or not a message was sent: who asks must not learn which addresses are known. */
  sent: (address: HtmlValue): Html =>
    html`If ${address} may sign in here, a code is on its way there. Type it on this page; it is good for 10 minutes.`,
  code: 'Code',
  button: 'Sign in',
  again: 'Send another code',
  subject: (code: string, host: string): string => `${code} is your code for ${host}`,
  codeIs: (host: string): string => `Your code to sign in at ${host}:`,
  expires: 'Type it on the page that asked for it. It is good for 10 minutes, once.',
  ignore: (host: string): string =>
    `If you did not just try to sign in at ${host}, do nothing, and tell the code to nobody: without it nobody gets in.`,
};
