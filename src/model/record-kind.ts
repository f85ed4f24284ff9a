/**
 * The kinds of records, and what becomes of each when a backup was restored and the server is started under a new epoch
 * (`stores/epoch`). Lasting: what people and operators made, and what only limits. Ending: whatever opens something or was taken back
 * since, since a backup would bring that to life again. docs/storage.md says the same in its table, held by a test.
 */

/** What an epoch does to a kind. */
export type Fate = 'lasts' | 'ends';

/** Every kind that is written. One that is not here ends: forgetting it logs people out, and lets nobody in. */
export const RECORD_KINDS: { readonly [kind: string]: Fate } = {
  account: 'lasts',
  answered: 'ends',
  approved: 'ends',
  client: 'lasts',
  connection: 'ends',
  consent: 'ends',
  device: 'ends',
  document: 'lasts',
  email: 'lasts',
  grant: 'ends',
  health: 'ends',
  identity: 'lasts',
  invitation: 'ends',
  journey: 'ends',
  'known-browser': 'lasts',
  limit: 'lasts',
  link: 'ends',
  mcp: 'ends',
  passkey: 'lasts',
  'passkey-challenge': 'ends',
  'passkeys-leaving': 'ends',
  pushed: 'ends',
  quota: 'lasts',
  removed: 'lasts',
  replay: 'lasts',
  session: 'ends',
  'signing-keys': 'ends',
  state: 'lasts',
  step: 'ends',
  ticket: 'ends',
  totp: 'lasts',
  trip: 'ends',
  upstream: 'ends',
  usercode: 'ends',
  username: 'lasts',
};

/** Every list that records stand in, by what it groups. `client:<id>` and `user:<id>` hold grants. */
export const LIST_KINDS: { readonly [kind: string]: Fate } = {
  client: 'ends',
  clients: 'lasts',
  consents: 'ends',
  identities: 'lasts',
  passkeys: 'lasts',
  sessions: 'ends',
  upstreams: 'ends',
  user: 'ends',
};
