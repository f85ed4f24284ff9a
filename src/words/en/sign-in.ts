/** English of signing in: the page for it, what every login says, and why a user was refused. */
import { html } from '../../lib/html.ts';
import type { Html, HtmlValue } from '../../lib/html.ts';

/** Texts of the sign-in page, and of signing in on any page. */
export const signIn = {
  title: 'Sign in',
  button: 'Sign in',
  next: 'Continue',
  signedInTitle: 'You are signed in',
  signOut: 'Sign out',
  signedOut: 'You are signed out.',
  yourAccount: 'your account',
  noSessionTitle: 'You are not signed in',
  noSession: 'You are not signed in with this browser. You sign in when you connect an app.',
  noSessionToDo: 'Go to your app and connect it to this server.',
  /** @param server its name. */
  hostFirst: (server: string): string => `You are not signed in to ${server} with this browser.`,
  hostFirstToDo: 'Sign in there first, in another tab, then load this page again.',
  choose: 'Choose how to sign in.',
  /** @param when from now: “in 5 minutes”. */
  limited: (when: string): string => `Too many attempts. Try again ${when}.`,
};

/** Why a user was refused, by the login's reason; `other` for every reason that is not listed. */
export const refused = {
  other: 'That did not work. Check what you typed and try again.',
  credentials_wrong: 'Wrong username or password.',
  email_malformed: 'That is not a valid email address.',
  email_code_wrong: 'Wrong code. Use the one from our latest email, or send a new code.',
  totp_wrong: 'Wrong code, or it was already used. Wait for the next one and try again.',
  recovery_code_wrong: 'Wrong recovery code, or it was already used.',
  credentials_changed: 'Your account has just been changed. Sign in again.',
  user_disabled: 'This account is disabled. Ask the operator of this server.',
  organization_not_allowed: 'This account is not in an organization that can sign in here. Use another account, or ask for access.',
  tenant_not_allowed: 'Accounts of this organization cannot sign in here. Use another account.',
  session_missing: 'You are not signed in there yet. Sign in, then try again.',
  proof_too_old: 'You were not asked to sign in again there. Sign out there, then try again.',
  team_not_allowed: 'Members of this workspace cannot sign in here. Use another account.',
};

/** Texts about upstream logins. */
export const site = {
  refused: (site: HtmlValue): Html => html`This ${site} account cannot sign in here. Use another account.`,
  unavailable: (site: HtmlValue): Html => html`${site} is not responding right now. Try again in a moment.`,
  broken: (site: HtmlValue): Html =>
    html`Signing in with ${site} failed. Try again; if it happens again, contact the operator of this server.`,
  /** @param domains a list: “a.example or b.example”. */
  onlyDomains: (domains: HtmlValue): Html =>
    html`Only people with a verified ${domains} email address can sign in here. Use another account.`,
  membershipNotTold: (link: HtmlValue): Html =>
    html`The site did not say whether you are a member. <a href="${link}">Let this app see your membership</a>, then sign in again.`,
  onlyAccountsOf: (owner: HtmlValue): Html => html`Only accounts of ${owner} can sign in here. Use another account.`,
  /** The provider did not return when the user authenticated, but the server needs that. */
  noTime: (site: HtmlValue): Html =>
    html`${site} did not confirm that it was you just now, so nothing was changed. Confirm it in another way, or ask the operator of this
    server.`,
};
