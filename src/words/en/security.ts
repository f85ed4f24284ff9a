/** English of passkeys, further steps of a sign-in, personal access tokens, security messages, and clients that wait for approval. */
import { html, type Html, type HtmlValue } from '../../lib/html.ts';

/** Texts about passkeys. */
export const passkey = {
  sureRemove: 'You will no longer be able to sign in with this passkey.',
  signIn: 'Sign in with a passkey',
  signUp: 'Create an account with a passkey',
  signUpHow: 'Choose a username. Your device then creates a passkey, and you sign in with your fingerprint, face or PIN.',
  signUpButton: 'Continue',
  useTitle: 'Use your passkey',
  useText: 'Your browser will ask for it. If it doesn’t, press the button.',
  useButton: 'Use your passkey',
  makeTitle: 'Create your passkey',
  makeText: (username: HtmlValue): Html => html`It signs you in to the new account ${username}. Your device stores it.`,
  makeButton: 'Create the passkey',
  noScript: 'Passkeys need JavaScript, which is turned off in this browser. Turn it on, or go back and sign in another way.',
  missing: 'This browser cannot use passkeys on this page. Use another browser, or go back and sign in another way.',
  cancelled: 'Passkey sign-in was cancelled or timed out, or this device has no passkey for this site. Press the button to try again.',
  known: 'This device already has a passkey for this account.',
  none: 'Passkey sign-in was cancelled. Your browser must support passkeys and allow JavaScript.',
  unknown: 'This passkey is not registered here. It may have been removed. Sign in another way, or use another passkey.',
  wrong: 'This passkey could not be checked. Try again.',
  counter: 'This passkey was rejected because it may have been copied. Sign in another way, remove it, and add a new one.',
  usernameTaken: 'This username is taken. Choose another one.',
  title: 'Passkeys',
  count: (count: number): string => (count === 0 ? 'None' : count === 1 ? '1 passkey' : `${count} passkeys`),
  notOwn: 'You sign in through another site. Add passkeys there.',
  empty: 'You have no passkeys yet. A passkey signs you in with your fingerprint, face or PIN, and cannot be phished.',
  defaultName: 'Passkey',
  synced: 'Synced between your devices',
  eligible: 'Can be synced; on one device so far',
  deviceBound: 'On one device only',
  created: (day: string): string => `Added on ${day}`,
  used: (day: string): string => `last used on ${day}`,
  unused: 'never used',
  name: 'Name',
  nameOfNew: 'Name of a new passkey',
  change: 'Rename or remove',
  rename: 'Rename',
  removing: (name: HtmlValue): Html => html`Remove ${name}`,
  lastOne: 'This is your last passkey, and your account has no password. Without it you cannot sign in.',
  sure: 'Remove it anyway',
  add: 'Add a passkey',
  addTitle: 'Add a passkey',
  addText: 'Your browser will ask where to save it: on this device, on your phone, or on a security key.',
  addButton: 'Create the passkey',
  back: 'Back to your passkeys',
  nameBad: 'A name must have 1 to 64 characters.',
  notYours: 'You have no such passkey. It may already have been removed.',
  taken: 'This passkey is already registered.',
  tooMany: 'You have reached the maximum number of passkeys. Remove one first.',
  challengeOver: 'That took too long or was sent twice. Try again.',
};

/** Texts that the pages of all steps share. */
export const step = {
  restart: 'Start again',
};

/** Texts of signing in with a code sent by e-mail, and of the message. */
export const emailCode = {
  label: 'Email code',
  send: 'Send code',
  instead: 'Email me a code instead',
  address: 'Email address',
  title: 'Check your email',
  /** True with or without a message: a caller must not learn which addresses are known. */
  sent: (address: HtmlValue): Html => html`If ${address} can sign in here, we have emailed a code to it. Enter it within 10 minutes.`,
  code: 'Code',
  button: 'Sign in',
  again: 'Send a new code',
  subject: (code: string, host: string): string => `${code} is your code for ${host}`,
  codeIs: (host: string): string => `Your code to sign in at ${host}:`,
  expires: 'Enter it on the page that asked for it. It works once, within 10 minutes.',
  ignore: (host: string): string =>
    `If you didn’t just try to sign in at ${host}, ignore this email. Never share the code: no one can sign in without it.`,
};

/** Texts of the second factor by an authenticator app: asking for it, and the page where it is set up. */
export const totp = {
  download: 'Download',
  copyCodes: 'Click the codes to select them all.',
  sureRenew: 'Your current recovery codes will stop working.',
  sureOff: 'Signing in will no longer ask for a code.',
  askTitle: 'Confirm it’s you',
  ask: 'Open your authenticator app and enter the code for this server.',
  code: 'Code from your authenticator app',
  confirm: 'Confirm',
  lost: 'Use a recovery code instead',
  recoveryCode: 'Recovery code',
  title: 'Authenticator app',
  on: 'On: required to sign in',
  off: 'Off',
  why: 'Protects your account even if someone learns your password.',
  scan: 'Scan this with your authenticator app',
  picture: 'QR code with the key for your authenticator app',
  open: 'Or open it in an app on this device',
  byHand: 'Or enter the key manually',
  firstCode: 'Current code from the app',
  turnOn: 'Turn on',
  codeWrong: 'That code is wrong. Check the app again, and make sure the clock on your device is correct.',
  recoveryCodes: 'Your recovery codes',
  keepCodes:
    'If you lose your app, each of these codes lets you sign in once. Print them or store them in a password manager. They won’t be shown again, and older codes no longer work.',
  kept: 'I have saved them',
  /** @param day since when. */
  since: (day: HtmlValue): Html => html`Enabled on ${day}.`,
  left: (count: number): string => (count === 1 ? '1 recovery code left.' : `${count} recovery codes left.`),
  renew: 'New recovery codes',
  turnOff: 'Turn off',
};

/** Texts about personal access tokens. */
export const accessKey = {
  sureRevoke: 'Scripts and apps that use this token will stop working.',
  title: 'Personal access tokens',
  none: 'None',
  why: 'For scripts and apps that cannot sign in. A token can do what you allow here, until it expires.',
  make: 'Create a token',
  name: 'Name',
  nameHint: 'What it is for',
  can: 'It will be able to',
  resource: 'Where it can be used',
  every: 'Everywhere on this server',
  organization: 'For the organization',
  lasts: 'Expires after',
  made: 'Copy your token now',
  madeWhy: 'It is shown only this once and is not stored here. Anyone who has it can act on your behalf: keep it like a password.',
  header: 'As a header, for any client',
  command: 'For Claude Code',
  kept: 'I have copied it',
  /** @param made a day. @param ends a day. */
  dates: (made: HtmlValue, ends: HtmlValue): Html => html`Created on ${made}, expires on ${ends}`,
  used: (day: HtmlValue): Html => html`Last used on ${day}`,
  unused: 'Never used',
  revoke: 'Revoke',
  nameBad: 'A name must have 1 to 64 characters.',
  tickOne: 'Choose at least one permission, and when the token expires.',
  tooMany: 'You have reached the limit of tokens for one account. Revoke one first.',
  twice: 'This token was created and shown a moment ago. If you did not copy it, revoke it and create another.',
};

/** Texts of these messages. The second value is the name of an app or a browser. */
export const notice = {
  subject: (server: string): string => `Security notice for your ${server} account`,
  app: (server: string, app: string): string => `The app ${app} was connected to your account at ${server}.`,
  key: (server: string, _name: string): string => `A personal access token was created for your account at ${server}.`,
  password: (server: string, _name: string): string => `The password of your account at ${server} was changed.`,
  factor: (server: string, _name: string): string => `The ways to sign in to your account at ${server} were changed.`,
  place: (server: string, browser: string): string => `Your account at ${server} was used to sign in from a new place: ${browser}`,
  ifYou: 'If this was you, you don’t have to do anything.',
  ifNot: 'If this wasn’t you, open this page within 7 days to sign out everywhere and disconnect all apps:',
  title: 'Wasn’t this you?',
  what: 'You will be signed out of every browser, and all apps will lose access. Then choose a new password.',
  button: 'Sign out everywhere',
  doneTitle: 'Signed out everywhere',
  done: 'All sessions have ended, and no app has access anymore. Now change your password, and check the other ways to sign in.',
  over: 'It was already used, or it has expired. Sign in to see your connected apps and browsers.',
};

/** Texts about the client policy. */
export const clientPolicy = {
  title: 'This app is waiting for approval',
  message: (app: HtmlValue): Html => html`${app} is new here. An administrator of this server has to approve it before you can connect it.`,
  ask: 'Ask an administrator of this server.',
  askContact: (contact: HtmlValue): Html => html`Ask ${contact}.`,
  whenApproved: 'When it is approved, go on here:',
  again: 'Try again',
  refused: 'This app is not allowed here. If you need it, ask an administrator of this server.',
  verified: (server: HtmlValue): Html => html`Verified by ${server}`,
};
