/** The lists of upstream identities, which also the first sign-in with one needs. */
import type { IndexKey } from '../../model/store.ts';

/** Name of an account at an upstream. */
export type UpstreamName = { readonly account: string; readonly isEmail?: true };

/** The lists that an identity is in: its user's, all, and those with the same account name, to find a user by address. */
export function listsOfIdentity(userId: string, account: string): readonly IndexKey[] {
  return [`identities:${userId}`, 'identities:/all', `identities:/account/${account.toLowerCase()}`];
}
