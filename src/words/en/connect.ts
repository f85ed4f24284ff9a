/** English of the page on which a user connects an upstream account for a tool. */
import { html } from '../../lib/html.ts';
import type { Html, HtmlValue } from '../../lib/html.ts';

/** Texts of that page. */
export const connect = {
  title: (site: string): string => `Connect ${site}`,
  lead: (app: HtmlValue, site: HtmlValue): Html =>
    html`${app} needs your account at ${site} for what you asked it to do. This server keeps the access for it, until you disconnect the
    app.`,
  go: (site: HtmlValue): Html => html`Go on to ${site}`,
  doneTitle: 'Connected',
  done: 'Go back to your app; it goes on from here. You can close this page.',
  otherTitle: 'This is for another user',
  other:
    'The app asked for another account of this server than the one that is signed in here. Nothing was connected. If someone sent you this link, do not use it.',
};
