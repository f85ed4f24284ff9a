/** English of personal access tokens. */
import { html } from '../../lib/html.ts';
import type { Html, HtmlValue } from '../../lib/html.ts';

/** Texts about personal access tokens. */
export const accessKey = {
  sureRevoke: 'Scripts and apps that use this token will stop working.',
  title: 'Personal access tokens',
  none: 'None',
  why: 'For scripts and apps that cannot sign in. A token may do what you allow it here, for as long as you say.',
  make: 'Make a token',
  name: 'Name',
  nameHint: 'What it is for',
  can: 'It will be able to',
  resource: 'Where it is good',
  every: 'Everywhere here',
  organization: 'For the organization',
  lasts: 'It lasts for',
  made: 'Copy your token now',
  madeWhy: 'It is shown only this once and is not stored here. Anyone who has it can act on your behalf: keep it like a password.',
  header: 'As a header, for any client',
  command: 'For Claude Code',
  kept: 'I have copied it',
  /** @param made a day. @param ends a day. */
  dates: (made: HtmlValue, ends: HtmlValue): Html => html`Made on ${made}, ends on ${ends}`,
  used: (day: HtmlValue): Html => html`Last used on ${day}`,
  unused: 'Never used',
  revoke: 'Revoke',
  nameBad: 'A name must have 1 to 64 characters.',
  tickOne: 'Choose at least one thing that it may do, and how long it lasts.',
  tooMany: 'You have as many tokens as an account can have. Revoke one first.',
  twice: 'This token was made a moment ago and shown then. If you did not copy it, revoke it and make another.',
};
