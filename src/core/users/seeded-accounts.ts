/**
 * Seeds: accounts that the operator's configuration names, with passwords from it. Made where they are not there, and given the new
 * password where the configured one has changed; a password that the person chose stays until then. The hashes of earlier ones are kept,
 * so that a process which still runs with an old secret does not bring an old password back.
 */
import type { Account, NewAccount, Seeded } from '../../model/account.ts';
import type { AccountRecord } from '../records/records.ts';

/** The seed of an account, in its record. */
export type Seed = { readonly hash: string | null; readonly former: readonly string[] };

/** Earlier seeds that are remembered. */
const MAX_FORMER = 4;

/** What seeding is made over. */
export interface Seeding {
  readonly find: (username: string) => Promise<AccountRecord | null>;
  readonly create: (account: NewAccount, seed: (hash: string | null) => Seed) => Promise<Account>;
  readonly isRight: (password: string, hash: string) => Promise<boolean>;
  /** Sets password and seed on that very state of the account, and ends every session and grant. False where it is another by now. */
  readonly renew: (account: AccountRecord, password: string, seed: (hash: string) => Seed) => Promise<boolean>;
}

/** Makes or renews one account. */
export async function seedAccount({ find, create, isRight, renew }: Seeding, account: NewAccount): Promise<Seeded> {
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

  /** Another process was faster: what it left decides, without end only if that goes on for ever. */
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
      if (error instanceof TypeError) return false; // name or address were taken in between
      throw error;
    },
  );
}
