/** English of the consent page. */
import { html } from '../../lib/html.ts';
import type { Html, HtmlValue } from '../../lib/html.ts';

/** Texts of the consent page. */
export const approve = {
  title: (server: HtmlValue): Html => html`Allow access to ${server}?`,
  asks: (client: HtmlValue): Html => html`An app that calls itself “${client}” asks to use it on your behalf.`,
  asksKnown: (client: HtmlValue): Html => html`${client} asks to use it on your behalf.`,
  asksNameless: 'An app that gives no name asks to use it on your behalf.',
  appOf: 'It says it is the app of',
  sentTo: 'You will be sent to',
  loopback:
    'This is a program on this computer, and any program here could be listening. Go on only if you have just started this sign-in yourself.',
  scopes: 'It will be able to',
  scopesMore: 'It asks for more, to be able to',
  scopesBefore: 'You have allowed it before to',
  remember: 'Do not ask me again for this',
  rememberElsewhere: 'You are still asked when another site sends you here.',
  account: 'Signed in as',
  switch: 'Use another account',
  signIn: 'Sign in to allow it',
  allow: 'Allow',
  signInAndAllow: 'Sign in and allow',
  deny: 'Deny',
  or: 'or',
  continueWith: (site: HtmlValue): Html => html`Continue with ${site}`,
  continueAndAllow: (site: HtmlValue): Html => html`Continue with ${site} and allow`,
  continuing: 'Signing in this way allows it.',
  /** @param span a length of time: “30 days”. */
  lastsFor: (span: string): string => `Access lasts for ${span}.`,
  /** @param span a length of time: “30 days”. */
  lastsUnused: (span: string): string => `Access lasts until you disconnect it, or it is not used for ${span}.`,
  details: 'Details of this request',
  clientId: 'Client ID',
  website: 'Website, as the app says',
  answerTo: 'The answer goes to',
  policy: (host: HtmlValue): Html => html`Privacy policy (${host})`,
  terms: (host: HtmlValue): Html => html`Terms of service (${host})`,
  nowSignedInAs: (name: HtmlValue): Html => html`You are now signed in as ${name}. Look at the request once more and decide.`,
  noLongerSignedIn: 'You are no longer signed in. Look at the request once more and decide.',
  tickOne: 'Tick at least one line, or deny the request.',
};
