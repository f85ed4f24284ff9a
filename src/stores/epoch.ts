/**
 * Epoch store: grants, sessions and pending requests have the current epoch's name in their keys. Under a new name none of the old ones are
 * found, so after restoring a backup, nothing that was revoked or rotated since becomes valid again (FLT-26). Costs no read. Accounts, clients,
 * identities and user states of MCP servers stay. Records of an old epoch expire as usual.
 */
import type { Store } from '../model/store.ts';
import { LASTING_LISTS, LASTING_RECORDS } from '../model/record-kind.ts';
import { prefixed, renamedStore } from './prefixed.ts';

const namesOf = (kinds: readonly string[]): RegExp => new RegExp(`^(?:${kinds.join('|')}):`);
const LASTING = { key: namesOf(LASTING_RECORDS), list: namesOf(LASTING_LISTS) };
const NAME = /^[a-z0-9][a-z0-9.-]{0,31}$/;

/**
 * The store as seen by one epoch.
 *
 * @throws {TypeError} unless the name has 1 to 32 lower-case letters, digits, full stops and hyphens.
 */
export function epochStore(store: Store, epoch: unknown): Store {
  if (typeof epoch !== 'string' || !NAME.test(epoch))
    throw new TypeError(
      'OAuthProvider: PORTCULLIS_EPOCH must be 1 to 32 lower-case letters, digits, full stops and hyphens, such as a date.',
    );
  return renamedStore(store, prefixed(`${epoch}@`, LASTING));
}
