/**
 * Epoch store: a store whose grants, sessions and everything on its way bear the name of the present epoch. Under a new name nothing of
 * the old is found any more: after a backup was restored, what was revoked or rotated since cannot live again (FLT-26). Costs no read.
 * Accounts, clients, identities and what users keep in MCP servers stay. The rows of an old epoch vanish at their own ends.
 */
import type { Store } from '../model/store.ts';
import { LASTING_LISTS, LASTING_RECORDS } from '../model/record-kind.ts';
import { prefixed, renamedStore } from './prefixed.ts';

const namesOf = (kinds: readonly string[]): RegExp => new RegExp(`^(?:${kinds.join('|')}):`);
const LASTING = { key: namesOf(LASTING_RECORDS), list: namesOf(LASTING_LISTS) };
const NAME = /^[a-z0-9][a-z0-9.-]{0,31}$/;

/**
 * The store as one epoch sees it.
 *
 * @throws {TypeError} for a name that is not 1 to 32 lower-case letters, digits, full stops and hyphens.
 */
export function epochStore(store: Store, epoch: unknown): Store {
  if (typeof epoch !== 'string' || !NAME.test(epoch))
    throw new TypeError(
      'OAuthProvider: PORTCULLIS_EPOCH must be 1 to 32 lower-case letters, digits, full stops and hyphens, such as a date.',
    );
  return renamedStore(store, prefixed(`${epoch}@`, LASTING));
}
