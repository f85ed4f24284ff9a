/** English of the page that signs in the command line of an administrator. */
import { html } from '../../lib/html.ts';
import type { Html, HtmlValue } from '../../lib/html.ts';

/** Texts about the command line. */
export const commandLine = {
  title: 'Let the command line act as you?',
  lead: (server: HtmlValue, user: HtmlValue): Html =>
    html`A program on your computer asks to administer ${server} as ${user} for one hour. It can see and change there what you can.`,
  code: 'Your terminal shows this code:',
  check:
    'Go on only if you have just started the program yourself, and your terminal shows the same code. If someone sent you this link, deny it.',
  answer: (address: HtmlValue): Html => html`The answer goes to ${address} on this computer.`,
};
