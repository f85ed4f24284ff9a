/**
 * Grant records: reads and changes a grant wherever it is by now, and moves it to another place (docs/decisions/0026). For a move two records are in two
 * parts of the store, and no write reaches both, so one of them decides:
 *
 *   1. At the new place: an arriving copy, which counts for nothing yet. It says from where it comes, and on which version of the record there.
 *   2. At the old place: on condition of that version, the grant is replaced by a signpost with the name of the move. Here the grant has moved.
 *   3. At the new place: the copy becomes the grant.
 *
 * Interrupted after 1, the grant is where it was. Interrupted after 2, the copy counts, since the old place names its move. A signpost stays in the lists of
 * its grant and leads every older token there, as long as the grant may last, and so does a copy that is written over one: so a replay still ends the grant.
 */
import type { NewEvent } from '../../model/event.ts';
import { base64url } from '../../lib/bytes.ts';
import { has, type RecordAccess, untilDone, versioned, type Versioned } from '../../model/record.ts';
import { OAuthError } from '../../model/error.ts';
import type { SlowTransition } from '../../model/grant-transitions.ts';
import { type Grant, lifeEndOf } from '../../model/grant.ts';
import { PLACES } from '../../model/token.ts';
import { type IndexKey, type Key, NothingDone, type Page, type Cursor, type Store, type Stored, type Version } from '../../model/store.ts';

/** A grant as it was read. `at`: the id of the record that it is in. */
export interface VersionedGrant extends Versioned<Grant> {
  readonly at?: string;
}

/** Options of `changeGrant`. */
export interface ChangeOptions {
  /** What `readAhead` gave; saves the first read. */
  readonly known?: Stored | null;
  /** Called with the event of a grant that this ended, after the write. */
  readonly onEnded?: (event: NewEvent) => void;
}

/** Operations on grants. */
export interface GrantRecords {
  /** @throws {OAuthError} `invalid_grant` if there is no such grant, or the transition's own error. */
  changeGrant<T>(id: string, transition: SlowTransition<T>, options?: ChangeOptions): Promise<T>;
  /** Begins to read a grant that `changeGrant` will need, beside other work; it needs no `catch`. */
  readAhead(id: string): Promise<Stored | null>;
  /** False, without a write, if a grant with that id exists. */
  openGrant(grant: Grant): Promise<boolean>;
  /** @param known what was just read under its key; saves the read. */
  findGrant(id: string, known?: Stored): Promise<Grant | null>;
  /** The grant with its version and the id of its record; `known` itself if that is still current. */
  readGrant(id: string, known?: VersionedGrant): Promise<VersionedGrant | null>;
  grantsOf(userId: string, after?: Cursor): Promise<Page>;
}

/**
 * Makes the operations over a store.
 *
 * @param onEnded called once for each grant that a transition ended, after the write, with its event.
 * @param onChanged called for each grant that was, or may have been, written. @param runtime for the back-off of contended writes.
 */
export function makeGrantRecords(
  store: Store,
  onEnded: (event: NewEvent) => void,
  onChanged: (id: string, grant?: Grant) => void,
  runtime: RecordAccess['runtime'],
): GrantRecords {
  /** The store, reporting each write of one grant. */
  const reporting = (id: string): Pick<Store, 'read' | 'write'> => ({
    read: (key) => store.read(key),
    async write(...all) {
      try {
        return await store.write(...all);
      } catch (error) {
        const [key, value, when] = all;
        // A full store has no room for a record that has ended: removing it is as good, since an absent grant is not valid.
        if (!isEnded(value) || !isNothingDone(error) || typeof when !== 'number' || !(await store.remove(key, when))) throw error;
        return when;
      } finally {
        onChanged(id, isGrant(all[1]) ? all[1] : undefined); // a write whose response is lost may have happened
      }
    },
  });
  return {
    async changeGrant(id, transition, { known, onEnded: notify = onEnded } = {}) {
      const grants = reporting(id);
      let [seen, pending]: [Stored | null | undefined, string | undefined] = [known, undefined];
      const verdict = await untilDone({ runtime }, 'grant', async () => {
        const found = await locateGrant(grants, id, { read: seen });
        seen = undefined;
        if (!found) throw new OAuthError('invalid_grant', 'grant_unknown');
        const result = await transition(found.grant);
        const { grant, keptAs = found.at } = result;
        if (!grant) return { result };
        if (keptAs === found.at || grant.ended)
          return (await grants.write(`grant:${found.at}`, grant, found.version, { until: lifeEndOf(grant) })) === null ? null : { result };
        const moved = await moveGrant(grants, found, { id: keptAs, grant, move: moveName(runtime), pending });
        pending = typeof moved === 'string' ? moved : undefined;
        return moved === true ? { result } : null;
      });
      if (verdict.grant?.ended) {
        const { id: grantId, clientId, userId, ended } = verdict.grant;
        notify({ kind: 'grant.ended', grantId, clientId, userId, reason: ended.reason });
      }
      if ('error' in verdict) throw verdict.error;
      return verdict.result;
    },
    readAhead(id) {
      const read = store.read(`grant:${id}`);
      read.catch(() => undefined); // reported where it is awaited
      return read;
    },
    async openGrant(grant) {
      return (await store.write(`grant:${grant.id}`, grant, 'absent', { until: lifeEndOf(grant), index: listsOfGrant(grant) })) !== null;
    },
    findGrant: async (id, known) => (await locateGrant(store, id, { read: known }))?.grant ?? null,
    async readGrant(id, known) {
      const found = await locateGrant(store, id, { known });
      return found && (found.grant === known?.value ? known : { value: found.grant, version: found.version, at: found.at });
    },
    grantsOf: (userId, after) => store.list(`user:${userId}`, after, true),
  };
}

/** Names one move of a grant. */
function moveName(runtime: RecordAccess['runtime']): string {
  return base64url(runtime?.random(16) ?? crypto.getRandomValues(new Uint8Array(16)));
}

const isEnded = (value: unknown): boolean => isGrant(value) && value.ended !== null;

/** Whether a store is certain that it changed nothing: it is full, or lost a race. */
export const isNothingDone = (error: unknown): boolean =>
  error instanceof NothingDone || (error instanceof Error && error.cause instanceof NothingDone);

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
  let [at, move, stored] = [id, '', read === undefined ? await store.read(grantKey(id), known) : read];
  for (let steps = 0; steps <= 2 * PLACES.length; steps++) {
    if (!stored) return null;
    const { value, version } = stored;
    if (isGrant(value)) return { at, grant: value, version, isArriving: false };
    if (isSignpost(value)) {
      [at, move] = [value.movedTo, value.move];
      stored = await store.read(grantKey(at), known);
    } else if (isArriving(value)) {
      const before: Stored | null = move === value.move ? null : await store.read(grantKey(value.from), known);
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
  const [source, target, until] = [grantKey(from.at), grantKey(to.id), Math.max(lifeEndOf(to.grant), to.grant.expiresAt)];
  if (from.isArriving) {
    // The record that makes this copy count may be the one that the next move replaces.
    await store.write(source, from.grant, from.version, { until: lifeEndOf(from.grant) });
    return false;
  }
  const there = await store.read(target);
  if (there !== null && !isSignpost(there.value)) {
    if (!isArriving(there.value)) return false; // it has moved meanwhile
    // Read after the copy: from then on no record has the version that the copy waits for, unless it is the present one.
    const isPending = (await store.read(grantKey(there.value.from)))?.version === there.value.over;
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

function grantKey(id: string): Key {
  return `grant:${id}`;
}

const isSignpost = (value: unknown): value is Signpost => versioned(value) && has(value, 'movedTo', 'move');
const isArriving = (value: unknown): value is Arriving => versioned(value) && has(value, 'move', 'from', 'over', 'arriving');
