/**
 * Seeded accounts: accounts that the configuration names, with their passwords. A missing one is created; one whose configured password
 * has changed gets it. A password that the user chose stays until then. Hashes of earlier configured passwords are kept, so that a
 * process with an outdated secret does not restore an old password.
 */
import type { Account, NewAccount, Seeded } from '../../model/account.ts';
import type { AccountRecord } from '../records/records.ts';

/** The seed in an account's record. */
export type Seed = { readonly hash: string | null; readonly former: readonly string[] };

/** Earlier seeds that are kept. */
const MAX_FORMER = 4;

/** What seeding is made over. */
export interface SeedContext {
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
