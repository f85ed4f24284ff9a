/**
 * Creates accounts: those of users, and those that the configuration names. An account takes three records: itself, its user name, its verified address. It is
 * written as `announced` first, for some minutes, and any reader of an announced account completes it. So a process that dies in between leaves a complete
 * account or none:
 *
 *   announced (for ANNOUNCED) → user name claimed → address claimed → account, permanent
 *
 * An unverified address is not stored on its own, so that an account cannot reserve someone else's address.
 *
 * A seeded account, which the configuration names, is created if it is missing, and gets its configured password when that has changed. A password that the
 * user chose stays until then. Hashes of earlier configured passwords are kept, so that a process with an outdated secret does not restore an old password.
 */
import { type Account, type NewAccount, type Seeded, usernameKey } from '../../model/account.ts';
import { changeRecord, has, readRecord, type RecordAccess, type Versioned } from '../../model/record.ts';
import { foldAddress } from '../../model/email.ts';
import type { Seconds, Store, Version } from '../../model/store.ts';
import { type AccountRecord, ALL_ACCOUNTS, isAccount, type Records } from '../records/records.ts';
import type { Secrets } from '../records/secrets.ts';

/** Result of creating an account. */
type Opened = 'open' | 'username_taken' | 'email_taken';

/** Operations on accounts that may still be being created. */
export interface AccountNames {
  /** @throws {Error} if the id is in use, or the store takes longer than an announcement lasts. */
  open(account: AccountRecord): Promise<Opened>;
  /** The account, completed if necessary; null if there is none. */
  find(id: string): Promise<Versioned<AccountRecord> | null>;
}

/** How long creating an account may take. */
const ANNOUNCED: Seconds = 600;

type Announced = AccountRecord & { readonly announced: true };

/** Makes the operations. */
export function makeAccountNames(
  store: Store,
  secrets: Secrets,
  records: Records,
  emails: Emails,
  now: () => Seconds,
  runtime?: RecordAccess['runtime'],
): AccountNames {
  const finish = async ({ announced: _announced, ...account }: Announced, version: Version): Promise<Opened> => {
    const { id, username, email, emailVerified } = account;
    const nameHash = await secrets.hash(usernameKey(username));
    const named = await claimName({ store, runtime }, nameHash, id);
    if (named && (!emailVerified || (await emails.claim(email ?? '', id)))) {
      if ((await store.write(`account:${id}`, account, version, { index: ALL_ACCOUNTS })) !== null || (await records.findAccount(id)))
        return 'open'; // or another request completed it
      throw new Error('The account was not made: the store took too long. Try again.');
    }
    // The account first: another request that completed it meanwhile keeps the name.
    if (!(await store.remove(`account:${id}`, version)) && (await records.findAccount(id))) return 'open';
    if (named) await records.freeUsername(nameHash, id);
    return named ? 'email_taken' : 'username_taken';
  };
  return {
    async open(account) {
      const announced: Announced = { ...account, announced: true };
      const version = await store.write(`account:${account.id}`, announced, 'absent', { until: now() + ANNOUNCED });
      if (version === null) throw new Error('A random account id was generated twice.');
      return finish(announced, version);
    },
    async find(id) {
      const stored = await readRecord(store, `account:${id}`, isAnyAccount);
      if (!stored || isAccount(stored.value)) return stored;
      return (await finish(stored.value as Announced, stored.version)) === 'open' ? records.findAccount(id) : null;
    },
  };
}

/** An account without what only the server may know: the hashes of its password. */
export function publicOf({ v: _v, passwordHash, seed: _seed, ...account }: AccountRecord): Account {
  return passwordHash === undefined ? { ...account, withoutPassword: true } : account;
}

/** Claims a user name for an account; false if another has it. An owner that does not exist was left by a process that died. */
async function claimName(over: RecordAccess, nameHash: string, accountId: string): Promise<boolean> {
  return changeRecord(over, `username:${nameHash}`, isOwner, async (owner) => {
    if (owner?.accountId === accountId) return { result: true };
    if (owner && (await over.store.read(`account:${owner.accountId}`))) return { result: false };
    return { write: { v: 1, accountId }, result: true };
  });
}

const isOwner = (value: unknown): value is { accountId: string } => has(value, 'accountId');
const isAnyAccount = (value: unknown): value is AccountRecord =>
  isAccount(value) || (has(value, 'announced') && has(value, 'id', 'username', 'stamp'));

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
      return key && ((await readRecord(store, key, isAddressOwner))?.value.accountId ?? null);
    },
    async claim(address, accountId) {
      const key = await keyOf(address);
      if (key === null) return false;
      return changeRecord({ store, runtime }, key, isAddressOwner, async (owner) => {
        if (owner?.accountId === accountId) return { result: true };
        // An owner that does not exist was left by a process that died.
        if (owner && (await store.read(`account:${owner.accountId}`))) return { result: false };
        return { write: { v: 1, accountId }, result: true };
      });
    },
    async free(address, accountId) {
      const key = await keyOf(address);
      const record = key && (await readRecord(store, key, isAddressOwner));
      if (key && record?.value.accountId === accountId) await store.remove(key, record.version);
    },
  };
}

const isAddressOwner = (value: unknown): value is { accountId: string } => has(value, 'accountId');

/** The seed in an account's record. */
export type Seed = { readonly hash: string | null; readonly former: readonly string[] };

/** Earlier seeds that are kept. */
const MAX_FORMER = 4;

/** What seeding is made over. */
interface SeedContext {
  readonly find: (username: string) => Promise<AccountRecord | null>;
  readonly create: (account: NewAccount, seed: (hash: string | null) => Seed) => Promise<Account>;
  readonly isRight: (password: string, hash: string) => Promise<boolean>;
  /** Sets password and seed if the account is unchanged, and ends every session and grant. False if it was changed. */
  readonly renew: (account: AccountRecord, password: string, seed: (hash: string) => Seed) => Promise<boolean>;
}

/** Creates or updates one account. */
export async function seedAccount({ find, create, isRight, renew }: SeedContext, account: NewAccount): Promise<Seeded> {
  const known = await find(account.username);
  if (!known) return (await made(create(account, (hash) => ({ hash, former: [] })))) ? 'made' : seedAgain();
  const { seed } = known;
  if (!seed) return 'taken';
  if (account.password === undefined) return 'same';
  const { password } = account;
  if (seed.hash !== null && (await isRight(password, seed.hash))) return 'same';
  for (const hash of seed.former) if (await isRight(password, hash)) return 'stale';
  const former = seed.hash === null ? seed.former : [seed.hash, ...seed.former].slice(0, MAX_FORMER);
  return (await renew(known, password, (hash) => ({ hash, former }))) ? 'renewed' : seedAgain();

  /** Another process was faster: decide again by its result. */
  async function seedAgain(): Promise<Seeded> {
    return (await find(account.username)) === null
      ? Promise.reject(new TypeError(`The account "${account.username}" cannot be made: its e-mail address belongs to another account.`))
      : seedAccount({ find, create, isRight, renew }, account);
  }
}

async function made(creating: Promise<Account>): Promise<boolean> {
  return creating.then(
    () => true,
    (error: unknown) => {
      if (error instanceof TypeError) return false; // name or address was taken in between
      throw error;
    },
  );
}
