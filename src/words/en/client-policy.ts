/** English of clients that wait for approval, are refused or verified. */
import { html } from '../../lib/html.ts';
import type { Html, HtmlValue } from '../../lib/html.ts';

/** Texts about the client policy. */
export const clientPolicy = {
  title: 'This app is waiting for approval',
  message: (app: HtmlValue): Html => html`${app} is new here. An administrator of this server has to approve it before you can connect it.`,
  ask: 'Ask an administrator of this server.',
  askContact: (contact: HtmlValue): Html => html`Ask ${contact}.`,
  whenApproved: 'When it is approved, go on here:',
  again: 'Try again',
  refused: 'This app is not allowed here. If you need it, ask an administrator of this server.',
  verified: (server: HtmlValue): Html => html`Verified by ${server}`,
};
