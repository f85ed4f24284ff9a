/** English of the account page and of what stands below it. */
import { html } from '../../lib/html.ts';
import type { Html, HtmlValue } from '../../lib/html.ts';

/** Texts of the account page. */
export const account = {
  title: 'Your account',
  back: 'Back to your account',
  again: 'Confirm that it is you',
  againWhy: 'For what you are about to do, sign in once more.',
  settings: 'Settings',
  apps: 'Connected apps',
  noApps: 'No app is connected.',
  nameless: 'An app without a name',
  can: 'It can:',
  organization: 'Organization:',
  /** @param since a day. @param used a day. */
  connected: (since: HtmlValue, used: HtmlValue): Html => html`Connected on ${since}, last used on ${used}`,
  disconnect: 'Disconnect',
  disconnectAll: 'Disconnect all apps',
  more: 'More apps',
  sessions: 'Signed-in browsers',
  here: 'This browser',
  /** Where a browser came from that came over the loopback interface. */
  thisComputer: 'This computer',
  browserOn: (browser: string, system: string): string => `${browser} on ${system}`,
  browser: 'A browser',
  /** @param since a day. @param seen a day. */
  session: (since: HtmlValue, seen: HtmlValue): Html => html`Signed in on ${since}, last seen on ${seen}`,
  end: 'Sign out there',
  everywhere: 'Sign out everywhere',
  andApps: 'Disconnect all apps too',
  signIns: 'Other ways to sign in',
  signInsWhy: 'Sites with which you get into this account',
  /** @param day when it was joined. */
  joined: (day: HtmlValue): Html => html`Since ${day}`,
  join: (site: HtmlValue): Html => html`Sign in with ${site} too`,
  part: 'Stop signing in with it',
  taken: 'That sign-in belongs to another account here. Sign in with it and see what it has; two accounts are never joined.',
  lastWay: 'This is the last way into your account. Add another one before you take it away.',
};
