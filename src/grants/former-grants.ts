/**
 * Grants of the server that this one replaced (option `formerStore`), by user: listed before they move, and ended by the id that they have
 * there. Applications list the grants of a user and end each of them, which must not leave out those whose client has not come yet.
 */
import type { AuthServer } from '../core/auth-server.ts';
import { askFormer } from '../core/former-store.ts';
import { endUserGrant } from '../core/records/grants.ts';
import { readRecord } from '../core/records/record.ts';
import type { FormerListing } from '../model/former.ts';
import { grantTTL } from '../model/resource.ts';
import type { Seconds } from '../model/store.ts';
import { endUnmoved, isNote, isRevokedBefore, noteKey } from './former-token.ts';

/** A grant that can still move. */
type Unmoved = FormerListing & {
  readonly resource: string;
  readonly createdAt: Seconds;
  readonly usedAt: Seconds;
  readonly expiresAt: Seconds;
};

/** The grants of a user that can still move. */
export async function listFormerGrants(as: AuthServer, userId: string): Promise<readonly Unmoved[]> {
  const { settings } = as;
  const listed = await Promise.all(
    (await all(as, userId)).map(async (one): Promise<readonly Unmoved[]> => {
      const { createdAt = 0, expiresAt = as.now() + grantTTL(settings) } = one; // one without end there begins anew when it moves
      if ((one.expiresAt ?? Infinity) <= as.now() || (await isRevokedBefore(as, one))) return [];
      if ((await readRecord(as.store, await noteKey(as, one), isNote)) !== null) return []; // moved, or ended
      const resource = [one.resource ?? settings.defaultResource ?? settings.resources[0]?.uri ?? ''].flat()[0] ?? '';
      const { isPrefix: _isPrefix, ...grant } = one;
      return [{ ...grant, resource, createdAt, usedAt: createdAt, expiresAt }];
    }),
  );
  return listed.flat();
}

/** Ends a grant by its id there, moved or not. False if it is not this user's, or has ended. */
export async function endFormerGrant(as: AuthServer, userId: string, id: string): Promise<boolean> {
  const found = (await all(as, userId)).find((one) => one.id === id);
  if (!found) return false;
  await as.consents.forget(userId, found.clientId);
  const note = await endUnmoved(as, await noteKey(as, found), found);
  return note === undefined || (note.grantId !== undefined && (await endUserGrant(as, userId, note.grantId)));
}

function all(as: AuthServer, userId: string): Promise<readonly FormerListing[]> {
  return askFormer(() => as.settings.formerStore?.listGrants?.(userId) ?? []);
}
