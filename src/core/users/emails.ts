/**
 * Emails: which account an address belongs to, by proof: somebody read what was sent there, or the operator vouches.
 * An address that an account merely names stands nowhere here, so that nobody can lie in wait at somebody else's.
 */
import { foldAddress } from '../../model/email.ts';
import type { Store } from '../../model/store.ts';
import { type Changing, changeRecord } from '../../model/change-record.ts';
import { has, readRecord } from '../records/record.ts';
import type { Secrets } from '../records/secrets.ts';

/** The verbs over proven addresses. They take addresses as people type them; what is no address belongs to nobody. */
export interface Emails {
  /** The account's id; null if the address belongs to nobody. */
  ownerOf(address: string): Promise<string | null>;
  /** Gives an address to an account. False if it is another's. */
  claim(address: string, accountId: string): Promise<boolean>;
  /** Takes it back, if it is this account's. */
  free(address: string, accountId: string): Promise<void>;
}

/** Makes the verbs. */
export function makeEmails(store: Store, secrets: Secrets, runtime?: Changing['runtime']): Emails {
  const keyOf = async (address: string): Promise<`email:${string}` | null> => {
    const folded = foldAddress(address);
    return folded === null ? null : `email:${await secrets.hash(folded)}`;
  };
  return {
    async ownerOf(address) {
      const key = await keyOf(address);
      return key && ((await readRecord(store, key, isOwner))?.value.accountId ?? null);
    },
    async claim(address, accountId) {
      const key = await keyOf(address);
      if (key === null) return false;
      return changeRecord({ store, runtime }, key, isOwner, async (owner) => {
        if (owner?.accountId === accountId) return { result: true };
        // One whose account is not there was left by a process that died.
        if (owner && (await store.read(`account:${owner.accountId}`))) return { result: false };
        return { write: { v: 1, accountId }, result: true };
      });
    },
    async free(address, accountId) {
      const key = await keyOf(address);
      const held = key && (await readRecord(store, key, isOwner));
      if (key && held?.value.accountId === accountId) await store.remove(key, held.version);
    },
  };
}

const isOwner = (value: unknown): value is { accountId: string } => has(value, 'accountId');
