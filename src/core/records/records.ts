/**
 * Records: the operations over a Store by kind of record (docs/reference/storage.md). A record with the wrong shape reads as absent.
 */
import type { NewEvent } from '../../model/event.ts';
import type { Agent } from '../../lib/http.ts';
import { changeRecord, has, readRecord, type RecordAccess, valueOf, versioned, type Versioned } from '../../model/record.ts';
import type { Client } from '../../model/client.ts';
import { OAuthError } from '../../model/error.ts';
import type { Grant } from '../../model/grant.ts';
import type { Organization, StoredOrigin } from '../../model/identity.ts';
import type { PendingAuthorization } from '../../model/pending-authorization.ts';
import {
  type Count,
  type Cursor,
  type IndexKey,
  type Json,
  type Key,
  type Page,
  type Seconds,
  type Store,
  type Stored,
  type WriteOptions,
} from '../../model/store.ts';
import { type GrantRecords, makeGrantRecords } from './grant-records.ts';

/** A signed-in browser. */
export type Session = {
  readonly v: 1;
  readonly userId: string;
  /** What the account page and the consent page show. */
  readonly claims: { readonly [claim: string]: Json };
  /** What the sign-in said the user may do; absent if permissions are looked up on each request. */
  readonly permissions?: readonly string[];
  /** Upstream accounts that the user signed in with, sealed under the cookie. */
  readonly upstreams?: string;
  /** Organizations that the sign-in said the user may act for. */
  readonly organizations?: readonly Organization[];
  /** The login that the user signed in with. */
  readonly origin?: StoredOrigin;
  /** Hash of the browser's session that allowed this one, of a command line: good for the administration API, while that one lives. */
  readonly cliOf?: string;
  /** The login to ask on each request whether the application's own session still exists. */
  readonly host?: string;
  readonly createdAt: Seconds;
  /** When the user authenticated; 0 or absent if unknown, and then the session does not count as a recent sign-in. */
  readonly provenAt?: Seconds;
  /** The absolute end. */
  readonly expiresAt: Seconds;
  /** When it was last used, accurate to a few minutes. */
  readonly seenAt?: Seconds;
  /** When it ends if it is not used before. */
  readonly idleUntil?: Seconds;
  /** The browser's name at sign-in, readable. */
  readonly agent?: Agent;
  /** The network that signed in, truncated. */
  readonly network?: string;
};

/** The list of all accounts. */
export const ALL_ACCOUNTS: readonly IndexKey[] = ['accounts:all'];

/** A stored account of the built-in login. */
export type AccountRecord = {
  readonly v: 1;
  readonly id: string;
  readonly username: string;
  readonly name?: string;
  readonly email?: string;
  readonly emailVerified?: boolean;
  readonly permissions: readonly string[];
  /** Absent where the account has no password. */
  readonly passwordHash?: string;
  /** For an account from the configuration: hashes of its configured passwords. */
  readonly seed?: { readonly hash: string | null; readonly former: readonly string[] };
  readonly stamp: string;
  /** Set while an administrator has disabled the user. */
  readonly disabled?: true;
  readonly createdAt: Seconds;
};

/** Operations on records. */
export interface Records extends Counts, GrantRecords {
  findClient(id: string): Promise<Client | null>;
  /** The record that `findClient` read a client from. */
  storedClient(client: Client): Stored | undefined;
  /** A client that may be slightly out of date: for pages shown before anything is decided. */
  findClientStale(id: string): Promise<Client | null>;
  /** Caches a client from its metadata document until the document expires. */
  saveDocument(urlHash: string, client: Client, until: Seconds): Promise<void>;
  findDocument(urlHash: string): Promise<Client | null>;
  removeDocument(urlHash: string): Promise<boolean>;
  openPending(pendingHash: string, pending: PendingAuthorization): Promise<void>;
  findPending(pendingHash: string): Promise<PendingAuthorization | null>;
  /** True for exactly one caller. */
  takePending(pendingHash: string): Promise<boolean>;
  /** Changes a request that is still pending; null if it is not. */
  changePending(pendingHash: string, change: (pending: PendingAuthorization) => PendingAuthorization): Promise<PendingAuthorization | null>;
  /** The user of an upstream identity; concurrent callers all get the same one. @param candidate for an identity seen for the first time. */
  userOf(
    identityHash: string,
    candidate: UpstreamName & { readonly userId: string; readonly issuer: string; readonly createdAt: Seconds },
  ): Promise<string>;
  openSession(tokenHash: string, session: Session): Promise<void>;
  /** @param known what was just read under its key; saves the read. */
  findSession(tokenHash: string, known?: Stored): Promise<Session | null>;
  endSession(tokenHash: string): Promise<void>;
  sessionsOf(userId: string, after?: Cursor): Promise<Page>;
  findAccount(id: string): Promise<Versioned<AccountRecord> | null>;
  findAccountId(username: string): Promise<string | null>;
  /** Releases a user name if it belongs to this account. */
  freeUsername(username: string, accountId: string): Promise<void>;
  /** The edited account; null if nothing changed. @param edit gets null if there is no account. */
  changeAccount(
    id: string,
    edit: (account: AccountRecord | null) => AccountRecord | null | Promise<AccountRecord | null>,
  ): Promise<AccountRecord | null>;
  removeAccount(id: string): Promise<void>;
  removeKey(key: Key): Promise<void>;
}

/**
 * Makes the operations over a store.
 *
 * @param onEnded called once for each grant that a transition ended, after the write, with its event.
 * @param onChanged called for each grant that was, or may have been, written. @param runtime for the back-off of contended writes.
 */
export function makeRecords(
  store: Store,
  onEnded: (event: NewEvent) => void = () => {},
  onChanged: (id: string, grant?: Grant) => void = () => {},
  runtime?: RecordAccess['runtime'],
): Records {
  const read = <T>(key: Key, kind: (value: unknown) => value is T): Promise<Versioned<T> | null> => readRecord(store, key, kind);
  const value = async <T>(key: Key, kind: (value: unknown) => value is T): Promise<T | null> => (await read(key, kind))?.value ?? null;
  const over = { store, runtime };
  const clients = new WeakMap<Client, Versioned<Client>>();
  return {
    async findClient(id) {
      const stored = await read(`client:${id}`, isClient);
      if (stored) clients.set(stored.value, stored);
      return stored?.value ?? null;
    },
    storedClient: (client) => clients.get(client),
    findClientStale: async (id) =>
      store.readStale ? (valueOf(await store.readStale(`client:${id}`), isClient)?.value ?? null) : value(`client:${id}`, isClient),
    saveDocument: async (hash, client, until) => void (await store.write(`document:${hash}`, client, 'any', { until })),
    findDocument: (hash) => value(`document:${hash}`, isClient),
    removeDocument: (hash) => store.remove(`document:${hash}`),
    openPending: async (hash, pending) => void (await store.write(`pending:${hash}`, pending, 'absent', { until: pending.expiresAt })),
    findPending: (hash) => value(`pending:${hash}`, isPending),
    takePending: (hash) => store.remove(`pending:${hash}`),
    changePending: (hash, change) =>
      changeRecord(over, `pending:${hash}`, isPending, (pending) => {
        const next = pending && change(pending);
        return next ? { write: next, until: next.expiresAt, result: next } : { result: null };
      }),
    async userOf(hash, candidate) {
      const known = await value(`identity:${hash}`, isIdentity);
      if (known) return known.userId;
      if (
        (await store.write(`identity:${hash}`, { v: 1, ...candidate }, 'absent', {
          index: listsOfIdentity(candidate.userId, candidate.account),
        })) !== null
      )
        return candidate.userId;
      const first = await value(`identity:${hash}`, isIdentity); // another request wrote first: its record counts
      if (!first) throw new Error('The identity record exists but cannot be read.');
      return first.userId;
    },
    openSession: async (hash, session) => void (await store.write(`session:${hash}`, session, 'absent', lifeOfSession(session))),
    findSession: async (hash, known) =>
      (known === undefined ? await read(`session:${hash}`, isSession) : valueOf(known, isSession))?.value ?? null,
    endSession: async (hash) => void (await store.remove(`session:${hash}`)),
    sessionsOf: (userId, after) => store.list(`sessions:${userId}`, after, true),
    findAccount: (id) => read(`account:${id}`, isAccount),
    findAccountId: async (username) => (await value(`username:${username}`, isUsername))?.accountId ?? null,
    async freeUsername(username, accountId) {
      const stored = await read(`username:${username}`, isUsername);
      if (stored?.value.accountId === accountId) await store.remove(`username:${username}`, stored.version);
    },
    changeAccount: (id, edit) =>
      changeRecord(over, `account:${id}`, isAccount, async (account) => {
        const next = await edit(account);
        return next ? { write: next, index: ALL_ACCOUNTS, result: next } : { result: null };
      }),
    removeAccount: async (id) => void (await store.remove(`account:${id}`)),
    removeKey: async (key) => void (await store.remove(key)),
    ...makeGrantRecords(store, onEnded, onChanged, runtime),
    ...makeCounts(store, runtime),
  };
}

/** Until when a session is kept, and its index. */
export function lifeOfSession({ userId, expiresAt, idleUntil = expiresAt }: Session): WriteOptions {
  return { until: Math.min(expiresAt, idleUntil), index: [`sessions:${userId}`] };
}

/** Not a client that is being deleted (`core/records/clients`). */
const isClient = (value: unknown): value is Client =>
  has(value, 'id', 'redirectUris', 'authMethod', 'grantTypes') && !has(value, 'deletedAt');
const isPending = (value: unknown): value is PendingAuthorization =>
  versioned(value) && has(value, 'clientId', 'redirectUri', 'challenge', 'browserHash');
/** Whether a record is a session. */
export const isSession = (value: unknown): value is Session => versioned(value) && has(value, 'userId', 'claims', 'expiresAt');
/** Whether a record is an account. One that is still being created does not count (`core/users/new-accounts`). */
export const isAccount = (value: unknown): value is AccountRecord =>
  versioned(value) && has(value, 'id', 'username', 'stamp') && !has(value, 'announced');
const isIdentity = (value: unknown): value is { userId: string } => versioned(value) && has(value, 'userId', 'issuer');
const isUsername = (value: unknown): value is { accountId: string } => has(value, 'accountId');

/** Further apart, the clocks of two processes never are: a limit may err on the side of the attacker only beyond this. */
const MAX_APART: Seconds = 3600;

/** Operations on counts, by the hash of a name. */
export interface Counts {
  /** Counts one attempt under a name. @returns the count in the current window, and when the window ends. */
  count(name: string, per: Seconds, now: Seconds): Promise<Count>;
  /** Takes one attempt back. */
  uncount(name: string): Promise<void>;
  forgetCount(name: string): Promise<void>;
}

/** Makes the operations over a store. Each attempt is counted before it is made; if the count fails, so does the attempt. */
function makeCounts(store: Store, runtime: RecordAccess['runtime']): Counts {
  const over = { store, runtime };
  return {
    async count(name, per, now) {
      const key = countKey(name);
      const count = await (store.increment ? store.increment(key, per) : countIn(over, key, per, now));
      if (!count) throw new OAuthError('temporarily_unavailable', 'limit_unreadable', { headers: { 'retry-after': '1' } });
      if (count.endsAt - now <= per + MAX_APART) return count;
      await store.remove(key); // a clock far ahead opened this window, which would last as long
      return { count: 1, endsAt: now + per };
    },
    uncount: (name) =>
      changeRecord(over, countKey(name), isCount, (stored) => {
        if (!stored) return { result: undefined };
        return { write: { v: 1, count: Math.max(0, stored.count - 1), endsAt: stored.endsAt }, until: stored.endsAt, result: undefined };
      }),
    forgetCount: async (name) => void (await store.remove(countKey(name))),
  };
}

/** For stores that cannot count in one step. */
function countIn(over: RecordAccess, key: Key, per: Seconds, now: Seconds): Promise<Count> {
  return changeRecord(over, key, isCount, (stored) => {
    const { count, endsAt } = stored ?? { count: 0, endsAt: now + per };
    const result = { count: count + 1, endsAt };
    return { write: { v: 1, ...result }, until: endsAt, result };
  });
}

function countKey(name: string): Key {
  return `limit:${name}`;
}

const isCount = (value: unknown): value is Count => has(value, 'count', 'endsAt');

/** Name of an account at an upstream. */
export type UpstreamName = { readonly account: string; readonly isEmail?: true };

/** The lists that an identity is in: its user's, all, and those with the same account name, to find a user by address. */
export function listsOfIdentity(userId: string, account: string): readonly IndexKey[] {
  return [`identities:${userId}`, 'identities:/all', `identities:/account/${account.toLowerCase()}`];
}
