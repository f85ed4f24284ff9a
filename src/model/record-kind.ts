/**
 * The kinds of records, and what becomes of each when a backup was restored and the server is started under a new epoch
 * (`stores/epoch`). Lasting: what people and operators made, and what only limits. Ending: whatever opens something or was taken back
 * since, since a backup would bring that to life again. docs/reference/storage.md says the same in its table, held by a test.
 */

/** Kinds that stay. */
export const LASTING_RECORDS: readonly string[] = [
  'account',
  'client',
  'document',
  'email',
  'identity',
  'jwks',
  'known-browser',
  'limit',
  'passkey',
  'quota',
  'removed',
  'replay',
  'state',
  'totp',
  'username',
];

/** All other kinds that are written. One that is in neither list ends: forgetting it logs people out, and lets no one in. */
export const ENDING_RECORDS: readonly string[] = [
  'answered',
  'approved',
  'connection',
  'consent',
  'device',
  'grant',
  'health',
  'invitation',
  'link',
  'mcp',
  'passkey-challenge',
  'passkeys-leaving',
  'pushed',
  'session',
  'signing-keys',
  'step',
  'pending',
  'upstream',
  'upstream-state',
  'usercode',
];

/** Lists that stay, by what they group. */
export const LASTING_LISTS: readonly string[] = ['clients', 'identities', 'passkeys'];

/** All other lists. `client:<id>` and `user:<id>` hold grants. */
export const ENDING_LISTS: readonly string[] = ['client', 'consents', 'sessions', 'upstreams', 'user'];
