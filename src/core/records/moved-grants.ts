/**
 * Grants that move: where a grant is by now, and its move to another place (docs/decisions/0026). Two records are in two parts of the store, and no write
 * reaches both, so one of them decides:
 *
 *   1. At the new place: an arriving copy, which counts for nothing yet. It says from where it comes, and on which version of the record there.
 *   2. At the old place: on condition of that version, the grant is replaced by a signpost with the name of the move. Here the grant has moved.
 *   3. At the new place: the copy becomes the grant.
 *
 * Interrupted after 1, the grant is where it was. Interrupted after 2, the copy counts, since the old place names its move. A signpost stays in the lists of
 * its grant and leads every older token there, as long as the grant may last, and so does a copy that is written over one: so a replay still ends the grant.
 */
import { OAuthError } from '../../model/error.ts';
import { type Grant, lifeEndOf } from '../../model/grant.ts';
import { PLACES } from '../../model/place.ts';
import type { IndexKey, Key, Store, Stored, Version } from '../../model/store.ts';
import { has, versioned } from './record.ts';

/** A grant and the record that it is in: the one with the id `at`. */
export interface LocatedGrant {
  readonly at: string;
  readonly grant: Grant;
  readonly version: Version;
  /** Whether it is still in an arriving copy. */
  readonly isArriving: boolean;
}

/** Left where a grant was. */
type Signpost = { readonly v: 1; readonly movedTo: string; readonly move: string };
/** A copy of a grant at its new place. It counts if the record of `from` is the signpost of the same move. */
type Arriving = { readonly v: 1; readonly move: string; readonly from: string; readonly over: Version; readonly arriving: Grant };

/** The list of access keys. */
export const ALL_KEYS: IndexKey = 'keys:all';

/** Lists that hold a grant. */
export function listsOfGrant({ userId, clientId, key }: Grant): readonly IndexKey[] {
  return [`user:${userId}`, `client:${clientId}`, ...(key ? [ALL_KEYS] : [])];
}

/** Whether a record is a grant, in its own place. */
export const isGrant = (value: unknown): value is Grant =>
  versioned(value) && has(value, 'id', 'clientId', 'userId', 'access', 'retired', 'lifetimes');

/**
 * The grant with that id, wherever it has moved; null if there is none.
 *
 * @param known the grant as it was read before: saves the transfer if it is unchanged. @param read what was just read under the id.
 * @throws {OAuthError} 503 while it moves faster than it can be followed.
 */
export async function locateGrant(
  store: Pick<Store, 'read'>,
  id: string,
  { known, read }: { readonly known?: Stored | undefined; readonly read?: Stored | null | undefined } = {},
): Promise<LocatedGrant | null> {
  let [at, move, stored] = [id, '', read === undefined ? await store.read(keyOf(id), known) : read];
  for (let steps = 0; steps <= 2 * PLACES.length; steps++) {
    if (!stored) return null;
    const { value, version } = stored;
    if (isGrant(value)) return { at, grant: value, version, isArriving: false };
    if (isSignpost(value)) {
      [at, move] = [value.movedTo, value.move];
      stored = await store.read(keyOf(at), known);
    } else if (isArriving(value)) {
      const before: Stored | null = move === value.move ? null : await store.read(keyOf(value.from), known);
      const hasMoved = move === value.move || (before !== null && isSignpost(before.value) && before.value.move === value.move);
      if (hasMoved) return { at, grant: value.arriving, version, isArriving: true };
      [at, move, stored] = [value.from, '', before];
    } else return null;
  }
  throw new OAuthError('temporarily_unavailable', 'grant_moving', { headers: { 'retry-after': '1' } });
}

/**
 * Moves a grant and changes it, in one step.
 *
 * @param move a random name. @param pending the move that this caller has seen before at the new place, and whose end it does not wait for any more.
 * @returns true if it has moved; else, without a change, false, or the name of another move to the same place that may still be carried out.
 */
export async function moveGrant(
  store: Pick<Store, 'read' | 'write'>,
  from: LocatedGrant,
  to: { readonly id: string; readonly grant: Grant; readonly move: string; readonly pending?: string | undefined },
): Promise<boolean | string> {
  const [source, target, until] = [keyOf(from.at), keyOf(to.id), Math.max(lifeEndOf(to.grant), to.grant.expiresAt)];
  if (from.isArriving) {
    // The record that makes this copy count may be the one that the next move replaces.
    await store.write(source, from.grant, from.version, { until: lifeEndOf(from.grant) });
    return false;
  }
  const there = await store.read(target);
  if (there !== null && !isSignpost(there.value)) {
    if (!isArriving(there.value)) return false; // it has moved meanwhile
    // Read after the copy: from then on no record has the version that the copy waits for, unless it is the present one.
    const isPending = (await store.read(keyOf(there.value.from)))?.version === there.value.over;
    if (isPending && to.pending !== there.value.move) return there.value.move;
    if (isPending) {
      await store.write(source, from.grant, from.version, { until: lifeEndOf(from.grant) }); // the other one can no longer be carried out
      return false;
    }
  }
  const copy: Arriving = { v: 1, move: to.move, from: from.at, over: from.version, arriving: to.grant };
  const arrived = await store.write(target, copy, there?.version ?? 'absent', { until, index: listsOfGrant(to.grant) });
  if (arrived === null) return false;
  const signpost: Signpost = { v: 1, movedTo: to.id, move: to.move };
  const hasMoved = (await store.write(source, signpost, from.version, { until })) !== null;
  if (hasMoved) await store.write(target, to.grant, arrived, { until: lifeEndOf(to.grant) }).catch(() => null); // the copy counts as it is
  return hasMoved;
}

function keyOf(id: string): Key {
  return `grant:${id}`;
}

const isSignpost = (value: unknown): value is Signpost => versioned(value) && has(value, 'movedTo', 'move');
const isArriving = (value: unknown): value is Arriving => versioned(value) && has(value, 'move', 'from', 'over', 'arriving');
