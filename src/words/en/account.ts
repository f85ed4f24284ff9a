/** English of the account page and of what stands below it. */
import { html } from '../../lib/html.ts';
import type { Html, HtmlValue } from '../../lib/html.ts';

/** Texts of the account page. */
export const account = {
  surePart: (site: HtmlValue): Html => html`You will no longer be able to sign in with ${site}.`,
  sureEverywhere: 'You will be signed out of every browser, including this one.',
  sureAll: 'All apps will lose access right away.',
  sureApp: (app: HtmlValue): Html => html`${app} will lose access right away.`,
  title: 'Your account',
  back: 'Back to your account',
  again: 'Confirm it’s you',
  againWhy: 'Sign in again to make this change.',
  settings: 'Settings',
  apps: 'Connected apps',
  noApps: 'No apps are connected.',
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
  end: 'Sign out',
  everywhere: 'Sign out everywhere',
  andApps: 'Also disconnect all apps',
  signIns: 'Other ways to sign in',
  signInsWhy: 'Other sites you can sign in with',
  /** @param day when it was joined. */
  joined: (day: HtmlValue): Html => html`Added on ${day}`,
  join: (site: HtmlValue): Html => html`Also sign in with ${site}`,
  part: 'Remove',
  taken: 'That sign-in already belongs to another account here. Sign in with it to see that account. Accounts cannot be merged.',
  lastWay: 'This is your only way to sign in. Add another one before you remove it.',
};
