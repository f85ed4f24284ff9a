/**
 * Replay: the messages of a `tools/call` of a session are kept for a while, sealed, before they are sent; a client whose connection broke
 * asks for those after the last one that it saw (`Last-Event-ID`), in whichever process. An event's id is its stream's and its number there.
 * Whoever is at a call says so from time to time; where that stops, its process has died, and whoever waits elsewhere is told.
 */
import type { EventStore } from '@modelcontextprotocol/server';
import { utf8 } from '../../lib/bytes.ts';
import type { Json, Seconds, Version } from '../../model/store.ts';
import { type SessionStore, MAX_RECORD_BYTES } from './session-store.ts';
import { type Id, isAnswer, isOfOrdinaryLength } from '../message.ts';
import { asError, type Report } from '../tool-error.ts';

/** What is kept of a stream: numbered messages, the requests that have no answer yet, when somebody was last at them. */
export type KeptStream = {
  readonly stream: string;
  readonly events: readonly (readonly [number, Json])[];
  readonly open: readonly Id[];
  readonly over: boolean;
  readonly seenAt: Seconds;
};

/** How long the messages of a stream are kept after the last of them. */
export const KEPT_FOR: Seconds = 600;
/** How often whoever is at a call says so; and how long after the last time it counts as dead. */
export const SAID_EVERY: Seconds = 20;
const DEAD_AFTER: Seconds = 65;
const MAX_EVENTS = 64;
/** Streams that one session keeps. A new one takes the place of one that is over; where all are going on, it is sent and not kept. */
export const MAX_KEPT = 16;
/** Characters of a record for what is no event. */
const ROOM = 20_000;
const EVENT_ID = /^([\w-]{4,64})\.(\d{1,9})$/;

/** The stream of one request, as the SDK's transport fills it. */
export interface Recording extends EventStore {
  /** Says that somebody is at it, and makes sure that who comes back finds it, though nothing was said yet. */
  keep(): Promise<void>;
}

/** Begins to keep a stream. @param open the requests that have no answer yet. */
export function recordTo(drawer: SessionStore, open: ReadonlySet<Id>, report: Report): Recording {
  let [name, count] = ['', 0];
  let stream: Pick<KeptStream, 'events' | 'over'> = { events: [], over: false };
  let place: Place | null = null;
  const write = async ({ slot, version }: Place): Promise<Place | null> => {
    const kept = { stream: name, ...stream, open: [...open].filter(isOfOrdinaryLength), seenAt: drawer.now() };
    const written = await drawer.write(slot, kept as unknown as Json, version, KEPT_FOR);
    return written === null ? null : { slot, version: written };
  };
  let work: Promise<void> = Promise.resolve();
  // What cannot be kept is sent nevertheless: the client then hears of it once.
  const save = (): Promise<void> =>
    (work = work.then(async () => {
      if (name === '') return;
      try {
        place = place && (await write(place));
        // None yet, lost to another stream, or the answer to its last write was lost.
        for (let tries = 0; place === null && tries < MAX_KEPT; tries++) {
          const free = await placeFor(drawer, name);
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
      count += 1;
      const events = bounded([...stream.events, [count, message as unknown as Json]]);
      stream = { events, over: isAnswer(message) && open.size === 0 };
      await save();
      return `${streamId}.${count}`;
    },
    keep: save,
    replayEventsAfter: () => Promise.reject(new TypeError('A stream is read from the drawer of its session.')),
  };
}

/** Which stream, and after which of its events; null for an id that is none of ours. */
export function readEventId(id: string): { readonly stream: string; readonly after: number } | null {
  const [, stream, after] = EVENT_ID.exec(id) ?? [];
  return stream === undefined ? null : { stream, after: Number(after) };
}

/** A stream as far as it came; null where none is kept. */
export async function readStream(drawer: SessionStore, stream: string): Promise<KeptStream | null> {
  for (const slot of slotsFor(stream)) {
    const found = await drawer.read<Json & KeptStream>(slot);
    if (found?.value.stream === stream) return found.value;
  }
  return null;
}

/** A record of the session in which a stream may be kept. */
interface Place {
  readonly slot: string;
  readonly version: Version | null;
}

/** Where a stream is kept, or can be; null where others that are going on have all places. */
async function placeFor(drawer: SessionStore, stream: string): Promise<Place | null> {
  for (const slot of slotsFor(stream)) {
    const found = await drawer.read<Json & KeptStream>(slot);
    if (found === null || found.value.stream === stream || found.value.over || deathOf(found.value, drawer.now()))
      return { slot, version: found?.version ?? null };
  }
  return null;
}

/** The places of a session, in an order of each stream's own. */
function slotsFor(stream: string): readonly string[] {
  const first = utf8(stream).reduce((sum, byte) => (31 * sum + byte) % MAX_KEPT, 0);
  return Array.from({ length: MAX_KEPT }, (_, at) => `stream ${(first + at) % MAX_KEPT}`);
}

/** What is told to whoever waits for a call whose process has died: an error for each request without an answer; null while somebody is at it. */
export function deathOf({ open, over, seenAt }: KeptStream, now: Seconds): readonly Json[] | null {
  if (over || now - seenAt <= DEAD_AFTER) return null;
  const error = { code: -32000, message: 'The server that was at it has ended, and nobody knows how far it came.' };
  return open.map((id) => ({ jsonrpc: '2.0', id, error }));
}

/** The oldest go first where it becomes too much. A message that alone is too large is replaced by a word that it was. */
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
