/**
 * Upstream identities: one record each under the hash of issuer and subject, and which user it belongs to. The key is (issuer, subject) and nothing else: an
 * e-mail address can be reassigned, or be claimed at an upstream that never verified it (OpenID Connect Core §5.7). Several identities belong to one user only
 * if the user links them while signed in, or, if the operator allows it, if both sides have verified the same address (docs/decisions/0010).
 *
 * Also the linked logins of a user: identities, passkeys, the second factor. Operators list and remove them, and so do users who recovered an account that
 * an intruder may share.
 */
import type { Accounts } from '../../model/account.ts';
import { domainOf } from '../../model/email.ts';
import { changeRecord, has, readRecord, type RecordAccess, type Versioned, versioned } from '../../model/record.ts';
import { OAuthError } from '../../model/error.ts';
import type { NewEvent } from '../../model/event.ts';
import type { Identity } from '../../model/identity.ts';
import { isForm } from '../../model/login.ts';
import type { Settings } from '../../model/settings.ts';
import type { Key, Seconds, Store } from '../../model/store.ts';
import { listsOfIdentity, type Records, type UpstreamName } from '../records/records.ts';
import type { Secrets } from '../records/secrets.ts';
import { isRemoved } from './removed-users.ts';
import type { Passkeys } from '../../model/passkey.ts';
import { SIGN_IN_KINDS, type SignInKind, type SignIns } from '../../model/login-services.ts';
import type { Totps } from '../../model/totp.ts';

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

/** What mapping an identity to a user needs of the server. */
interface UserIdParts {
  readonly settings: Pick<Settings, 'issuer' | 'issuers' | 'logins'>;
  readonly store: Store;
  readonly runtime: RecordAccess['runtime'];
  readonly records: Pick<Records, 'userOf'>;
  readonly secrets: Pick<Secrets, 'id' | 'hash'>;
  readonly accounts: Pick<Accounts, 'findByEmail'>;
  readonly emit: (event: NewEvent) => void;
  now(): Seconds;
}

/**
 * The user id of an identity: the account's own for the built-in login, else a random one, made at the first sign-in.
 *
 * @param joinByEmail address that the upstream verified, if accounts may be linked by address.
 * @param login id of the login. Only logins on our own pages may use our issuer.
 * @throws {OAuthError} if an upstream names one of our issuers: its users could impersonate ours.
 */
export async function userIdOf(as: UserIdParts, identity: Identity, joinByEmail?: string, login?: string): Promise<string> {
  const { secrets, records, settings, store } = as;
  const { issuer, subject } = identity;
  if (settings.issuers.includes(issuer)) {
    const isOwn = settings.logins.some((one) => one.id === login && isForm(one));
    if (isOwn && issuer === settings.issuer) return subject;
    throw new OAuthError('access_denied', 'issuer_is_ours', { status: 403 });
  }
  const hash = await hashOf(as, identity);
  const known = await findIdentity(store, hash);
  if (known && !(await isLeftBehind(as, hash, known))) {
    // An assertion names the subject alone: it must not replace the name, nor the address that security messages go to.
    if (Object.keys(identity.claims).length > 0) await updateAccountName(store, hash, known, accountNameOf(identity));
    return known.value.userId;
  }
  const account = joinByEmail === undefined ? null : await as.accounts.findByEmail(joinByEmail);
  const isJoined = account?.emailVerified === true;
  const userId = await records.userOf(hash, {
    userId: isJoined ? account.id : secrets.id(),
    issuer,
    ...accountNameOf(identity),
    createdAt: as.now(),
  });
  if (isJoined && userId === account.id) as.emit({ kind: 'factor.changed', factor: 'identity', userId, what: 'added' });
  return userId;
}

/** The user id of an identity, or null if it never signed in. */
export async function findUserId(as: UserIdParts, identity: Pick<Identity, 'issuer' | 'subject'>): Promise<string | null> {
  if (identity.issuer === as.settings.issuer) return identity.subject;
  const known = await findIdentity(as.store, await hashOf(as, identity));
  return known && !(await isRemoved(as.store, known.value.userId)) ? known.value.userId : null;
}

/**
 * Links an identity to a user. False, without a change, if it belongs to another user: two users are never merged.
 *
 * @param isStillThere checked after the write: a user who was signed out or removed meanwhile gets no new sign-in.
 */
export async function linkIdentity(
  as: UserIdParts,
  identity: Identity,
  userId: string,
  isStillThere: () => Promise<boolean>,
): Promise<boolean> {
  const { issuer } = identity;
  if (as.settings.issuers.includes(issuer)) return false; // our own issuer names the account itself
  const hash = await hashOf(as, identity);
  const known = await findIdentity(as.store, hash);
  if (known && !(await isLeftBehind(as, hash, known))) return known.value.userId === userId;
  const candidate = { userId, issuer, ...accountNameOf(identity), createdAt: as.now() };
  if ((await as.records.userOf(hash, candidate)) !== userId) return false;
  if (await isStillThere()) {
    as.emit({ kind: 'factor.changed', factor: 'identity', userId, what: 'added' });
    return true;
  }
  await removeIdentity(as, userId, hash);
  return false;
}

/** Whether an identity belongs to a removed user; then it is removed too. */
async function isLeftBehind(
  { store }: Pick<UserIdParts, 'store'>,
  hash: string,
  { value, version }: Versioned<IdentityRecord>,
): Promise<boolean> {
  if (!(await isRemoved(store, value.userId))) return false;
  await store.remove(`identity:${hash}`, version);
  return true;
}

async function hashOf(
  { secrets }: Pick<UserIdParts, 'secrets'>,
  { issuer, subject }: Pick<Identity, 'issuer' | 'subject'>,
): Promise<string> {
  // Without a subject, as where a member of the user is misspelt, all users of the issuer would be one.
  if (![issuer, subject].every((one: unknown) => one !== '' && (typeof one === 'string' || Number.isSafeInteger(one))))
    throw new TypeError('An identity needs an issuer and a subject.');
  return secrets.hash(`identity\n${JSON.stringify([issuer, subject])}`);
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

/** Records about to be removed. Outlives any running removal; if its process died, they count as removed for that long. */
type PendingRemovals = { readonly v: 1; readonly ids: readonly string[] };
const isPendingRemovals = (value: unknown): value is PendingRemovals => versioned(value) && has(value, 'ids');
const REMOVAL_TTL: Seconds = 600;

/** Announces that a record will be removed; false if no other one would remain, counting concurrent removals. @param present the ids of all that are there. */
export function announceRemoval(
  over: RecordAccess,
  key: Key,
  { id, present, now }: { readonly id: string; readonly present: () => Promise<readonly string[]>; readonly now: Seconds },
): Promise<boolean> {
  // Announced removals are read before the list: a later announcement conflicts with this version.
  return changeRecord(over, key, isPendingRemovals, async (announced) => {
    const ids = await present();
    const leaving = (announced?.ids ?? []).filter((one) => ids.includes(one) && one !== id);
    if (ids.every((one) => one === id || leaving.includes(one))) return { result: false };
    return { write: { v: 1, ids: [...leaving, id] }, until: now + REMOVAL_TTL, result: true };
  });
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

/** What the operations on linked logins are made over. */
interface LinkedLoginsParts {
  readonly store: Store;
  readonly passkeys: Passkeys;
  readonly totps: Totps;
  readonly emit: (event: NewEvent) => void;
}

/** Makes the operations on linked logins. */
export function makeLinkedLogins(as: LinkedLoginsParts): SignIns {
  const signIns: SignIns = {
    async list(userId) {
      const [identities, passkeys, secondFactor] = await Promise.all([
        identitiesOf(as, userId),
        as.passkeys.of(userId),
        as.totps.statusOf(userId),
      ]);
      return {
        identities: identities.map(({ hash: id, issuer, account, createdAt }) => ({ id, issuer, account, createdAt })),
        passkeys: passkeys.map(({ id, name, createdAt, usedAt = null }) => ({ id, name, createdAt, usedAt })),
        secondFactor,
      };
    },
    async removeIdentity(userId, id) {
      const removed = await removeIdentity(as, userId, id);
      if (removed) as.emit({ kind: 'factor.changed', factor: 'identity', userId, what: 'removed' });
      return removed;
    },
    removePasskey: async (userId, id) => (await as.passkeys.remove(userId, id)) === 'removed',
    removeSecondFactor: (userId) => as.totps.remove(userId),
    async removeAll(userId, kinds: readonly SignInKind[] = SIGN_IN_KINDS) {
      if (kinds.includes('identities')) for (const { hash } of await identitiesOf(as, userId)) await signIns.removeIdentity(userId, hash);
      if (kinds.includes('passkeys')) await as.passkeys.removeAll(userId);
      if (kinds.includes('secondFactor')) await as.totps.remove(userId);
    },
  };
  return signIns;
}
