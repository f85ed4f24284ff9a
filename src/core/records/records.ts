/**
 * Records: named verbs over a Store. Everything that is kept is read and written through here, so this is the list
 * of what stands in storage (docs/reference/storage.md). A record that does not have the shape it must have reads as absent.
 */
import type { Agent } from '../../lib/user-agent.ts';
import { type Changing, changeRecord } from '../../model/change-record.ts';
import type { Client } from '../../model/client.ts';
import { OAuthError } from '../../model/error.ts';
import { lifeEndOf, type Grant } from '../../model/grant.ts';
import type { Organization } from '../../model/identity.ts';
import type { KeptOrigin } from '../../model/origin.ts';
import { type Cursor, type IndexKey, type Json, type Key, NothingDone, type Page, type Seconds } from '../../model/store.ts';
import type { Store, WriteOptions } from '../../model/store.ts';
import type { UpstreamState, PendingAuthorization } from '../../model/pending-authorization.ts';
import type { SlowTransition } from '../../model/grant-transitions.ts';
import { has, readRecord, valueOf, versioned, type Versioned } from './record.ts';
import { markUsed } from './used-mark.ts';

/** A signed-in browser. */
export type Session = {
  readonly v: 1;
  readonly userId: string;
  /** What the account page and the consent page show. */
  readonly claims: { readonly [claim: string]: Json };
  /** What the sign-in said the user may do; absent where that is looked up live. */
  readonly permissions?: readonly string[];
  /** Accounts at other sites that the person signed in with, under the cookie. */
  readonly upstreams?: string;
  /** Those that the sign-in said the user may act for. */
  readonly organizations?: readonly Organization[];
  /** The login that brought the person in. */
  readonly origin?: KeptOrigin;
  /** The login that is to be asked, each time, whether this is still so: the application's own session. */
  readonly host?: string;
  readonly createdAt: Seconds;
  /** When the person proved who they are; 0 or absent where that is not known, and nothing fresh follows from the session. */
  readonly provenAt?: Seconds;
  /** The absolute end. */
  readonly expiresAt: Seconds;
  /** When it was last used, to a few minutes. */
  readonly seenAt?: Seconds;
  /** The end, unless it is used before. */
  readonly idleUntil?: Seconds;
  /** What the browser called itself at the sign-in, in words. */
  readonly agent?: Agent;
  /** Where it signed in from, coarsely. */
  readonly network?: string;
};

/** An account of our own login as it is kept. */
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
  /** Of an account that the configuration names: what its password was, there. */
  readonly seed?: { readonly hash: string | null; readonly former: readonly string[] };
  readonly stamp: string;
  readonly createdAt: Seconds;
};

/** The verbs. */
export interface Records {
  /** @throws {OAuthError} `invalid_grant` when there is no such grant, or what the transition refuses with. */
  changeGrant<T>(id: string, transition: SlowTransition<T>, onEnded?: (grant: Grant) => void): Promise<T>;
  /** False, and nothing is written, where a grant of that id is there already. */
  openGrant(grant: Grant): Promise<boolean>;
  findGrant(id: string): Promise<Grant | null>;
  /** The same with its version; `known` itself where that is still its state. */
  readGrant(id: string, known?: Versioned<Grant>): Promise<Versioned<Grant> | null>;
  grantsOf(userId: string, after?: Cursor): Promise<Page>;
  findClient(id: string): Promise<Client | null>;
  /** A client as it stood lately: for pages that show it before anything is decided. */
  findClientLate(id: string): Promise<Client | null>;
  /** A client as its metadata document described it, for as long as the document may be kept. */
  saveDocument(urlHash: string, client: Client, until: Seconds): Promise<void>;
  findDocument(urlHash: string): Promise<Client | null>;
  removeDocument(urlHash: string): Promise<boolean>;
  openPending(pendingHash: string, pending: PendingAuthorization): Promise<void>;
  findPending(pendingHash: string): Promise<PendingAuthorization | null>;
  /** True for exactly one caller. */
  takePending(pendingHash: string): Promise<boolean>;
  /** Changes a pending authorization that is still open; null when it is not. */
  changePending(pendingHash: string, change: (pending: PendingAuthorization) => PendingAuthorization): Promise<PendingAuthorization | null>;
  openJourney(stateHash: string, journey: UpstreamState): Promise<void>;
  findJourney(stateHash: string): Promise<UpstreamState | null>;
  /** True for exactly one caller. */
  takeJourney(stateHash: string): Promise<boolean>;
  /** Notes that the journey ended in a page. */
  endJourneyInPage(stateHash: string): Promise<void>;
  /** The user of an outside identity; of several callers at once, all get the same. @param candidate for an identity not met before. */
  userOf(
    identityHash: string,
    candidate: { readonly userId: string; readonly issuer: string; readonly account: string; readonly createdAt: Seconds },
  ): Promise<string>;
  openSession(tokenHash: string, session: Session): Promise<void>;
  findSession(tokenHash: string): Promise<Session | null>;
  endSession(tokenHash: string): Promise<void>;
  sessionsOf(userId: string, after?: Cursor): Promise<Page>;
  findAccount(id: string): Promise<Versioned<AccountRecord> | null>;
  findAccountId(username: string): Promise<string | null>;
  /** Gives a user name back, if it is this account's. */
  freeUsername(username: string, accountId: string): Promise<void>;
  /** What the edit made of the account; null where it changed nothing. @param edit gets null where there is no account. */
  changeAccount(id: string, edit: (account: AccountRecord | null) => AccountRecord | null): Promise<AccountRecord | null>;
  removeAccount(id: string): Promise<void>;
  removeKey(key: Key): Promise<void>;
  /** Counts one more under a name; the count within the present window, and when that ends. */
  count(name: string, per: Seconds, now: Seconds): Promise<{ readonly count: number; readonly endsAt: Seconds }>;
  /** Takes one back. */
  uncount(name: string): Promise<void>;
  forgetCount(name: string): Promise<void>;
}

/**
 * Makes the verbs over a store.
 *
 * @param onEnded told once for each grant that a transition ended, after it was written.
 * @param onChanged told of each grant that was, or may have been, written anew. @param runtime spreads writes that contend.
 */
export function makeRecords(
  store: Store,
  onEnded: (grant: Grant) => void = () => {},
  onChanged: (id: string) => void = () => {},
  runtime?: Changing['runtime'],
): Records {
  const read = <T>(key: Key, kind: (value: unknown) => value is T): Promise<Versioned<T> | null> => readRecord(store, key, kind);
  const value = async <T>(key: Key, kind: (value: unknown) => value is T): Promise<T | null> => (await read(key, kind))?.value ?? null;
  const over = { store, runtime };
  /** The store, for the changes of one grant. */
  const noticed = (id: string): Changing['store'] => ({
    read: (key) => store.read(key),
    remove: (key, when) => store.remove(key, when),
    async write(...all) {
      try {
        return await store.write(...all);
      } catch (error) {
        const [key, value, when] = all;
        // No room for a record that has ended: gone is as good, since what is not there is not valid.
        if (!isEnded(value) || !isNothingDone(error) || typeof when !== 'number' || !(await store.remove(key, when))) throw error;
        return when;
      } finally {
        onChanged(id); // a write whose answer is lost may have happened
      }
    },
  });
  return {
    async changeGrant(id, transition, told = onEnded) {
      const verdict = await changeRecord({ store: noticed(id), runtime }, `grant:${id}`, isGrant, async (grant) => {
        if (!grant) throw new OAuthError('invalid_grant', 'grant_unknown');
        const result = await transition(grant);
        return result.grant ? { write: result.grant, until: lifeEndOf(result.grant), result } : { result };
      });
      if (verdict.grant?.ended) told(verdict.grant);
      if ('error' in verdict) throw verdict.error;
      return verdict.result;
    },
    async openGrant(grant) {
      const index: IndexKey[] = [`user:${grant.userId}`, `client:${grant.clientId}`];
      return (await store.write(`grant:${grant.id}`, grant, 'absent', { until: lifeEndOf(grant), index })) !== null;
    },
    findGrant: (id) => value(`grant:${id}`, isGrant),
    async readGrant(id, known) {
      const stored = await store.read(`grant:${id}`, known);
      return known !== undefined && stored === known ? known : valueOf(stored, isGrant);
    },
    grantsOf: (userId, after) => store.list(`user:${userId}`, after),
    findClient: (id) => value(`client:${id}`, isClient),
    findClientLate: async (id) =>
      store.readLate ? (valueOf(await store.readLate(`client:${id}`), isClient)?.value ?? null) : value(`client:${id}`, isClient),
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
    openJourney: async (hash, journey) => void (await store.write(`journey:${hash}`, journey, 'absent', { until: journey.expiresAt })),
    findJourney: (hash) => value(`journey:${hash}`, isJourney),
    takeJourney: (hash) => markUsed(over, `journey:${hash}`, isJourney, 'now'),
    endJourneyInPage: async (hash) => void (await markUsed(over, `journey:${hash}`, isJourney, 'done')),
    async userOf(hash, candidate) {
      const known = await value(`identity:${hash}`, isIdentity);
      if (known) return known.userId;
      if ((await store.write(`identity:${hash}`, { v: 1, ...candidate }, 'absent', { index: [`identities:${candidate.userId}`] })) !== null)
        return candidate.userId;
      const first = await value(`identity:${hash}`, isIdentity); // somebody wrote in between: theirs it is
      if (!first) throw new Error('An identity record is there and cannot be read.');
      return first.userId;
    },
    openSession: async (hash, session) => void (await store.write(`session:${hash}`, session, 'absent', lifeOfSession(session))),
    findSession: (hash) => value(`session:${hash}`, isSession),
    endSession: async (hash) => void (await store.remove(`session:${hash}`)),
    sessionsOf: (userId, after) => store.list(`sessions:${userId}`, after),
    findAccount: (id) => read(`account:${id}`, isAccount),
    findAccountId: async (username) => (await value(`username:${username}`, isUsername))?.accountId ?? null,
    async freeUsername(username, accountId) {
      const held = await read(`username:${username}`, isUsername);
      if (held?.value.accountId === accountId) await store.remove(`username:${username}`, held.version);
    },
    changeAccount: (id, edit) =>
      changeRecord(over, `account:${id}`, isAccount, (account) => {
        const next = edit(account);
        return next ? { write: next, result: next } : { result: null };
      }),
    removeAccount: async (id) => void (await store.remove(`account:${id}`)),
    removeKey: async (key) => void (await store.remove(key)),
    count: (name, per, now) => countIn(over, `limit:${name}`, per, now),
    uncount: (name) =>
      changeRecord(over, `limit:${name}`, isCount, (held) => {
        if (!held) return { result: undefined };
        return { write: { v: 1, count: Math.max(0, held.count - 1), endsAt: held.endsAt }, until: held.endsAt, result: undefined };
      }),
    forgetCount: async (name) => void (await store.remove(`limit:${name}`)),
  };
}

/** Every attempt is counted before it is made; one that cannot be counted is not made. */
function countIn(over: Changing, key: Key, per: Seconds, now: Seconds): Promise<{ count: number; endsAt: Seconds }> {
  return changeRecord(over, key, isCount, (held) => {
    const { count, endsAt } = held ?? { count: 0, endsAt: now + per };
    const result = { count: count + 1, endsAt };
    return { write: { v: 1, ...result }, until: endsAt, result };
  });
}

/** Until when a session is kept, and in which list. */
export function lifeOfSession({ userId, expiresAt, idleUntil = expiresAt }: Session): WriteOptions {
  return { until: Math.min(expiresAt, idleUntil), index: [`sessions:${userId}`] };
}

const isEnded = (value: unknown): boolean => isGrant(value) && value.ended !== null;
/** Whether a store was certain that it changed nothing: it has no room, or lost a race. */
export const isNothingDone = (error: unknown): boolean =>
  error instanceof NothingDone || (error instanceof Error && error.cause instanceof NothingDone);
const isGrant = (value: unknown): value is Grant =>
  versioned(value) && has(value, 'id', 'clientId', 'userId', 'access', 'retired', 'lifetimes');
/** A client that is being deleted is none (`core/records/clients`). */
const isClient = (value: unknown): value is Client =>
  has(value, 'id', 'redirectUris', 'authMethod', 'grantTypes') && !has(value, 'deletedAt');
const isPending = (value: unknown): value is PendingAuthorization =>
  versioned(value) && has(value, 'clientId', 'redirectUri', 'challenge', 'browserHash');
/** Whether a record is a session. */
export const isSession = (value: unknown): value is Session => versioned(value) && has(value, 'userId', 'claims', 'expiresAt');
/** Whether a record is an account. One that is still in the making is none (`core/users/account-names`). */
export const isAccount = (value: unknown): value is AccountRecord =>
  versioned(value) && has(value, 'id', 'username', 'stamp') && !has(value, 'announced');
const isJourney = (value: unknown): value is UpstreamState => versioned(value) && has(value, 'login', 'pendingHash', 'sealed');
const isIdentity = (value: unknown): value is { userId: string } => versioned(value) && has(value, 'userId', 'issuer');
const isUsername = (value: unknown): value is { accountId: string } => has(value, 'accountId');
const isCount = (value: unknown): value is { count: number; endsAt: Seconds } => has(value, 'count', 'endsAt');
