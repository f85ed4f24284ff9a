/**
 * Users: who an outside identity is here. One identity is one user, found by (issuer, subject) and by nothing else: an
 * e-mail address can be given to somebody else, or be claimed at a site that never checked it (OpenID Connect Core §5.7).
 * Several identities become one user in two ways only: the person joins them while signed in, or, where the operator wants
 * it, both sides have proven the same address (docs/decisions/0018).
 */
import type { Identity } from '../model/identity.ts';
import type { Key, Seconds } from '../model/store.ts';
import type { AuthServer } from './auth-server.ts';
import { has, readHeld, versioned } from './held.ts';

/**
 * The user's id: the account's own for an identity that we vouch for, else one of ours, made at the first sign-in.
 *
 * @param joinByEmail an address that the site has verified, where accounts may be joined by that.
 */
export async function userIdOf(as: AuthServer, identity: Identity, joinByEmail?: string): Promise<string> {
  const { keys, records, settings } = as;
  const { issuer, subject } = identity;
  if (issuer === settings.issuer) return subject;
  const hash = await hashOf(as, identity);
  const known = await findIdentity(as, hash);
  if (known) return known.userId;
  const account = joinByEmail === undefined ? null : await as.accounts.findByEmail(joinByEmail);
  const userId = account?.emailVerified ? account.id : keys.id();
  return records.userOf(hash, { userId, issuer, createdAt: as.now() });
}

/** The user whom an identity is here, or null where it never signed in. */
export async function findUserId(as: AuthServer, identity: Pick<Identity, 'issuer' | 'subject'>): Promise<string | null> {
  if (identity.issuer === as.settings.issuer) return identity.subject;
  return (await findIdentity(as, await hashOf(as, identity)))?.userId ?? null;
}

/** An outside identity of a user. */
export interface JoinedIdentity {
  readonly hash: string;
  readonly issuer: string;
  readonly createdAt: Seconds;
}

/** Joins an identity to a user. False, and nothing happens, where it is somebody already: two users never become one. */
export async function joinIdentity(as: AuthServer, identity: Identity, userId: string): Promise<boolean> {
  const { issuer } = identity;
  if (issuer === as.settings.issuer) return identity.subject === userId;
  return (await as.records.userOf(await hashOf(as, identity), { userId, issuer, createdAt: as.now() })) === userId;
}

/** The outside identities of a user, in the order in which they came. */
export async function identitiesOf(as: AuthServer, userId: string): Promise<readonly JoinedIdentity[]> {
  const { keys } = await as.store.list(`identities:${userId}`);
  const found = await Promise.all(
    keys.map(async (key) => {
      const hash = key.slice('identity:'.length);
      const identity = await findIdentity(as, hash);
      return identity?.userId === userId ? [{ hash, issuer: identity.issuer, createdAt: identity.createdAt }] : [];
    }),
  );
  return found.flat();
}

/** Takes an identity from a user. From then on whoever signs in with it is somebody new. */
export async function partIdentity(as: AuthServer, userId: string, hash: string): Promise<void> {
  const held = await readHeld(as.store, `identity:${hash}`, isIdentity);
  if (held?.value.userId === userId) await as.store.remove(`identity:${hash}`, held.version);
}

async function hashOf({ keys }: AuthServer, { issuer, subject }: Pick<Identity, 'issuer' | 'subject'>): Promise<string> {
  if (issuer === '' || subject === '') throw new TypeError('An identity needs an issuer and a subject.');
  return keys.hash(`identity\n${JSON.stringify([issuer, subject])}`);
}

type IdentityRecord = { readonly v: 1; readonly userId: string; readonly issuer: string; readonly createdAt: Seconds };

async function findIdentity({ store }: AuthServer, hash: string): Promise<IdentityRecord | null> {
  const key: Key = `identity:${hash}`;
  return (await readHeld(store, key, isIdentity))?.value ?? null;
}

const isIdentity = (value: unknown): value is IdentityRecord => versioned(value) && has(value, 'userId', 'issuer', 'createdAt');
