/** English of the pages: signing in, approving an app, the account, and messages. */
import { html, type Html, type HtmlValue } from '../../lib/html.ts';

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

/** Texts of signing in by user name and password, and of the pages around it. */
export const password = {
  label: 'Password',
  enter: 'Enter your password',
  instead: 'Use your password instead',
  username: 'Username',
  password: 'Password',
  title: 'Password',
  change: 'Change your password',
  changeWhy: 'You will be signed out of all other browsers, and you will have to reconnect every app.',
  current: 'Current password',
  fresh: 'New password',
  rule: 'At least 8 characters.',
  set: 'Change password',
  wrong: 'The current password is wrong.',
  unfit: 'A password must have 8 to 1,024 characters.',
  breached: 'This password has appeared in a data breach. Choose another one.',
  changedMeanwhile: 'Your account was changed in the meantime. Try again.',
  forgot: 'Forgot your password?',
  forgotTitle: 'Reset your password',
  forgotHow: 'We’ll email you a link to choose a new password.',
  nameOrEmail: 'Username or email address',
  send: 'Send link',
  sentTitle: 'Check your email',
  /** The same for every address, with or without an account. */
  sent: 'If the account exists, we have emailed you a link. It is valid for 30 minutes.',
  resetTitle: 'Choose a new password',
  doneTitle: 'Password changed',
  done: 'You have been signed out everywhere. Sign in with your new password.',
  /** @param ways names of passkeys, and sites with the accounts there. */
  others: (ways: HtmlValue): Html => html`You can also sign in with: ${ways}.`,
  removeOthers: 'Remove them. Do this if you don’t recognize all of them; you can add your own again.',
  deadTitle: 'This link is no longer valid',
  dead: 'It was already used, it has expired, or a newer one was sent. Request a new one.',
  signUp: 'Create an account',
  signUpTitle: 'Create an account',
  signUpHow: 'We’ll email you a link to continue.',
  email: 'Email address',
  emailUnfit: 'This is not a valid email address.',
  name: 'Your name',
  create: 'Create account',
  taken: 'This username is taken. Choose another one.',
  usernameUnfit: 'A username must have 1 to 256 characters and no @.',
  signUpSent: 'We have emailed you a link. It is valid for one hour.',
  invitedOnly: 'You need an invitation to create an account. Ask the operator of this server.',
  creating: (email: HtmlValue): Html => html`Account for ${email}`,
};

/** Texts of e-mail messages, with the server's name as the operator wrote it. */
export const email = {
  resetSubject: (server: string): string => `Choose a new password for ${server}`,
  reset: (server: string, link: string): string =>
    `You recently asked to reset your password for ${server}.\n\nChoose a new one within 30 minutes:\n${link}\n\nIf this wasn’t you, ignore this email. Your password stays the same.\n`,
  signUpSubject: (server: string): string => `Create your account at ${server}`,
  signUp: (server: string, link: string): string =>
    `You recently asked to create an account at ${server}.\n\nContinue within one hour:\n${link}\n\nIf this wasn’t you, ignore this email. No account will be created.\n`,
  knownSubject: (server: string): string => `You have an account at ${server}`,
  known: (server: string, link: string): string =>
    `You recently asked to create an account at ${server}, but you already have one.\n\nSign in here:\n${link}\n\nIf this wasn’t you, ignore this email.\n`,
};

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

/** Texts about a device. */
export const device = {
  title: 'Connect a device',
  lead: 'Enter the code shown on your other device.',
  code: 'Code',
  compare:
    'Does your device show this code? Continue only if it does and you started this yourself. Someone who sends you a code may be after your access.',
  go: 'Continue',
  unknown: 'This code is wrong or has expired. Check it again, or start over on the device.',
  asks: (code: HtmlValue): Html =>
    html`The request comes from an app on another device. Allow it only if you just started this yourself and the device in front of you
    shows this code: ${code}`,
  doneTitle: 'Device connected',
  done: 'Go back to the device. You can close this page.',
  refusedTitle: 'Device denied',
  refused: 'It has no access. You can close this page.',
};

/** Texts of the home page. */
export const home = {
  lead: 'This is an MCP server. Connect it to your AI app to use it.',
  url: 'Server URL',
  signIn: 'Your app asks you to sign in the first time you use it.',
};

/** Texts of messages. */
export const message = {
  whatToDo: 'What to do now',
  backTo: (host: HtmlValue): Html => html`Back to ${host}`,
  request: (id: HtmlValue): Html => html`If you contact support, include this ID: ${id}`,
  doneTitle: 'Already done',
  done: 'Your first answer was received, and the app has it. Nothing happened twice.',
  doneToDo: 'Go back to your app. You can close this page.',
  overTitle: 'This request is no longer open',
  over: 'It was already answered, it expired, or it was started in another browser. Opening it again changed nothing.',
  overToDo: 'Go back to the app that sent you here and connect again. You can close this page.',
};

/** Texts of error pages. */
export const error = {
  title: 'Something is wrong with this request',
  message: 'The app that sent you here made a request that this server does not accept.',
  toDo: 'Go back to the app that sent you here and start again. If it happens again, contact the app’s developer.',
  brokenTitle: 'Something went wrong',
  broken: 'The server ran into an unexpected problem.',
  unavailable: 'The server is unavailable right now.',
  brokenToDo: 'Try again in a moment. If it happens again, contact the operator of this server.',
  detail: (text: HtmlValue): Html => html`Technical detail: ${text}`,
};

/** Texts of errors, by reason. All other errors use {@link error}. */
export const errorReasons = {
  client_unknown: 'This app is not registered here, or its registration has expired.',
  another_browser:
    'This page was opened in another browser, or this browser blocks cookies. Allow cookies for this site, go back to the app and start again.',
  cross_site: 'The request came from another site. Go back to the app and start again.',
  step_limited: 'Too many sign-ins were started from this network. Wait a few minutes and try again.',
  authorize_limited: 'Too many sign-ins were started from this network. Wait a few minutes and try again.',
};
