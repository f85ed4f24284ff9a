/**
 * Grant management outside of a sign-in, for users and operators: list grants and revoke them.
 */
import { disableUser, enableUser, signOut } from '../core/users/sign-out.ts';
import { endGrants, endUserGrant, type GrantFilter, grantsOf, grantsOfUser } from '../core/records/grants.ts';
import type { AuthServer } from '../core/auth-server.ts';
import { findUserId, makeLinkedLogins } from '../core/users/identities.ts';
import { type Grant, isLive, lifeEndOf } from '../model/grant.ts';
import type { Identity } from '../model/identity.ts';
import { lazyObject } from '../lib/async.ts';
import { checkCursor, checkUserId } from './own-arguments.ts';
import { SIGN_IN_KINDS, type SignInKind } from '../model/login-services.ts';
import type { Cursor, Json, Seconds } from '../model/store.ts';

export { makeLinkedLogins }; // of a module that is loaded by itself, a bundle in one file keeps every export

/** A grant as its user may see it. */
export interface GrantSummary {
  readonly id: string;
  readonly clientId: string;
  readonly scope: readonly string[];
  readonly resource: string;
  /** Where its code was sent; absent where there was none. */
  readonly redirectUri?: string;
  /** What `completeAuthorization` noted about it. */
  readonly metadata?: Json;
  /** The organization that the user acts for. */
  readonly organization?: { readonly id: string; readonly name: string };
  readonly createdAt: Seconds;
  /** When tokens were last issued. */
  readonly usedAt: Seconds;
  /** When it ends if it is not used any more. */
  readonly expiresAt: Seconds;
}

/** A grant as its operator may see it. */
export interface GrantInfo extends GrantSummary {
  readonly userId: string;
}

/** Helpers for grants. */
export interface GrantVerbs {
  /** Active grants of a user, one page; continue with `next`. */
  listUserGrants(userId: string, after?: Cursor): Promise<{ readonly grants: readonly GrantSummary[]; readonly next?: Cursor }>;
  /** Ends a grant of this user from the next request on. False, without a change, if it belongs to another user or has ended. */
  revokeGrant(grantId: string, userId: string): Promise<boolean>;
  /** An active grant, or null. */
  findGrant(grantId: string): Promise<GrantInfo | null>;
  /** Active grants of a user, of a client, or of all users (scans the whole store), one page; continue with `next`, also after an empty page. */
  listGrants(filter: GrantFilter, after?: Cursor): Promise<{ readonly grants: readonly GrantInfo[]; readonly next?: Cursor }>;
  /** Ends all of these grants and returns their number; remembered consents end too. If it was interrupted, call it again. */
  revokeGrants(filter: GrantFilter): Promise<number>;
  /**
   * Signs a user out everywhere: every session and every grant ends, whichever login was used. If it was interrupted, call it again.
   *
   * @param options `removeSignIns` also removes the upstream identities, passkeys and second factor, or only the kinds in the list: for a
   *   compromised account. The password is not removed; set a new one.
   */
  signOut(userId: string, options?: { readonly removeSignIns?: boolean | readonly SignInKind[] }): Promise<void>;
  /**
   * Disables a user, whichever way they sign in: every session, grant and key ends, and they cannot sign in or be granted anything until
   * `enableUser`. What belongs to the account stays. If it was interrupted, call it again.
   */
  disableUser(userId: string): Promise<void>;
  /** Lets a disabled user sign in again. */
  enableUser(userId: string): Promise<void>;
  /** The local user of an upstream identity, as the login named it; null if that identity never signed in. */
  findUserId(who: Pick<Identity, 'issuer' | 'subject'>): Promise<string | null>;
}

function summaryOf(grant: Grant): GrantSummary {
  const { id, clientId, scope, resource, redirectUri, metadata, organization, createdAt, usedAt } = grant;
  return {
    id,
    clientId,
    scope,
    resource,
    ...(redirectUri === undefined ? {} : { redirectUri }),
    ...(metadata === undefined ? {} : { metadata }),
    ...(organization ? { organization } : {}),
    createdAt,
    usedAt,
    expiresAt: Math.min(grant.expiresAt, lifeEndOf(grant)),
  };
}

const { listFormerGrants, endFormerGrant } = lazyObject<
  Pick<typeof import('../grants/former-grants.ts'), 'listFormerGrants' | 'endFormerGrant'>
>({ listFormerGrants: true, endFormerGrant: true }, () => import('../grants/former-grants.ts'));

const infoOf = (grant: Grant): GrantInfo => ({ ...summaryOf(grant), userId: grant.userId });

/** Makes the verbs of one server. */
export function makeGrantVerbs(as: AuthServer): GrantVerbs {
  const formerGrants = async (userId: string): Promise<readonly GrantInfo[]> =>
    as.settings.formerStore?.listGrants ? listFormerGrants(as, userId) : [];
  return {
    async listUserGrants(userId, after) {
      checkCursor('listUserGrants', after);
      const { grants, ...page } = await grantsOfUser(as, userId, after);
      const former = page.next === undefined ? await formerGrants(userId) : [];
      return { ...page, grants: [...grants.map(summaryOf), ...former.map(({ userId: _user, ...one }) => one)] };
    },
    async revokeGrant(grantId, userId) {
      if (await endUserGrant(as, userId, grantId)) return true;
      return as.settings.formerStore?.listGrants ? endFormerGrant(as, userId, grantId) : false;
    },
    async findGrant(grantId) {
      const grant = await as.records.findGrant(grantId);
      return grant && isLive(grant, as.now()) ? infoOf(grant) : null;
    },
    async listGrants(filter, after) {
      checkCursor('listGrants', after);
      const { grants, ...page } = await grantsOf(as, checked(filter), after);
      const former = typeof filter === 'object' && 'userId' in filter && page.next === undefined ? await formerGrants(filter.userId) : [];
      return { ...page, grants: [...grants.map(infoOf), ...former] };
    },
    revokeGrants: async (filter) => endGrants(as, checked(filter)),
    async signOut(userId, { removeSignIns = false } = {}) {
      const kinds = typeof removeSignIns === 'boolean' ? (removeSignIns ? SIGN_IN_KINDS : []) : removeSignIns;
      const unknown = kinds.find((kind) => !SIGN_IN_KINDS.includes(kind));
      if (unknown !== undefined)
        throw new TypeError(`signOut: \`removeSignIns\` may name ${SIGN_IN_KINDS.join(', ')}, and not ${unknown}.`);
      await makeLinkedLogins(as).removeAll(userId, kinds); // before: a removed identity can open no session
      // Nor can a passkey that was used just now.
      if (kinds.length > 0) await as.records.changeAccount(userId, (account) => account && { ...account, stamp: as.secrets.id() });
      await signOut(as, userId, as.now());
      await makeLinkedLogins(as).removeAll(userId, kinds); // and after: a session may have added one meanwhile
    },
    async disableUser(userId) {
      checkUserId('disableUser', 'userId', userId);
      await disableUser(as, userId);
    },
    async enableUser(userId) {
      checkUserId('enableUser', 'userId', userId);
      await enableUser(as, userId);
    },
    findUserId: (who) => findUserId(as, who),
  };
}

/** A missing id must not mean all users. */
function checked(filter: GrantFilter): GrantFilter {
  const { userId, clientId } = (filter ?? {}) as { readonly userId?: unknown; readonly clientId?: unknown };
  const id = userId ?? clientId;
  if (filter === 'all' || (typeof id === 'string' && id !== '')) return filter;
  throw new TypeError("Name the grants: { userId }, { clientId } or 'all'.");
}
