/**
 * What was revoked here before it moved: a note about each revocation, beside a former store, which is never written.
 */
import type { FormerStore } from '../../model/former.ts';
import type { Key, Seconds, Store } from '../../model/store.ts';
import { has, readRecord, versioned } from '../../model/record.ts';
import type { Secrets } from './secrets.ts';

/** What is revoked: the grants of a user, of a client, or of both; all grants without any member; or a client with its grants. */
export interface FormerOwner {
  readonly userId?: string;
  readonly clientId?: string;
  readonly deletedClient?: string;
}

/** What notes about a former store need of a server. */
export interface FormerNotes {
  readonly settings: { readonly formerStore: FormerStore | null };
  readonly store: Store;
  readonly secrets: Pick<Secrets, 'hash'>;
  now(): Seconds;
}

type Cut = { readonly v: 1; readonly before: Seconds };

/** Revokes grants that have not moved yet: those of a user, of a client, of both, or all. Call it before listing what has moved. */
export async function cutFormer(as: FormerNotes, owner: FormerOwner): Promise<void> {
  if (!as.settings.formerStore) return;
  await as.store.write(await cutKey(as, owner), { v: 1, before: as.now() }, 'any');
}

/** Whether a grant or a client of the former store was revoked here. @param createdAt when it was made there. */
export async function isCut(as: FormerNotes, owners: readonly FormerOwner[], createdAt: Seconds): Promise<boolean> {
  const cuts = await Promise.all(owners.map(async (owner) => readRecord(as.store, await cutKey(as, owner), isCutRecord)));
  return cuts.some((cut) => cut !== null && createdAt <= cut.value.before);
}

async function cutKey(as: FormerNotes, { userId, clientId, deletedClient }: FormerOwner): Promise<Key> {
  const what = JSON.stringify([userId ?? null, clientId ?? null, deletedClient ?? null]);
  return `former:${await as.secrets.hash(`former cut\n${what}`)}`;
}

const isCutRecord = (value: unknown): value is Cut => versioned(value) && has(value, 'before');
