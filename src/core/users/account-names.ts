/**
 * A new account takes three records: itself, its user name, its proven address. It is announced first, for some minutes, and whoever
 * meets an announced account finishes it. A process that dies in between leaves an account that is whole, or nothing that stays:
 *
 *   announced (for ANNOUNCED) → user name its own → address its own → account, for good
 */
import { type Changing, changeRecord } from '../../model/change-record.ts';
import type { Seconds, Store, Version } from '../../model/store.ts';
import { usernameKey } from '../../model/account.ts';
import type { Emails } from './emails.ts';
import { has, readRecord, type Versioned } from '../records/record.ts';
import type { Secrets } from '../records/secrets.ts';
import { isAccount, type AccountRecord, type Records } from '../records/records.ts';

/** What became of a new account: somebody has its name or its address, or it is there. */
export type Opened = 'open' | 'username_taken' | 'email_taken';

/** The verbs over accounts that may still be in the making. */
export interface AccountNames {
  /** @throws {Error} when the id is an account's, or the store takes longer than an announcement stands. */
  open(account: AccountRecord): Promise<Opened>;
  /** The account, finished if it was not; null if there is none. */
  find(id: string): Promise<Versioned<AccountRecord> | null>;
}

/** How long an account may be in the making. */
const ANNOUNCED: Seconds = 600;

type Announced = AccountRecord & { readonly announced: true };

/** Makes the verbs. */
export function makeAccountNames(
  store: Store,
  secrets: Secrets,
  records: Records,
  emails: Emails,
  now: () => Seconds,
  runtime?: Changing['runtime'],
): AccountNames {
  const finish = async ({ announced: _announced, ...account }: Announced, version: Version): Promise<Opened> => {
    const { id, username, email, emailVerified } = account;
    const nameHash = await secrets.hash(usernameKey(username));
    const named = await claimName({ store, runtime }, nameHash, id);
    if (named && (!emailVerified || (await emails.claim(email ?? '', id)))) {
      if ((await store.write(`account:${id}`, account, version)) !== null || (await records.findAccount(id))) return 'open'; // or by another hand
      throw new Error('The account was not made: the store took too long. Try again.');
    }
    // The account first: whoever finished it meanwhile keeps the name.
    if (!(await store.remove(`account:${id}`, version)) && (await records.findAccount(id))) return 'open';
    if (named) await records.freeUsername(nameHash, id);
    return named ? 'email_taken' : 'username_taken';
  };
  return {
    async open(account) {
      const announced: Announced = { ...account, announced: true };
      const version = await store.write(`account:${account.id}`, announced, 'absent', { until: now() + ANNOUNCED });
      if (version === null) throw new Error('A random account id was met twice.');
      return finish(announced, version);
    },
    async find(id) {
      const held = await readRecord(store, `account:${id}`, isAnyAccount);
      if (!held || isAccount(held.value)) return held;
      return (await finish(held.value as Announced, held.version)) === 'open' ? records.findAccount(id) : null;
    },
  };
}

/** Takes a user name for an account; false if another has it. One whose account is not there was left by a process that died. */
async function claimName(over: Changing, nameHash: string, accountId: string): Promise<boolean> {
  return changeRecord(over, `username:${nameHash}`, isOwner, async (owner) => {
    if (owner?.accountId === accountId) return { result: true };
    if (owner && (await over.store.read(`account:${owner.accountId}`))) return { result: false };
    return { write: { v: 1, accountId }, result: true };
  });
}

const isOwner = (value: unknown): value is { accountId: string } => has(value, 'accountId');
const isAnyAccount = (value: unknown): value is AccountRecord =>
  isAccount(value) || (has(value, 'announced') && has(value, 'id', 'username', 'stamp'));
