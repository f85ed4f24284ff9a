/** English of the confirmation page after the login: choice of an organization, and scopes that cannot be granted. */
import { html } from '../../lib/html.ts';
import type { Html, HtmlValue } from '../../lib/html.ts';

/** Texts of the confirm page. */
export const confirm = {
  title: 'Allow only this?',
  chooseTitle: 'Choose an organization',
  lead: (client: HtmlValue, host: HtmlValue): Html => html`${client} asks for access. You will be sent to ${host}.`,
  organization: 'It will work for',
  dropped: 'Your account cannot let it',
  nothingLeft: 'This account cannot allow what the app needs. Use another account, or deny the request.',
  cannotAllow: 'Your account cannot allow this.',
  unlocks: (tools: HtmlValue): Html => html`Used by the tools ${tools}`,
  siteAsks: (site: HtmlValue, scopes: HtmlValue): Html => html`${site} will be asked for ${scopes}.`,
};
