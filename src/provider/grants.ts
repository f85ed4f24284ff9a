/**
 * What users and operators do with grants outside of a sign-in: see who has access, and take it away.
 */
import { signOut } from '../core/accounts.ts';
import type { AuthServer } from '../core/auth-server.ts';
import { endUserGrant, grantsOfUser } from '../core/user-grants.ts';
import { findUserId } from '../core/users.ts';
import type { Grant } from '../model/grant.ts';
import type { Identity } from '../model/identity.ts';
import type { Cursor, Seconds } from '../model/store.ts';

/** A grant as its user may see it. */
export interface GrantSummary {
  readonly id: string;
  readonly clientId: string;
  readonly scope: readonly string[];
  readonly resource: string;
  /** For which of the user's organizations. */
  readonly organization?: { readonly id: string; readonly name: string };
  readonly createdAt: Seconds;
  /** When tokens were last given out. */
  readonly usedAt: Seconds;
}

/** The verbs. */
export interface GrantVerbs {
  /** Living grants of a user, one page; go on with `next`. */
  listUserGrants(userId: string, after?: Cursor): Promise<{ readonly grants: readonly GrantSummary[]; readonly next?: Cursor }>;
  /** Ends a grant, from the next request on. False, and nothing happens, for one that is not this user's or has ended. */
  revokeGrant(grantId: string, userId: string): Promise<boolean>;
  /**
   * Ends every session here and every grant of somebody who signs in elsewhere: for when they leave, or sign out everywhere. They are
   * named as the login named them; false for somebody who never came. Can be called again if it was interrupted.
   */
  endAccess(who: Pick<Identity, 'issuer' | 'subject'>): Promise<boolean>;
}

function summaryOf({ id, clientId, scope, resource, organization, createdAt, usedAt }: Grant): GrantSummary {
  return { id, clientId, scope, resource, ...(organization ? { organization } : {}), createdAt, usedAt };
}

/** Makes the verbs of one server. */
export function makeGrantVerbs(as: AuthServer): GrantVerbs {
  return {
    async listUserGrants(userId, after) {
      const { grants, ...page } = await grantsOfUser(as, userId, after);
      return {
        ...page,
        grants: grants.map(summaryOf),
      };
    },
    revokeGrant: (grantId, userId) => endUserGrant(as, userId, grantId),
    async endAccess(who) {
      const userId = await findUserId(as, who);
      if (userId !== null) await signOut(as, userId, as.now());
      return userId !== null;
    },
  };
}
