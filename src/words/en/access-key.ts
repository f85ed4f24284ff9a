/** English of personal access tokens. */
import { html } from '../../lib/html.ts';
import type { Html, HtmlValue } from '../../lib/html.ts';

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
