/**
 * Identities: the accounts at other sites with which a user gets in, one record each under the hash of issuer and subject, and a list of
 * them for each user.
 */
import type { Identity } from '../../model/identity.ts';
import type { Key, Seconds, Store } from '../../model/store.ts';
import { has, type Versioned, readRecord, versioned } from '../records/record.ts';

/** One as it is kept. */
export type IdentityRecord = {
  readonly v: 1;
  readonly userId: string;
  readonly issuer: string;
  /** What the account is called at the site, so that its owner tells it from somebody else's; absent until they sign in again. */
  readonly account?: string;
  readonly createdAt: Seconds;
};

/** An outside identity of a user. */
export interface JoinedIdentity {
  readonly hash: string;
  readonly issuer: string;
  readonly account: string | null;
  readonly createdAt: Seconds;
}

/** Reads one. */
export function findIdentity(store: Store, hash: string): Promise<Versioned<IdentityRecord> | null> {
  return readRecord(store, keyOf(hash), isIdentity);
}

/** Notes what an account is called at its site now; a change that another request makes meanwhile wins. */
export async function noteAccount(
  store: Store,
  hash: string,
  { value, version }: Versioned<IdentityRecord>,
  account: string,
): Promise<void> {
  if (value.account !== account) await store.write(keyOf(hash), { ...value, account }, version, { index: [`identities:${value.userId}`] });
}

/** The identities of a user, in the order in which they came. */
export async function identitiesOf({ store }: { readonly store: Store }, userId: string): Promise<readonly JoinedIdentity[]> {
  const found: JoinedIdentity[] = [];
  for (let after: string | undefined, more = true; more; more = after !== undefined) {
    const page = await store.list(`identities:${userId}`, after);
    for (const key of page.keys) {
      const hash = key.slice('identity:'.length);
      const { issuer, account = null, createdAt, userId: owner } = (await findIdentity(store, hash))?.value ?? { userId: null };
      if (owner === userId) found.push({ hash, issuer, account, createdAt });
    }
    after = page.next;
  }
  return found;
}

/** Takes an identity from a user; false if it is not theirs. A sign-in with it makes a new user from then on. */
export async function partIdentity({ store }: { readonly store: Store }, userId: string, hash: string): Promise<boolean> {
  const held = await findIdentity(store, hash);
  return held?.value.userId === userId && store.remove(keyOf(hash));
}

/**
 * What an account is called at its site: a proven address, or the name that the site gives to one account alone, or its id there. Not the
 * name that people choose freely: an intruder would take the owner's.
 */
export function accountNameOf({ subject, claims }: Identity): string {
  const { email, email_verified: proven, preferred_username: username } = claims;
  const [name = subject] = [proven === true ? email : undefined, username].filter((one) => typeof one === 'string' && one !== '');
  return String(name).slice(0, 254);
}

function keyOf(hash: string): Key {
  return `identity:${hash}`;
}

const isIdentity = (value: unknown): value is IdentityRecord => versioned(value) && has(value, 'userId', 'issuer', 'createdAt');
