/** English of signing in: the page for it, what every login says, and why a user was refused. */
import { html } from '../../lib/html.ts';
import type { Html, HtmlValue } from '../../lib/html.ts';

/** Texts of the sign-in page, and of signing in on any page. */
export const signIn = {
  title: 'Sign in',
  button: 'Sign in',
  signedInTitle: 'You are signed in',
  signOut: 'Sign out',
  yourAccount: 'your account',
  noSessionTitle: 'You are not signed in',
  noSession: 'You are not signed in with this browser. You sign in when you connect an app.',
  noSessionToDo: 'Go to your app and connect it to this server.',
  /** @param server its name. */
  hostFirst: (server: string): string => `You are not signed in to ${server} with this browser.`,
  hostFirstToDo: 'Sign in there first, in another tab, then load this page again.',
  choose: 'Choose how to sign in.',
  /** @param when from now: “in 5 minutes”. */
  limited: (when: string): string => `Too many tries. Try again ${when}.`,
};

/** Why a user was refused, by the login's reason; `other` for every reason that is not listed. */
export const refused = {
  other: 'That did not work. Check what you typed and try again.',
  credentials_wrong: 'That user name and password do not go together. Check both and try again.',
  email_malformed: 'That is not an e-mail address. Check it and try again.',
  email_code_wrong: 'That is not the code of the last message. Check it and try again, or have another one sent.',
  totp_wrong: 'That is not the code that the app shows now, or it was used already. Wait for the next one and try again.',
  recovery_code_wrong: 'That is not one of your recovery codes, or it was used already.',
  credentials_changed: 'Your account has just been changed. Sign in again.',
  organization_not_allowed:
    'This account is not a member of an organization that may sign in here. Use another account, or ask for access.',
  tenant_not_allowed: 'Accounts of this organization may not sign in here. Use another account.',
  session_missing: 'You are not signed in there yet. Sign in, then try again.',
  proof_too_old: 'You were let through without being asked again who you are. Sign out there, then try again.',
  team_not_allowed: 'Members of this workspace may not sign in here. Use another account.',
};

/** Texts about upstream logins. */
export const site = {
  refused: (site: HtmlValue): Html => html`This ${site} account may not sign in here. Use another account.`,
  unavailable: (site: HtmlValue): Html => html`${site} does not answer right now. Try again in a moment.`,
  broken: (site: HtmlValue): Html =>
    html`The sign-in with ${site} did not work. Try again; if it happens again, tell the operator of this server.`,
  /** @param domains a list: “a.example or b.example”. */
  onlyDomains: (domains: HtmlValue): Html =>
    html`Only people with a verified e-mail address of ${domains} may sign in here. Use another account.`,
  membershipNotTold: (link: HtmlValue): Html =>
    html`The site did not tell whether you are a member. <a href="${link}">Allow this app to see it there</a>, then sign in again.`,
  onlyAccountsOf: (owner: HtmlValue): Html => html`Only accounts of ${owner} may sign in here. Use another account.`,
  /** The provider did not return when the user authenticated, but the server needs that. */
  noTime: (site: HtmlValue): Html =>
    html`${site} did not confirm that it was you just now, so nothing was changed. Confirm it in another way, or ask the operator of this
    server.`,
};
