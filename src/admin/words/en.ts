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
  enable: 'Enable',
  remove: 'Remove for good',
  sureForGood: 'This cannot be undone.',
  sureSignOut: 'All sessions and grants of this user end now.',
  sureWay: 'The user can no longer sign in this way.',
  askAgain: 'Ask for consent again',
  approve: 'Approve',
  block: 'Block',
  reset: 'Undo this decision',
  deleteApp: 'Delete',
  revokeAll: 'Revoke all that match',
  newApps: 'Apps that are not approved',
  allow: 'Can be connected',
  approveFirst: 'Wait for approval',
  refuse: 'Are refused',
  configured: 'As configured',
  waitingApps: 'Apps waiting for approval',
  askedBy: 'Requested by',
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
  by: 'By',
  target: 'Target',
  outcome: 'Result',
  from: 'From',
  until: 'Until',
  exportAll: 'Export',
  verify: 'Check the log',
  intact: 'Complete and unchanged',
  tampered: 'Changed or truncated:',
  sweep: 'Remove expired records',
  done: 'Done.',
  doneCount: 'Done: $1.',
  goOn: 'There is more. Repeat this to continue.',
  changed: 'This was changed in the meantime, and nothing was done. Before: $1. Now: $2.',
  twice: 'This form was already sent.',
  again: 'You have signed in again, and nothing was changed. Repeat your last step.',
  own: 'You cannot do this to your own account. Another administrator can.',
  gone: 'It is no longer there.',
  forbidden: 'This page is for administrators.',
  activity: 'Activity',
  asTable: 'As a table',
  measures: 'Active grants|Sign-ins|Failed sign-ins|New grants|Ended grants|Refreshes|Calls|Denials|Replays|Refusals|Errors',
  cliTitle: 'Let the command line act as you?',
  cliLead: 'A program on your computer asks to administer $1 as $2 for one hour. It can see and change everything there that you can.',
  cliCode: 'Your terminal shows this code:',
  cliCheck:
    'Continue only if you have just started the program yourself, and your terminal shows the same code. If someone sent you this link, choose Deny.',
  cliAnswer: 'The answer goes to $1 on this computer.',
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
