/** English of the consent page. */
import { html } from '../../lib/html.ts';
import type { Html, HtmlValue } from '../../lib/html.ts';

/** Texts of the consent page. */
export const approve = {
  title: (server: HtmlValue): Html => html`Allow access to ${server}?`,
  asks: (client: HtmlValue): Html => html`An app that calls itself “${client}” wants to use it on your behalf.`,
  asksKnown: (client: HtmlValue): Html => html`${client} wants to use it on your behalf.`,
  asksNameless: 'An app without a name wants to use it on your behalf.',
  appOf: 'Says it is from',
  sentTo: 'You will be sent to',
  loopback:
    'This is a program on this computer, and any program here could be listening. Continue only if you just started this sign-in yourself.',
  scopes: 'It will be able to',
  scopesMore: 'It would also be able to',
  scopesBefore: 'You have already allowed it to',
  remember: 'Don’t ask me again for this',
  rememberElsewhere: 'You will still be asked if another site sends you here.',
  account: 'Signed in as',
  switch: 'Use another account',
  signIn: 'Sign in to allow access',
  allow: 'Allow',
  signInAndAllow: 'Sign in and allow',
  deny: 'Deny',
  or: 'or',
  continueWith: (site: HtmlValue): Html => html`Continue with ${site}`,
  continueAndAllow: (site: HtmlValue): Html => html`Continue with ${site} and allow`,
  continuing: 'Continuing also allows access.',
  /** @param span a length of time: “30 days”. */
  lastsFor: (span: string): string => `Access lasts for ${span}.`,
  /** @param span a length of time: “30 days”. */
  lastsUnused: (span: string): string => `Access continues until you disconnect the app or it goes unused for ${span}.`,
  details: 'Details of this request',
  clientId: 'Client ID',
  website: 'Website, according to the app',
  answerTo: 'Sends you to',
  policy: (host: HtmlValue): Html => html`Privacy policy (${host})`,
  terms: (host: HtmlValue): Html => html`Terms of service (${host})`,
  nowSignedInAs: (name: HtmlValue): Html => html`You are now signed in as ${name}. Review the request and decide again.`,
  noLongerSignedIn: 'You are no longer signed in. Review the request and decide again.',
  tickOne: 'Select at least one permission, or deny the request.',
};
