/**
 * Replay: messages of a `tools/call` in a session are stored, sealed, before they are sent. After a lost connection the client asks any process
 * for the events after the last one that it saw (`Last-Event-ID`). An event id is the id of its stream and a sequence number.
 * The process that runs a call writes a heartbeat; when that stops, the process has died, and requests that wait elsewhere get an error.
 */
import type { EventStore } from '@modelcontextprotocol/server';
import { utf8 } from '../../lib/bytes.ts';
import type { Json, Seconds, Version } from '../../model/store.ts';
import { type SessionStore, MAX_RECORD_BYTES } from './session.ts';
import { type Id, isAnswer, isOfOrdinaryLength } from '../sdk.ts';
import { asError, type Report } from '../errors.ts';

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
