/**
 * Verified e-mail addresses: which account owns an address, because its user proved it or the operator vouches for it. An unverified
 * address is not stored here, so that an account cannot reserve someone else's address.
 */
import { foldAddress } from '../../model/email.ts';
import type { Store } from '../../model/store.ts';
import { type RecordAccess, changeRecord } from '../../model/change-record.ts';
import { has, readRecord } from '../records/record.ts';
import type { Secrets } from '../records/secrets.ts';

/** Operations on verified addresses. They take addresses as typed; an invalid address has no owner. */
export interface Emails {
  /** The owner's account id, or null. */
  ownerOf(address: string): Promise<string | null>;
  /** Gives an address to an account; false if another account owns it. */
  claim(address: string, accountId: string): Promise<boolean>;
  /** Releases it, if this account owns it. */
  free(address: string, accountId: string): Promise<void>;
}

/** Makes the operations. */
export function makeEmails(store: Store, secrets: Secrets, runtime?: RecordAccess['runtime']): Emails {
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
        // An owner that does not exist was left by a process that died.
        if (owner && (await store.read(`account:${owner.accountId}`))) return { result: false };
        return { write: { v: 1, accountId }, result: true };
      });
    },
    async free(address, accountId) {
      const key = await keyOf(address);
      const record = key && (await readRecord(store, key, isOwner));
      if (key && record?.value.accountId === accountId) await store.remove(key, record.version);
    },
  };
}

const isOwner = (value: unknown): value is { accountId: string } => has(value, 'accountId');
