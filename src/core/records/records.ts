/**
 * Records: the operations over a Store by kind of record (docs/reference/storage.md). A record with the wrong shape reads as absent.
 */
import { base64url } from '../../lib/bytes.ts';
import type { Agent } from '../../lib/network.ts';
import { type RecordAccess, changeRecord, untilDone } from '../../model/change-record.ts';
import type { Client } from '../../model/client.ts';
import { OAuthError } from '../../model/error.ts';
import { lifeEndOf, type Grant } from '../../model/grant.ts';
import type { Organization } from '../../model/identity.ts';
import type { StoredOrigin } from '../../model/origin.ts';
import { type Cursor, type Json, type Key, NothingDone, type Page, type Seconds } from '../../model/store.ts';
import type { IndexKey, Store, Stored, WriteOptions } from '../../model/store.ts';
import type { PendingAuthorization } from '../../model/pending-authorization.ts';
import type { SlowTransition } from '../../model/grant-transitions.ts';
import { type Counts, makeCounts } from './counts.ts';
import { listsOfIdentity, type UpstreamName } from '../users/identity-lists.ts';
import { isGrant, listsOfGrant, locateGrant, moveGrant } from './moved-grants.ts';
import { has, readRecord, valueOf, versioned, type Versioned } from './record.ts';

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

/** A grant as it was read. `at`: the id of the record that it is in. */
export interface VersionedGrant extends Versioned<Grant> {
  readonly at?: string;
}

/** Options of `changeGrant`. */
export interface ChangeOptions {
  /** What `readAhead` gave; saves the first read. */
  readonly known?: Stored | null;
  /** Called for a grant that this ended, after the write. */
  readonly onEnded?: (grant: Grant) => void;
}

/** Operations on records. */
export interface Records extends Counts {
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
  changeAccount(id: string, edit: (account: AccountRecord | null) => AccountRecord | null): Promise<AccountRecord | null>;
  removeAccount(id: string): Promise<void>;
  removeKey(key: Key): Promise<void>;
}

/**
 * Makes the operations over a store.
 *
 * @param onEnded called once for each grant that a transition ended, after the write.
 * @param onChanged called for each grant that was, or may have been, written. @param runtime for the back-off of contended writes.
 */
export function makeRecords(
  store: Store,
  onEnded: (grant: Grant) => void = () => {},
  onChanged: (id: string) => void = () => {},
  runtime?: RecordAccess['runtime'],
): Records {
  const read = <T>(key: Key, kind: (value: unknown) => value is T): Promise<Versioned<T> | null> => readRecord(store, key, kind);
  const value = async <T>(key: Key, kind: (value: unknown) => value is T): Promise<T | null> => (await read(key, kind))?.value ?? null;
  const over = { store, runtime };
  const clients = new WeakMap<Client, Versioned<Client>>();
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
        onChanged(id); // a write whose response is lost may have happened
      }
    },
  });
  return {
    async changeGrant(id, transition, { known, onEnded: notify = onEnded } = {}) {
      const grants = reporting(id);
      let [seen, pending]: [Stored | null | undefined, string | undefined] = [known, undefined];
      const verdict = await untilDone(over, 'grant', async () => {
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
      if (verdict.grant?.ended) notify(verdict.grant);
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
      changeRecord(over, `account:${id}`, isAccount, (account) => {
        const next = edit(account);
        return next ? { write: next, index: ALL_ACCOUNTS, result: next } : { result: null };
      }),
    removeAccount: async (id) => void (await store.remove(`account:${id}`)),
    removeKey: async (key) => void (await store.remove(key)),
    ...makeCounts(store, runtime),
  };
}

/** Until when a session is kept, and its index. */
export function lifeOfSession({ userId, expiresAt, idleUntil = expiresAt }: Session): WriteOptions {
  return { until: Math.min(expiresAt, idleUntil), index: [`sessions:${userId}`] };
}

/** Names one move of a grant. */
function moveName(runtime: RecordAccess['runtime']): string {
  return base64url(runtime?.random(16) ?? crypto.getRandomValues(new Uint8Array(16)));
}

const isEnded = (value: unknown): boolean => isGrant(value) && value.ended !== null;
/** Whether a store is certain that it changed nothing: it is full, or lost a race. */
export const isNothingDone = (error: unknown): boolean =>
  error instanceof NothingDone || (error instanceof Error && error.cause instanceof NothingDone);
/** Not a client that is being deleted (`core/records/clients`). */
const isClient = (value: unknown): value is Client =>
  has(value, 'id', 'redirectUris', 'authMethod', 'grantTypes') && !has(value, 'deletedAt');
const isPending = (value: unknown): value is PendingAuthorization =>
  versioned(value) && has(value, 'clientId', 'redirectUri', 'challenge', 'browserHash');
/** Whether a record is a session. */
export const isSession = (value: unknown): value is Session => versioned(value) && has(value, 'userId', 'claims', 'expiresAt');
/** Whether a record is an account. One that is still being created does not count (`core/users/account-names`). */
export const isAccount = (value: unknown): value is AccountRecord =>
  versioned(value) && has(value, 'id', 'username', 'stamp') && !has(value, 'announced');
const isIdentity = (value: unknown): value is { userId: string } => versioned(value) && has(value, 'userId', 'issuer');
const isUsername = (value: unknown): value is { accountId: string } => has(value, 'accountId');
