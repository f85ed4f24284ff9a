/**
 * Users: who an outside identity is here. One identity is one user, found by (issuer, subject) and by nothing else: an
 * e-mail address can be given to somebody else, or be claimed at a site that never checked it (OpenID Connect Core §5.7).
 * Several identities become one user in two ways only: the person joins them while signed in, or, where the operator wants
 * it, both sides have proven the same address (docs/decisions/0010).
 */
import { OAuthError } from '../../model/error.ts';
import type { Identity } from '../../model/identity.ts';
import { isForm } from '../../model/login.ts';
import type { AuthServer } from '../auth-server.ts';
import type { Versioned } from '../records/record.ts';
import { accountNameOf, findIdentity, type IdentityRecord, noteAccount, partIdentity } from './identities.ts';
import { isRemoved } from './removed-users.ts';

/**
 * The user's id: the account's own for an identity that we vouch for, else one of ours, made at the first sign-in.
 *
 * @param joinByEmail an address that the site has verified, where accounts may be joined by that.
 * @param login who says so. Only what was proven on our own pages is vouched for by us.
 * @throws {OAuthError} for somebody else who names one of our issuers: any of their users could call themselves like one of ours.
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
    await noteAccount(store, hash, known, accountNameOf(identity));
    return known.value.userId;
  }
  const account = joinByEmail === undefined ? null : await as.accounts.findByEmail(joinByEmail);
  const userId = account?.emailVerified ? account.id : secrets.id();
  return records.userOf(hash, { userId, issuer, account: accountNameOf(identity), createdAt: as.now() });
}

/** The user whom an identity is here, or null where it never signed in. */
export async function findUserId(as: AuthServer, identity: Pick<Identity, 'issuer' | 'subject'>): Promise<string | null> {
  if (identity.issuer === as.settings.issuer) return identity.subject;
  const known = await findIdentity(as.store, await hashOf(as, identity));
  return known && !(await isRemoved(as.store, known.value.userId)) ? known.value.userId : null;
}

/**
 * Joins an identity to a user. False, and nothing happens, where it is somebody already: two users never become one.
 *
 * @param isStillThere asked once more after it was written: a user who was signed out or removed meanwhile gets no way in.
 */
export async function joinIdentity(
  as: AuthServer,
  identity: Identity,
  userId: string,
  isStillThere: () => Promise<boolean>,
): Promise<boolean> {
  const { issuer } = identity;
  if (as.settings.issuers.includes(issuer)) return false; // what we vouch for ourselves is the account, and is not joined to one
  const hash = await hashOf(as, identity);
  const known = await findIdentity(as.store, hash);
  if (known && !(await isLeftBehind(as, hash, known))) return known.value.userId === userId;
  const candidate = { userId, issuer, account: accountNameOf(identity), createdAt: as.now() };
  if ((await as.records.userOf(hash, candidate)) !== userId) return false;
  if (await isStillThere()) {
    as.emit({ kind: 'factor.changed', factor: 'identity', userId, what: 'added' });
    return true;
  }
  await partIdentity(as, userId, hash);
  return false;
}

/** Whether an identity is that of a user who was removed; if so, it is removed as well. */
async function isLeftBehind({ store }: AuthServer, hash: string, { value, version }: Versioned<IdentityRecord>): Promise<boolean> {
  if (!(await isRemoved(store, value.userId))) return false;
  await store.remove(`identity:${hash}`, version);
  return true;
}

async function hashOf({ secrets }: AuthServer, { issuer, subject }: Pick<Identity, 'issuer' | 'subject'>): Promise<string> {
  if (issuer === '' || subject === '') throw new TypeError('An identity needs an issuer and a subject.');
  return secrets.hash(`identity\n${JSON.stringify([issuer, subject])}`);
}
