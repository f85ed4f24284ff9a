/**
 * What an exchange stores in the session store, so that any process can serve the client's next request.
 *
 * Replay: messages of a `tools/call` are stored, sealed, before they are sent. After a lost connection the client asks any process for the events
 * after the last one that it saw (`Last-Event-ID`). An event id is the id of its stream and a sequence number. The process that runs a call writes
 * a heartbeat; when that stops, the process has died, and requests that wait elsewhere get an error.
 *
 * Requests of the server to its client (elicitation, sampling, roots): each is sent under an id that cannot be guessed and is stored as open. The
 * answer comes in another POST, perhaps to another process, which stores it, once. An answer to no open request is dropped, so that clients cannot
 * store what was not asked for. A client cancels one of its own requests in the same way: in another POST, which the exchange that runs the request
 * polls for.
 */
import type { EventStore, JSONRPCMessage } from '@modelcontextprotocol/server';
import { base64url, utf8 } from '../../lib/bytes.ts';
import { pause } from '../../lib/async.ts';
import { changeState } from '../../model/record.ts';
import type { Json, Seconds, Version } from '../../model/store.ts';
import { asError, type Report } from '../errors.ts';
import { type Id, isAnswer, isOfOrdinaryLength, type Message } from '../sdk.ts';
import { MAX_RECORD_BYTES, type SessionStore } from './session.ts';

/** A stored stream: numbered messages, the requests without an answer, the time of the last heartbeat. */
export type KeptStream = {
  readonly stream: string;
  readonly events: readonly (readonly [number, Json])[];
  readonly open: readonly Id[];
  readonly over: boolean;
  readonly seenAt: Seconds;
};

/** How long the messages of a stream are stored after the last of them. */
export const KEPT_FOR: Seconds = 600;
/** Interval of the heartbeat of a running call; below, the time after the last one at which the call counts as dead. */
export const SAID_EVERY: Seconds = 20;
const DEAD_AFTER: Seconds = 65;
const MAX_EVENTS = 64;
/** Maximum stored streams of a session. A new one replaces a finished one; if all are running, the new one is sent and not stored. */
export const MAX_KEPT = 16;
/** Characters of a record reserved for all but the events. */
const ROOM = 20_000;
const EVENT_ID = /^([\w-]{4,64})\.(\d{1,9})$/;

/** The stream of one request, as the SDK's transport fills it. */
export interface Recording extends EventStore {
  /** Writes a heartbeat, and makes sure that a client which reconnects finds the stream, though it has no message yet. */
  keep(): Promise<void>;
}

/** Begins to store a stream. @param open the requests that have no answer yet. */
export function recordTo(sessionStore: SessionStore, open: ReadonlySet<Id>, report: Report): Recording {
  let [name, count] = ['', 0];
  let stream: Pick<KeptStream, 'events' | 'over'> = { events: [], over: false };
  let place: Place | null = null;
  const write = async ({ slot, version }: Place): Promise<Place | null> => {
    const kept = { stream: name, ...stream, open: [...open].filter(isOfOrdinaryLength), seenAt: sessionStore.now() };
    const written = await sessionStore.write(slot, kept as unknown as Json, version, KEPT_FOR);
    return written === null ? null : { slot, version: written };
  };
  let work: Promise<void> = Promise.resolve();
  // A message that cannot be stored is still sent: the client then receives it once.
  const save = (): Promise<void> =>
    (work = work.then(async () => {
      if (name === '') return;
      try {
        place = place && (await write(place));
        // Not stored yet, lost to another stream, or the response to the last write was lost.
        for (let tries = 0; place === null && tries < MAX_KEPT; tries++) {
          const free = await placeFor(sessionStore, name);
          if (free === null) return;
          place = await write(free);
        }
      } catch (error) {
        report(asError(error));
      }
    }));
  return {
    async storeEvent(streamId, message) {
      name = streamId;
      const isPriming = !('jsonrpc' in message);
      if (isPriming) return `${streamId}.0`;
      const number = ++count; // another message may be stored meanwhile
      const events = bounded([...stream.events, [number, message as unknown as Json]]);
      stream = { events, over: isAnswer(message) && open.size === 0 };
      await save();
      return `${streamId}.${number}`;
    },
    keep: save,
    replayEventsAfter: () => Promise.reject(new TypeError('A stream is read from the session store of its session.')),
  };
}

/** The stream and the sequence number of an event id; null for an id that is not ours. */
export function readEventId(id: string): { readonly stream: string; readonly after: number } | null {
  const [, stream, after] = EVENT_ID.exec(id) ?? [];
  return stream === undefined ? null : { stream, after: Number(after) };
}

/** A stream as stored so far; null if it is not stored. */
export async function readStream(sessionStore: SessionStore, stream: string): Promise<KeptStream | null> {
  for (const slot of slotsFor(stream)) {
    const found = await sessionStore.read<Json & KeptStream>(slot);
    if (found?.value.stream === stream) return found.value;
  }
  return null;
}

/** A record of the session in which a stream may be stored. */
interface Place {
  readonly slot: string;
  readonly version: Version | null;
}

/** Where a stream is stored, or can be; null if other running streams have all slots. */
async function placeFor(sessionStore: SessionStore, stream: string): Promise<Place | null> {
  for (const slot of slotsFor(stream)) {
    const found = await sessionStore.read<Json & KeptStream>(slot);
    if (found === null || found.value.stream === stream || found.value.over || deathOf(found.value, sessionStore.now()))
      return { slot, version: found?.version ?? null };
  }
  return null;
}

/** The slots of a session, in an order of each stream's own. */
function slotsFor(stream: string): readonly string[] {
  const first = utf8(stream).reduce((sum, byte) => (31 * sum + byte) % MAX_KEPT, 0);
  return Array.from({ length: MAX_KEPT }, (_, at) => `stream ${(first + at) % MAX_KEPT}`);
}

/** Sent to a client that waits for a call of a dead process: an error for each request without an answer; null while a process runs it. */
export function deathOf({ open, over, seenAt }: KeptStream, now: Seconds): readonly Json[] | null {
  if (over || now - seenAt <= DEAD_AFTER) return null;
  const error = { code: -32000, message: 'The server that handled this request has stopped. How far it got is unknown.' };
  return open.map((id) => ({ jsonrpc: '2.0', id, error }));
}

/** Drops the oldest events when there are too many. A message that is too large by itself is replaced by a note that says so. */
function bounded(events: KeptStream['events']): KeptStream['events'] {
  const kept = events.slice(-MAX_EVENTS);
  const isTooLarge = (): boolean => JSON.stringify(kept).length > MAX_RECORD_BYTES - ROOM;
  while (kept.length > 1 && isTooLarge()) kept.shift();
  const [only] = kept;
  return only && isTooLarge() ? [[only[0], tooLarge(only[1])]] : kept;
}

function tooLarge(message: Json): Json {
  const { id = null } = message as { id?: string | number };
  const error = { code: -32000, message: 'The answer was too large to be kept for a second time. Call again.' };
  return { jsonrpc: '2.0', id, error };
}

/** The open requests of one exchange. */
export interface ServerRequests {
  /** Sends a request of the server under its own id, and polls for the answer from then on. */
  ask(question: Message & { readonly id: Id }, send: (message: JSONRPCMessage) => Promise<void>): Promise<void>;
  /** A notification with the ids that the client knows: a cancelled request has the id that it was sent under, and stops polling. */
  asSent(notification: Message): JSONRPCMessage;
}

/** How long a stored answer or cancellation waits to be fetched. */
export const WAITS: Seconds = 600;
/** A person answers in seconds: the session store is polled often at first, then once a second. */
const [FIRST_LOOK_MS, LAST_LOOK_MS] = [100, 1000];
const ANSWER_ID = /^[\w-]{22}$/;

/** The stored request: null while it is open, then the answer. */
type Kept = { [name: string]: Json } | null;

/** The server requests of an exchange. @param deliver hands a message of the client to the server. */
export function serverRequestsOf(
  sessionStore: SessionStore,
  { deliver, until, report }: { readonly deliver: (message: object) => void; readonly until: AbortSignal; readonly report: Report },
): ServerRequests {
  const asked = new Map<string, Id>();

  /** Polls until the answer is there, or the request is cancelled. */
  async function fetchAnswer(name: string, id: Id): Promise<void> {
    for (let wait = FIRST_LOOK_MS; asked.has(name) && !until.aborted; wait = Math.min(2 * wait, LAST_LOOK_MS)) {
      await pause(wait, until);
      const found = until.aborted ? null : await looked(() => sessionStore.read<Kept>(answerTo(name)), report);
      if (found?.value && (await sessionStore.remove(answerTo(name), found.version)) && asked.delete(name))
        return deliver({ ...found.value, id });
    }
    await sessionStore.remove(answerTo(name));
  }

  return {
    async ask(question, send) {
      const name = base64url(crypto.getRandomValues(new Uint8Array(16)));
      asked.set(name, question.id);
      await sessionStore.write(answerTo(name), null, null, WAITS);
      await send({ ...question, id: name } as JSONRPCMessage);
      void fetchAnswer(name, question.id).catch((error: unknown) => report(asError(error)));
    },
    asSent(notification) {
      const { method, params } = notification;
      const isTakenBack = ([, id]: readonly [string, Id]): boolean => id === params?.['requestId'];
      const [name] = (method === 'notifications/cancelled' && [...asked].find(isTakenBack)) || [];
      if (name === undefined) return notification as JSONRPCMessage;
      asked.delete(name);
      return { ...notification, params: { ...params, requestId: name } } as Message as JSONRPCMessage;
    },
  };
}

/** Stores the client's answer to an open request. The first one counts. */
export async function putAnswer(sessionStore: SessionStore, answer: { readonly id?: unknown }): Promise<void> {
  const { id } = answer;
  if (typeof id !== 'string' || !ANSWER_ID.test(id)) return;
  const found = await sessionStore.read<Kept>(answerTo(id));
  if (found?.value === null) await sessionStore.write(answerTo(id), answer as Json, found.version, WAITS);
}

/** Tries again while the store is down for a moment. */
export async function looked<T>(look: () => Promise<T | null>, report: Report): Promise<T | null> {
  try {
    return await look();
  } catch (error) {
    report(asError(error));
    return null;
  }
}

function answerTo(name: string): string {
  return `answer ${name}`;
}

/** Interval of the polling. */
export const LOOK_EVERY: Seconds = 2;

/** The cancellations of a session: the latest of its client, in one record. */
const CANCELLED = 'cancelled';
const MAX_CANCELLED = 64;
type Wanted = readonly (readonly [id: Id, at: Seconds])[];

/** Stores that a request is to be cancelled. */
export async function putCancellation(sessionStore: SessionStore, id: unknown): Promise<void> {
  if (!isOfOrdinaryLength(id)) return;
  await changeState<Wanted, void>(sessionStore, CANCELLED, WAITS, (wanted) => {
    const others = (wanted ?? []).filter(([one, at]) => one !== id && sessionStore.now() - at <= WAITS);
    return { write: [...others, [id, sessionStore.now()] as const].slice(-MAX_CANCELLED), result: undefined };
  });
}

/** Polls for cancellations until the signal aborts, and reports each once. @param open the requests that have no answer yet. */
export async function watchForCancellations(
  sessionStore: SessionStore,
  open: ReadonlySet<Id>,
  {
    until,
    report,
    each,
    cancelled,
  }: {
    readonly until: AbortSignal;
    readonly report: Report;
    /** Called before each poll with its number. */
    readonly each: (look: number) => Promise<void>;
    readonly cancelled: (id: Id) => void;
  },
): Promise<void> {
  for (let look = 0; !until.aborted; look++) {
    await pause(LOOK_EVERY * 1000, until);
    if (until.aborted) return;
    await each(look);
    const found = await looked(() => sessionStore.read<Wanted>(CANCELLED), report);
    for (const [id, at] of found?.value ?? []) if (open.has(id) && sessionStore.now() - at <= WAITS) cancelled(id);
  }
}
