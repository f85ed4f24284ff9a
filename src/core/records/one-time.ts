/**
 * What may be used once: ids that could be replayed, pushed authorization requests (RFC 9126), initial access tokens (RFC 7591 §3). An id is remembered by one
 * write that only the first request can make, in any number of processes. A record that is used for work that fails is kept.
 */
import type { Fields } from '../../lib/http.ts';
import { has, readRecord, type Versioned, versioned } from '../../model/record.ts';
import { isOutage } from '../../model/error.ts';
import { type Params, paramsOf } from '../../model/params.ts';
import { type Place, withPlace } from '../../model/token.ts';
import type { Key, Seconds, Store, Version } from '../../model/store.ts';
import type { AuthServer } from '../auth-server.ts';

/** Something that can be used once. */
export interface SingleUse {
  /** Uses it up: true for exactly one caller. */
  spend(): Promise<boolean>;
  /** Makes it usable again, if this caller used it. It stays used if the store is down. */
  giveBack(): Promise<void>;
}

/**
 * An id that can be used once within its namespace.
 *
 * @param until when it expires by itself; the record outlives it. @param place where it is noted: the same for every use of this id, wherever it
 *   comes from.
 */
export async function singleUse(
  as: AuthServer,
  namespace: readonly string[],
  id: string,
  until: Seconds,
  place: Place | null = null,
): Promise<SingleUse> {
  const key = `replay:${withPlace(await as.secrets.hash(`replay\n${JSON.stringify([...namespace, id])}`), place)}` as const;
  let ownId: string | null = null;
  return {
    async spend() {
      ownId = as.secrets.id(); // known before the write, whose response may be lost
      return (await as.store.write(key, { v: 1, by: ownId }, 'absent', { until: until + 1 })) !== null;
    },
    async giveBack() {
      if (ownId !== null) await giveBack(as.store, key, ownId, (version) => as.store.remove(key, version));
    },
  };
}

const isMark = (value: unknown): value is { readonly by: string } => has(value, 'by');

/**
 * Runs `work` for the one caller that takes the record; null for all others. It is open again if `work` fails, or the store while it is taken.
 * It is marked until its end and not removed, so that a caller who does not know whether it was taken can see by whom.
 */
export async function takeFor<T>(
  { store, secrets }: Pick<AuthServer, 'store' | 'secrets'>,
  { key, record, until }: { readonly key: Key; readonly record: Versioned<object>; readonly until: Seconds },
  work: () => Promise<T>,
): Promise<T | null> {
  const by = secrets.id(); // known before the write, whose response may be lost
  try {
    return (await store.write(key, { ...record.value, by }, record.version, { until })) === null ? null : await work();
  } catch (error) {
    await giveBack(store, key, by, (version) => store.write(key, { ...record.value }, version, { until }));
    throw error;
  }
}

/** Undoes a use by this caller; of no one else. If the store is down, it stays used, and the first failure is reported. */
async function giveBack(store: Store, key: Key, by: string, undo: (version: Version) => Promise<unknown>): Promise<void> {
  try {
    const record = await readRecord(store, key, isMark);
    if (record?.value.by === by) await undo(record.version);
  } catch (error) {
    if (!isOutage(error)) throw error;
  }
}

/** A stored request. */
type Pushed = {
  readonly v: 1;
  readonly clientId: string;
  readonly until: Seconds;
  /** Field names with all their values. */
  readonly fields: readonly (readonly [name: string, values: readonly string[]])[];
};

const URN = 'urn:ietf:params:oauth:request_uri:';
const FORM = /^urn:ietf:params:oauth:request_uri:[\w-]{43}$/;

/** Whether a `request_uri` is one of ours; others are never fetched. */
export function isPushedUri(uri: string): boolean {
  return FORM.test(uri);
}

/** Stores a request and returns its `request_uri`. */
export async function keepPushedRequest(as: AuthServer, clientId: string, fields: Fields, ttl: Seconds): Promise<string> {
  const uri = URN + as.secrets.secret();
  const until = as.now() + ttl;
  const pushed: Pushed = { v: 1, clientId, until, fields: [...fields] };
  await as.store.write(`pushed:${await as.secrets.hash(uri)}`, pushed, 'absent', { until });
  return uri;
}

/** A request that was found. `take` uses it up: true for exactly one caller. */
export interface FoundRequest {
  readonly params: Params;
  readonly take: () => Promise<boolean>;
}

/** The request, or why there is none. The caller takes it only after answering, so that a failed request can be repeated. */
export async function findPushed(as: AuthServer, uri: string, clientId: string): Promise<FoundRequest | 'unknown' | 'of_another_client'> {
  const key = `pushed:${await as.secrets.hash(uri)}` as const;
  const record = await readRecord(as.store, key, isPushed);
  if (!record) return 'unknown';
  if (record.value.clientId !== clientId) return 'of_another_client';
  return {
    params: paramsOf(new Map(record.value.fields)),
    take: async () => (await takeFor(as, { key, record, until: record.value.until }, async () => true)) ?? false,
  };
}

const isPushed = (value: unknown): value is Pushed => versioned(value) && has(value, 'clientId', 'until', 'fields') && !isMark(value);

/** Makes an initial access token. It is returned only here. @param ttl in seconds. */
export async function openInvitation(as: AuthServer, ttl: Seconds): Promise<string> {
  const token = as.secrets.secret();
  const expiresAt = as.now() + ttl;
  await as.store.write(await invitationKey(as, token), { v: 1, expiresAt }, 'absent', { until: expiresAt });
  return token;
}

/** Whether an initial access token is valid. */
export async function isInvitation(as: AuthServer, token: string): Promise<boolean> {
  return (await readRecord(as.store, await invitationKey(as, token), isInvitationRecord)) !== null;
}

/** Runs `work` once for an initial access token, which stays valid if `work` fails; null if the token is not valid. */
export async function withInvitation<T>(as: AuthServer, token: string, work: () => Promise<T>): Promise<T | null> {
  const key = await invitationKey(as, token);
  const record = await readRecord(as.store, key, isInvitationRecord);
  return record && takeFor(as, { key, record, until: record.value.expiresAt }, work);
}

async function invitationKey(as: AuthServer, token: string): Promise<Key> {
  return `invitation:${await as.secrets.hash(token)}`;
}

const isInvitationRecord = (value: unknown): value is { expiresAt: Seconds } =>
  versioned(value) && has(value, 'expiresAt') && !isMark(value);
