/**
 * English of the admin page, and the shape of its other languages, which have one line for each text, in this order. What other pages say as
 * well (“Sign out everywhere”, “Passkeys”) stands in `src/words`. `$1` and `$2` are values.
 */

/** Every text of the admin page. */
export const EN = {
  title: 'Administration',
  overview: 'Overview',
  users: 'Users',
  apps: 'Apps',
  grants: 'Grants',
  keys: 'Keys',
  audit: 'Audit',
  health: 'Health',
  search: 'Search',
  searchHint: 'Email, name or ID',
  skip: 'Skip to content',
  nothing: 'Nothing found.',
  more: 'More',
  all: 'All',
  user: 'User',
  app: 'App',
  id: 'ID',
  status: 'Status',
  actions: 'Actions',
  created: 'Created',
  used: 'Last used',
  ends: 'Expires',
  scopes: 'Scopes',
  organization: 'Organization',
  permissions: 'Permissions',
  save: 'Save',
  apply: 'Apply',
  active: 'Active',
  disabled: 'Disabled',
  removed: 'Removed',
  waiting: 'Waiting',
  approved: 'Approved',
  blocked: 'Blocked',
  fresh: 'New',
  verified: 'Verified',
  outside: 'From other sites',
  disable: 'Disable',
  sureDisable: 'All sessions, grants and keys of this user end now. They cannot sign in until you enable them again.',
  enable: 'Enable',
  remove: 'Remove for good',
  sureRemove: 'The account and everything in it is deleted. This cannot be undone.',
  sureSignOut: 'All sessions and grants of this user end now.',
  sureFactor: 'The user then signs in without a second factor until they set up a new one. Make sure that it is really them who asks.',
  sureWay: 'The user can no longer sign in this way.',
  askAgain: 'Ask for consent again',
  sureAskAgain: 'Apps must ask this user again before they get new access.',
  approve: 'Approve',
  block: 'Block',
  sureBlock: 'All grants of this app end now, and no user can connect it.',
  reset: 'Undo this decision',
  deleteApp: 'Delete',
  sureDelete: 'The app, all its grants and tokens are deleted. This cannot be undone.',
  sureRevoke: 'The app loses access right away.',
  revokeAll: 'Revoke all that match',
  sureRevokeAll: 'Every app in this list loses access right away, also on the pages that follow.',
  newApps: 'Apps that are not approved',
  allow: 'Can be connected',
  approveFirst: 'Wait for approval',
  refuse: 'Are refused',
  configured: 'As configured',
  waitingApps: 'Apps that wait for approval',
  noneWaiting: 'No app waits for approval.',
  askedBy: 'Asked for by',
  hosts: 'Hosts',
  redirects: 'Redirect URIs',
  unused: 'Not used for',
  server: 'Server',
  serviceKey: 'Service key',
  personal: 'Personal',
  newUser: 'New user',
  newApp: 'New app',
  newKey: 'New service key',
  inspect: 'Inspect a token',
  secretOnce: 'The secret is shown only this once.',
  time: 'Time',
  act: 'Action',
  by: 'By',
  target: 'Target',
  outcome: 'Result',
  from: 'From',
  until: 'Until',
  exportAll: 'Export',
  verify: 'Check the log',
  intact: 'The log is complete and unchanged.',
  tampered: 'The log was changed, or something was removed from it:',
  healthy: 'The server works.',
  unhealthy: 'The store does not work:',
  sweep: 'Remove expired records',
  done: 'Done.',
  doneCount: 'Done: $1.',
  goOn: 'There is more: repeat this on the list below.',
  changed: 'Nothing was done, because this was changed meanwhile. It was: $1. It is now: $2.',
  otherAdmin: 'Nothing was done, because another user has signed in with this browser.',
  twice: 'This form was sent twice. It was done once.',
  again: 'You have signed in again. Nothing was changed yet: repeat your last step.',
  own: 'You cannot do this to your own account. Another administrator can.',
  gone: 'It is no longer there. Nothing was changed.',
  forbidden: 'This page is for administrators.',
  activity: 'Activity',
  asTable: 'As a table',
  day: 'Day',
  measures: 'Active grants|Sign-ins|Failed sign-ins|New grants|Ended grants|Refreshes|Calls|Denials|Replays|Refusals|Errors',
} as const;

/** The texts in a language. */
export type AdminWords = { readonly [name in keyof typeof EN]: string };

/** Texts of a language by the tag of the page's language: one line for each text. */
export interface AdminLanguages {
  readonly [tag: string]: string;
}

/** The texts of a language; null if it is not there. */
export function adminWordsOf(languages: AdminLanguages, tag: string): AdminWords | null {
  if (tag === 'en') return EN;
  const lines = Object.hasOwn(languages, tag) ? languages[tag]?.trim().split('\n') : undefined;
  return lines === undefined ? null : (Object.fromEntries(Object.keys(EN).map((name, at) => [name, lines[at] ?? ''])) as AdminWords);
}

/** Puts values into a text. */
export function fill(text: string, ...values: readonly (string | number)[]): string {
  return text.replaceAll(/\$(\d)/g, (_, at: string) => String(values[Number(at) - 1] ?? ''));
}
