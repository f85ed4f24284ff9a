/**
 * Session: what a 2025-era client (`Mcp-Session-Id`) started with `initialize`. It is a record, not a process: the client's id, what the client
 * declared and what it subscribed to, so that the server of each later request can be told the same. User and props are not stored: they come
 * with the token of each request. A request names its session by a header, or in the URL that a client of 2024-11 was sent.
 *
 *   id → the session store of this user → the id unseals the record → same client → used within `idle` → the session; else null
 *
 * In the session store, a label and a key are derived from the session id; each record is sealed with the key and stored under a hash of label,
 * user and resource. A caller who has only the label can delete the session, but read nothing. The id itself is not stored. A stolen store cannot
 * be read, and a session id used by another user finds none of these records.
 */
import type { AuthInfo } from '@modelcontextprotocol/server';
import { base64url, fromBase64url, fromUtf8, utf8 } from '../../lib/bytes.ts';
import type { Access } from '../../model/access.ts';
import { changeState } from '../../model/record.ts';
import { type Context, requestState } from '../../model/context.ts';
import type { Json, Seconds, Version } from '../../model/store.ts';
import type { UserStates } from '../../model/user-state.ts';
import type { Report } from '../errors.ts';
import { NO_SUBSCRIPTIONS, type Subscription, type Subscriptions, subscriptionsAfter } from '../events/listening.ts';
import type { ListKind } from '../events/user-events.ts';
import type { JudgedBody } from '../policy/gate.ts';
import type { AnyServer } from '../sdk.ts';
import { type SessionSlots, sessionSlotsOf, type Shares, type Terms } from './limits.ts';

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

/** The records of one session. */
export interface SessionStore {
  /** Identifies the session where its id must not appear. */
  readonly label: string;
  /** Null if there is no record under that name, or it does not belong to this session. */
  read<T extends Json>(name: string): Promise<{ readonly value: T; readonly version: Version } | null>;
  /** @returns the new version; null, and no change, if the stored version is not `since`. @throws {TypeError} if the value is too large. */
  write(name: string, value: Json, since: Version | null, ttl?: Seconds): Promise<Version | null>;
  /** Deletes a record. @returns true for exactly one caller. */
  remove(name: string, since?: Version): Promise<boolean>;
  /** The server's current time in seconds. */
  now(): Seconds;
}

/** Maximum characters of JSON in a record, before it is sealed and written as base64url. */
export const MAX_RECORD_BYTES = 190_000;
const IV_BYTES = 12;
const KEY_BYTES = 32;
const LABEL_BYTES = 16;

/** Opens the store of one of the caller's sessions. */
export async function sessionStoreOf(id: string, states: UserStates): Promise<SessionStore> {
  const bytes = new Uint8Array(await crypto.subtle.digest('SHA-512', utf8(`portcullis mcp-session\n${id}`)));
  const key = await crypto.subtle.importKey('raw', bytes.subarray(0, KEY_BYTES), 'AES-GCM', false, ['encrypt', 'decrypt']);
  const label = base64url(bytes.subarray(KEY_BYTES, KEY_BYTES + LABEL_BYTES));
  const handleOf = (name: string): string => handleIn(label, name);
  return {
    label,
    async read<T extends Json>(name: string) {
      const stored = await states.read(handleOf(name));
      const bytes = typeof stored?.value === 'string' ? fromBase64url(stored.value) : null;
      if (!stored || !bytes) return null;
      const text = await opened(key, bytes, name);
      return text === null ? null : { value: JSON.parse(text) as T, version: stored.version };
    },
    async write(name, value, since, ttl) {
      const text = JSON.stringify(value);
      if (text.length > MAX_RECORD_BYTES)
        throw new TypeError(`What is kept for a session may have ${MAX_RECORD_BYTES} characters of JSON.`);
      return states.write(handleOf(name), base64url(await sealed(key, text, name)), since, ttl);
    },
    remove: (name, since) => states.remove(handleOf(name), since),
    now: () => states.now(),
  };
}

/** The handle, among the states of its user, of a record of the session with that label. */
export function handleIn(label: string, name: string): string {
  return `mcp-session ${label} ${name}`;
}

async function sealed(key: CryptoKey, text: string, name: string): Promise<Uint8Array> {
  const iv = crypto.getRandomValues(new Uint8Array(IV_BYTES));
  const box = await crypto.subtle.encrypt({ name: 'AES-GCM', iv, additionalData: utf8(name) }, key, utf8(text));
  const bytes = new Uint8Array(IV_BYTES + box.byteLength);
  bytes.set(iv);
  bytes.set(new Uint8Array(box), IV_BYTES);
  return bytes;
}

/** Null if the bytes were not sealed with this key under this name. */
async function opened(key: CryptoKey, bytes: Uint8Array<ArrayBuffer>, name: string): Promise<string | null> {
  const [iv, box] = [bytes.subarray(0, IV_BYTES), bytes.subarray(IV_BYTES)];
  try {
    return fromUtf8(new Uint8Array(await crypto.subtle.decrypt({ name: 'AES-GCM', iv, additionalData: utf8(name) }, key, box)));
  } catch {
    return null; // GCM gives no other reason
  }
}

/** The caller of a request, and its context. */
export interface SessionCaller {
  readonly access: Access;
  readonly ctx: Context;
  readonly report: Report;
  readonly streamCheck: Seconds;
  /** The open streams of this handler. */
  readonly streams: Shares;
}

/** A request to be served in a session. */
export interface Admitted {
  /** The body without the answers that were in it. */
  readonly body: JudgedBody;
  /** Headers of the response that name the session. */
  readonly headers: { readonly [name: string]: string };
  /** Whether the response goes on the stream of a client of 2024-11, and the POST itself is accepted at once. */
  readonly isApart: boolean;
  serve(server: AnyServer, authInfo: AuthInfo): Promise<Response>;
}

/** The header that holds the id. */
export const HEADER = 'mcp-session-id';
/** The query parameter for a client of 2024-11; the URL it is sent is relative to the one it knows, as there may be a path prefix. */
export const PARAMETER = 'sessionId';

/** The session store. @throws {TypeError} if no server with a store is in front. */
export function statesIn(ctx: Context): UserStates {
  const { states } = requestState(ctx);
  if (states === undefined) throw new TypeError('sessions: OAuthProvider must stand in front, whose store keeps them.');
  return states.passing;
}

/** There is no such session, or it is not this caller's: the client starts a new one (2025-11-25, Session Management). */
export function notFound(): Response {
  return refusal(404, -32001, 'Session not found');
}

/** A JSON-RPC error that belongs to no message. */
export function refusal(status: number, code: number, message: string): Response {
  return Response.json({ jsonrpc: '2.0', error: { code, message }, id: null }, { status, headers: { 'cache-control': 'no-store' } });
}
