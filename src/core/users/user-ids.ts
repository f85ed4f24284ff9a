/**
 * Maps an upstream identity to a user. The key is (issuer, subject) and nothing else: an e-mail address can be reassigned, or be claimed
 * at an upstream that never verified it (OpenID Connect Core §5.7). Several identities belong to one user only if the user links them
 * while signed in, or, if the operator allows it, if both sides have verified the same address (docs/decisions/0010).
 */
import { OAuthError } from '../../model/error.ts';
import type { Identity } from '../../model/identity.ts';
import { isForm } from '../../model/login.ts';
import type { AuthServer } from '../auth-server.ts';
import type { Versioned } from '../records/record.ts';
import { accountNameOf, findIdentity, type IdentityRecord, updateAccountName, removeIdentity } from './identities.ts';
import { isRemoved } from './removed-users.ts';

/**
 * The user id of an identity: the account's own for the built-in login, else a random one, made at the first sign-in.
 *
 * @param joinByEmail address that the upstream verified, if accounts may be linked by address.
 * @param login id of the login. Only logins on our own pages may use our issuer.
 * @throws {OAuthError} if an upstream names one of our issuers: its users could impersonate ours.
 */
export async function userIdOf(as: AuthServer, identity: Identity, joinByEmail?: string, login?: string): Promise<string> {
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
export async function findUserId(as: AuthServer, identity: Pick<Identity, 'issuer' | 'subject'>): Promise<string | null> {
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
  as: AuthServer,
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
async function isLeftBehind({ store }: AuthServer, hash: string, { value, version }: Versioned<IdentityRecord>): Promise<boolean> {
  if (!(await isRemoved(store, value.userId))) return false;
  await store.remove(`identity:${hash}`, version);
  return true;
}

async function hashOf({ secrets }: AuthServer, { issuer, subject }: Pick<Identity, 'issuer' | 'subject'>): Promise<string> {
  if (issuer === '' || subject === '') throw new TypeError('An identity needs an issuer and a subject.');
  return secrets.hash(`identity\n${JSON.stringify([issuer, subject])}`);
}
