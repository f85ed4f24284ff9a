/** English of the page on which a user connects an upstream account for a tool. */
import { html } from '../../lib/html.ts';
import type { Html, HtmlValue } from '../../lib/html.ts';

/** Texts of that page. */
export const connect = {
  title: (site: string): string => `Connect ${site}`,
  lead: (app: HtmlValue, site: HtmlValue): Html =>
    html`${app} needs your ${site} account to do what you asked. This server keeps the access until you disconnect the app.`,
  go: (site: HtmlValue): Html => html`Continue to ${site}`,
  doneTitle: 'Connected',
  done: 'Go back to your app to continue. You can close this page.',
  otherTitle: 'This is for another user',
  other:
    'The app asked for a different account than the one signed in here. Nothing was connected. If someone sent you this link, don’t use it.',
};
