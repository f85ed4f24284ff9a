/**
 * Session: what a 2025-era client (`Mcp-Session-Id`) began with `initialize`. It is a record and no process: which client began it, what that
 * client said of itself and what it wished for, so that the server of each later request can be told the same. Of user and props it keeps
 * nothing: those come with each request, from its token.
 *
 *   id → the drawer of this user → which this id opens → begun by this client → used within `idle` → the session; else none
 */
import { base64url } from '../../lib/base64url.ts';
import type { Access } from '../../model/access.ts';
import type { Json, Seconds } from '../../model/store.ts';
import type { UserStates } from '../../model/user-state.ts';
import { changeState } from '../change-state.ts';
import { type SessionStore, sessionStoreOf, handleIn } from './session-store.ts';
import { sessionSlotsOf, type SessionSlots, type Terms } from './session-limit.ts';
import type { ListKind } from '../events/user-events.ts';
import { NO_SUBSCRIPTIONS, type Subscription, type Subscriptions, subscriptionsAfter } from '../events/subscriptions.ts';

/** What the two sides said of themselves. */
export type Agreed = {
  /** The parameters of its `initialize`, as the client sent them; null before it did (2024-11 begins with a stream). */
  readonly params: Json;
  /** The version that was agreed on. */
  readonly version: string;
  /** The lists of which the server said that it tells their changes. */
  readonly lists: readonly ListKind[];
  /** Whether the server said that its resources may be subscribed to. */
  readonly canSubscribe: boolean;
};

/** What is kept of a session. */
export type KeptSession = Agreed & Subscriptions & { readonly clientId: string; readonly seenAt: Seconds };

/** A session that is there, or is about to begin. */
export interface Session {
  readonly id: string;
  readonly drawer: SessionStore;
  /** Null until its `initialize` has been answered. */
  readonly kept: KeptSession | null;
}

/** Whose sessions, where they are kept, and how they end. */
export interface Keeper {
  readonly clientId: Access['clientId'];
  readonly states: UserStates;
  readonly terms: Terms;
}

/** A client of 2024-11 that has opened its stream, and said nothing yet. */
export const NOTHING_SAID: Agreed = { params: null, version: '', lists: [], canSubscribe: false };
const RECORD = 'session';
const ID_BYTES = 32;
const ID = /^[\w-]{43}$/;

/** An id that nobody has, and nobody guesses (S-130). */
export async function newSession(states: UserStates): Promise<Session> {
  const id = base64url(crypto.getRandomValues(new Uint8Array(ID_BYTES)));
  return { id, drawer: await sessionStoreOf(id, states), kept: null };
}

/** Keeps a session that has begun, or what it has agreed on. Where it is one too many, the one that was not used for the longest time ends. */
export async function begin({ drawer }: Session, agreed: Agreed, keeper: Keeper): Promise<void> {
  const { clientId, states, terms } = keeper;
  const kept: KeptSession = { ...agreed, ...NO_SUBSCRIPTIONS, clientId, seenAt: states.now() };
  await changeState(drawer, RECORD, terms.idle, () => ({ write: kept, result: undefined }));
  await (await places(keeper)).take(drawer.label, (label) => states.remove(handleIn(label, RECORD)));
}

/** The session of that id, if it is one of this user and this client, and in use. Being looked at keeps it in use. */
export async function findSession(id: string, keeper: Keeper): Promise<Session | null> {
  const { clientId, states, terms } = keeper;
  if (!ID.test(id)) return null;
  const drawer = await sessionStoreOf(id, states);
  const found = await drawer.read<KeptSession>(RECORD);
  if (found?.value.clientId !== clientId) return null;
  const [now, { seenAt }] = [states.now(), found.value];
  // Whoever loses this race was as much in time as the winner.
  const isSeen = now - seenAt > terms.idle / 10 && (await drawer.write(RECORD, { ...found.value, seenAt: now }, found.version, terms.idle));
  if (isSeen && !(await (await places(keeper)).keep(drawer.label))) {
    await drawer.remove(RECORD); // its place went to another, by somebody who did not come to end it
    return null;
  }
  return { id, drawer, kept: found.value };
}

/** What the session remembers at this moment; null where it has ended. */
export async function keptNow({ drawer }: Session): Promise<KeptSession | null> {
  return (await drawer.read<KeptSession>(RECORD))?.value ?? null;
}

/** Remembers a wish. @returns false where there are too many. @throws {Error} where others change the session without end. */
export function remember({ drawer }: Session, wish: Subscription, { terms }: Keeper): Promise<boolean> {
  return changeState<KeptSession, boolean>(drawer, RECORD, terms.idle, (kept) => {
    if (kept === null) return { result: true }; // it has ended, and the wish with it
    const wished = subscriptionsAfter(kept, wish);
    return wished === null ? { result: false } : { write: { ...kept, ...wished }, result: true };
  });
}

/** Ends a session: what it was asked and what it was to be told is lost with it. */
export async function endSession({ drawer }: Session, keeper: Keeper): Promise<void> {
  await drawer.remove(RECORD);
  await (await places(keeper)).leave(drawer.label);
}

function places({ states, clientId, terms }: Keeper): Promise<SessionSlots> {
  return sessionSlotsOf(states, 'mcp-session', clientId, terms);
}
