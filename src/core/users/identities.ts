/**
 * Upstream identities that a user can sign in with: one record each under the hash of issuer and subject, and a list for each user.
 */
import { domainOf } from '../../model/email.ts';
import { changeRecord, type RecordAccess } from '../../model/change-record.ts';
import type { Identity } from '../../model/identity.ts';
import type { Key, Seconds, Store } from '../../model/store.ts';
import { announceRemoval, has, type Versioned, readRecord, versioned } from '../records/record.ts';
import { listsOfIdentity, type UpstreamName } from '../records/records.ts';

/** A stored identity. */
export type IdentityRecord = {
  readonly v: 1;
  readonly userId: string;
  readonly issuer: string;
  /** Name of the account at the upstream, so that its owner recognizes it; absent until the next sign-in. */
  readonly account?: string;
  /** Whether the upstream has verified it as an e-mail address; mail to it needs one plain address. */
  readonly isEmail?: true;
  readonly createdAt: Seconds;
};

/** An upstream identity of a user. */
export interface LinkedIdentity {
  readonly hash: string;
  readonly issuer: string;
  readonly account: string | null;
  readonly isEmail?: true;
  readonly createdAt: Seconds;
}

/** Reads an identity. */
export function findIdentity(store: Store, hash: string): Promise<Versioned<IdentityRecord> | null> {
  return readRecord(store, keyOf(hash), isIdentity);
}

/** Updates the name of the upstream account; a concurrent change wins. */
export async function updateAccountName(
  store: Store,
  hash: string,
  { value: { isEmail, ...value }, version }: Versioned<IdentityRecord>,
  name: UpstreamName,
): Promise<void> {
  if (value.account !== name.account || isEmail !== name.isEmail)
    await store.write(keyOf(hash), { ...value, ...name }, version, { index: listsOfIdentity(value.userId, name.account) });
}

/** The identities of a user, oldest first. */
export async function identitiesOf({ store }: { readonly store: Store }, userId: string): Promise<readonly LinkedIdentity[]> {
  const found: LinkedIdentity[] = [];
  for (let after: string | undefined, more = true; more; more = after !== undefined) {
    const page = await store.list(`identities:${userId}`, after);
    for (const key of page.keys) {
      const hash = key.slice('identity:'.length);
      const { issuer, account = null, isEmail, createdAt, userId: owner } = (await findIdentity(store, hash))?.value ?? { userId: null };
      if (owner === userId) found.push({ hash, issuer, account, ...(isEmail && { isEmail }), createdAt });
    }
    after = page.next;
  }
  return found;
}

/** Removes an identity of a user; false if it is not theirs. The next sign-in with it creates a new user. */
export function removeIdentity(over: RecordAccess, userId: string, hash: string): Promise<boolean> {
  return changeRecord(over, keyOf(hash), isIdentity, (identity) =>
    identity?.userId === userId ? { remove: true, result: true } : { result: false },
  );
}

/** Whether another identity remains after this one is removed, counting concurrent removals. */
export function mayRemoveIdentity(
  as: { readonly store: Store } & RecordAccess,
  userId: string,
  hash: string,
  now: Seconds,
): Promise<boolean> {
  const present = async (): Promise<readonly string[]> => (await identitiesOf(as, userId)).map((one) => one.hash);
  return announceRemoval(as, `identities-leaving:${userId}`, { id: hash, present, now });
}

/**
 * The name of an upstream account: a verified address, a user name that is unique at the upstream, or its id. Not the display name, which
 * an intruder could copy from the owner.
 */
export function accountNameOf({ subject, claims }: Identity): UpstreamName {
  const { email, email_verified: proven, preferred_username: username } = claims;
  const [name = subject] = [proven === true ? email : undefined, username].filter((one) => typeof one === 'string' && one !== '');
  const account = String(name).slice(0, 254);
  return { account, ...(proven === true && account === email && { isEmail: true }) };
}

/** The verified address of a user at an upstream: the one that was linked first, which an intruder cannot replace with another identity. */
export async function upstreamEmailOf(as: { readonly store: Store }, userId: string): Promise<string | undefined> {
  const found = (await identitiesOf(as, userId)).filter(({ account, isEmail }) => isEmail && domainOf(account ?? '') !== null);
  return found.toSorted((a, b) => a.createdAt - b.createdAt)[0]?.account ?? undefined;
}

function keyOf(hash: string): Key {
  return `identity:${hash}`;
}

const isIdentity = (value: unknown): value is IdentityRecord => versioned(value) && has(value, 'userId', 'issuer', 'createdAt');
