/**
 * What users and operators do with grants outside of a sign-in: see who has access, and take it away.
 */
import type { AuthServer } from '../core/auth-server.ts';
import { OAuthError } from '../model/error.ts';
import { type Grant, isLive } from '../model/grant.ts';
import type { Cursor, Seconds } from '../model/store.ts';
import { revoke } from '../model/transition.ts';

/** A grant as its user may see it. */
export interface GrantSummary {
  readonly id: string;
  readonly clientId: string;
  readonly scope: readonly string[];
  readonly resource: string;
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
}

/** Makes the verbs of one server. */
export function makeGrantVerbs(as: AuthServer): GrantVerbs {
  return {
    async listUserGrants(userId, after) {
      const { keys, next } = await as.records.grantsOf(userId, after);
      const found = await Promise.all(keys.map((key) => as.records.findGrant(key.slice('grant:'.length))));
      const grants = found
        .filter((grant): grant is Grant => grant !== null && isLive(grant, as.now()))
        .map(({ id, clientId, scope, resource, createdAt, usedAt }) => ({ id, clientId, scope, resource, createdAt, usedAt }));
      return next === undefined ? { grants } : { grants, next };
    },
    async revokeGrant(grantId, userId) {
      try {
        const end = revoke('revoked', as.now());
        const grant = await as.records.findGrant(grantId);
        if (grant?.userId !== userId) return false;
        await as.consents.forget(userId, grant.clientId); // first: what is opened without asking meanwhile ends itself
        const ended = await as.records.changeGrant(grantId, (one) => (one.userId === userId ? end(one) : { result: false }));
        if (ended) await as.vault.release(userId, grant.upstreams?.ids ?? []);
        return ended;
      } catch (error) {
        if (error instanceof OAuthError && error.reason === 'grant_unknown') return false;
        throw error;
      }
    },
  };
}
