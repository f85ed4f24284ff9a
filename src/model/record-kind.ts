/**
 * The kinds of records, and which of them survive when a backup is restored and the server starts under a new epoch (`stores/prefixed`).
 * Lasting: what users and operators created, and limits. Ending: everything that gives access or may have been revoked since the backup,
 * which would otherwise become valid again. A test compares this with docs/reference/storage.md.
 */

/** Kinds that survive. */
export const LASTING_RECORDS: readonly string[] = [
  'account',
  'audit',
  'audit-head',
  'audit-log',
  'client',
  'client-mode',
  'client-status',
  'document',
  'email',
  'former',
  'identity',
  'jwks',
  'known-browser',
  'limit',
  'logo',
  'measures',
  'notices',
  'passkey',
  'place',
  'quota',
  'removed',
  'replay',
  'state',
  'totp',
  'username',
];

/** All other kinds. A kind in neither list ends too: forgetting it signs users out, and lets no one in. */
export const ENDING_RECORDS: readonly string[] = [
  'admins-leaving',
  'answered',
  'approved',
  'connection',
  'consent',
  'device',
  'grant',
  'health',
  'identities-leaving',
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

/** Index prefixes that survive. */
export const LASTING_LISTS: readonly string[] = ['accounts', 'audit', 'client-status', 'clients', 'identities', 'passkeys', 'unused'];

/** All other index prefixes. `client:<id>` and `user:<id>` list grants. */
export const ENDING_LISTS: readonly string[] = ['client', 'consents', 'keys', 'sessions', 'upstreams', 'user'];
