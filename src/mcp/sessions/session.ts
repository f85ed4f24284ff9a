/**
 * Session: what a 2025-era client (`Mcp-Session-Id`) started with `initialize`. It is a record, not a process: the client's id, what the client
 * declared and what it subscribed to, so that the server of each later request can be told the same. User and props are not stored: they come
 * with the token of each request.
 *
 *   id → the session store of this user → the id unseals the record → same client → used within `idle` → the session; else null
 */
import { base64url } from '../../lib/bytes.ts';
import type { Access } from '../../model/access.ts';
import type { Json, Seconds } from '../../model/store.ts';
import type { UserStates } from '../../model/user-state.ts';
import { changeState } from '../change-state.ts';
import { type SessionStore, sessionStoreOf, handleIn } from './session-store.ts';
import { sessionSlotsOf, type SessionSlots, type Terms } from './session-limit.ts';
import type { ListKind } from '../events/user-events.ts';
import { NO_SUBSCRIPTIONS, type Subscription, type Subscriptions, subscriptionsAfter } from '../events/subscriptions.ts';

/** What client and server declared. */
export type Agreed = {
  /** The parameters of `initialize`, as the client sent them; null before that (2024-11 starts with a stream). */
  readonly params: Json;
  /** The negotiated protocol version. */
  readonly version: string;
  /** The lists for which the server declared `listChanged`. */
  readonly lists: readonly ListKind[];
  /** Whether the server declared that clients may subscribe to its resources. */
  readonly canSubscribe: boolean;
};

/** The stored session. */
export type KeptSession = Agreed & Subscriptions & { readonly clientId: string; readonly seenAt: Seconds };

/** A session that exists, or is about to start. */
export interface Session {
  readonly id: string;
  readonly sessionStore: SessionStore;
  /** Null until its `initialize` has been answered. */
  readonly kept: KeptSession | null;
}

/** The owner of the sessions, the store, and when they end. */
export interface Keeper {
  readonly clientId: Access['clientId'];
  readonly states: UserStates;
  readonly terms: Terms;
}

/** For a client of 2024-11 that has opened its stream and sent nothing yet. */
export const NOTHING_SAID: Agreed = { params: null, version: '', lists: [], canSubscribe: false };
const RECORD = 'session';
const ID_BYTES = 32;
const ID = /^[\w-]{43}$/;

/** A new id that cannot be guessed (S-130). */
export async function newSession(states: UserStates): Promise<Session> {
  const id = base64url(crypto.getRandomValues(new Uint8Array(ID_BYTES)));
  return { id, sessionStore: await sessionStoreOf(id, states), kept: null };
}

/** Stores a session that has started, or what was negotiated. If the user then has too many, the least recently used one ends. */
export async function begin({ sessionStore }: Session, agreed: Agreed, keeper: Keeper): Promise<void> {
  const { clientId, states, terms } = keeper;
  const kept: KeptSession = { ...agreed, ...NO_SUBSCRIPTIONS, clientId, seenAt: states.now() };
  await changeState(sessionStore, RECORD, terms.idle, () => ({ write: kept, result: undefined }));
  await (await places(keeper)).take(sessionStore.label, (label) => states.remove(handleIn(label, RECORD)));
}

/** Finds a session by id, if it belongs to this user and this client and is in use. Finding it counts as use. */
export async function findSession(id: string, keeper: Keeper): Promise<Session | null> {
  const { clientId, states, terms } = keeper;
  if (!ID.test(id)) return null;
  const sessionStore = await sessionStoreOf(id, states);
  const found = await sessionStore.read<KeptSession>(RECORD);
  if (!found || found.value.clientId !== clientId) return null;
  const [now, { seenAt }] = [states.now(), found.value];
  // A request that loses this race was as much in time as the winner.
  const isSeen =
    now - seenAt > terms.idle / 10 && (await sessionStore.write(RECORD, { ...found.value, seenAt: now }, found.version, terms.idle));
  if (isSeen && !(await (await places(keeper)).keep(sessionStore.label))) {
    await sessionStore.remove(RECORD); // another session took its slot, in a request that has not deleted this record
    return null;
  }
  return { id, sessionStore, kept: found.value };
}

/** The stored session now; null if it has ended. */
export async function keptNow({ sessionStore }: Session): Promise<KeptSession | null> {
  return (await sessionStore.read<KeptSession>(RECORD))?.value ?? null;
}

/** Stores a subscription. @returns false if there are too many. @throws {Error} if other requests keep changing the session. */
export function remember({ sessionStore }: Session, wish: Subscription, { terms }: Keeper): Promise<boolean> {
  return changeState<KeptSession, boolean>(sessionStore, RECORD, terms.idle, (kept) => {
    if (kept === null) return { result: true }; // it has ended, and its subscriptions with it
    const wished = subscriptionsAfter(kept, wish);
    return wished === null ? { result: false } : { write: { ...kept, ...wished }, result: true };
  });
}

/** Ends a session: its open requests and undelivered notifications are lost with it. */
export async function endSession({ sessionStore }: Session, keeper: Keeper): Promise<void> {
  await sessionStore.remove(RECORD);
  await (await places(keeper)).leave(sessionStore.label);
}

function places({ states, clientId, terms }: Keeper): Promise<SessionSlots> {
  return sessionSlotsOf(states, 'mcp-session', clientId, terms);
}
