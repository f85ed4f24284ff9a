/**
 * Session: what a 2025-era client (`Mcp-Session-Id`) began with `initialize`. It is a record and no process: which client began it and what
 * that client said of itself, so that the server of each later request can be told the same. Of user and props it keeps nothing: those come
 * with each request, from its token.
 *
 *   id → the drawer of this user → which this id opens → begun by this client → used within `idle` → the session; else none
 */
import type { Access } from '../model/access.ts';
import { base64url } from '../lib/base64url.ts';
import type { Json, Seconds } from '../model/store.ts';
import type { UserStates } from '../model/user-state.ts';
import { type Drawer, drawerOf } from './drawer.ts';
import type { ListKind } from './user-events.ts';

/** What is kept of a session. */
export type KeptSession = {
  readonly clientId: string;
  /** The parameters of its `initialize`, as the client sent them; null before it did (2024-11 begins with a stream). */
  readonly params: Json;
  /** The version that was agreed on. */
  readonly version: string;
  /** The lists of which the server said that it tells their changes. */
  readonly lists: readonly ListKind[];
  readonly seenAt: Seconds;
};

/** A session that is there, or is about to begin. */
export interface Session {
  readonly id: string;
  readonly drawer: Drawer;
  /** Null until its `initialize` has been answered. */
  readonly kept: KeptSession | null;
}

const RECORD = 'session';
const ID_BYTES = 32;
/** Characters of an `initialize`; clients send some hundred. */
const LONGEST_PARAMS = 16_384;
const ID = /^[\w-]{43}$/;

/** An id that nobody has, and nobody guesses (S-130). */
export async function newSession(states: UserStates): Promise<Session> {
  const id = base64url(crypto.getRandomValues(new Uint8Array(ID_BYTES)));
  return { id, drawer: await drawerOf(id, states), kept: null };
}

/** Keeps a session that has begun, or what it has agreed on. @throws {TypeError} for an `initialize` that is too long to be kept. */
export async function begin({ drawer }: Session, kept: Omit<KeptSession, 'seenAt'>, states: UserStates, idle: Seconds): Promise<void> {
  if (JSON.stringify(kept.params).length > LONGEST_PARAMS)
    throw new TypeError(`The parameters of initialize may have ${LONGEST_PARAMS} characters.`);
  const found = await drawer.read(RECORD);
  await drawer.write(RECORD, { ...kept, seenAt: states.now() }, found?.version ?? null, idle);
}

/** The session of that id, if it is one of this user and this client, and in use. Being looked at keeps it in use. */
export async function findSession(id: string, access: Access, states: UserStates, idle: Seconds): Promise<Session | null> {
  if (!ID.test(id)) return null;
  const drawer = await drawerOf(id, states);
  const found = await drawer.read<KeptSession>(RECORD);
  if (found?.value.clientId !== access.clientId) return null;
  const now = states.now();
  // Whoever loses this race was as much in time as the winner.
  if (now - found.value.seenAt > idle / 10) await drawer.write(RECORD, { ...found.value, seenAt: now }, found.version, idle);
  return { id, drawer, kept: found.value };
}

/** Ends a session: what it was asked and what it was to be told is lost with it. */
export async function endSession({ drawer }: Session): Promise<void> {
  await drawer.remove(RECORD);
}
