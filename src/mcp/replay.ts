/**
 * Replay: the messages of a `tools/call` of a session are kept for a while, sealed, before they are sent; a client whose connection broke
 * asks for those after the last one that it saw (`Last-Event-ID`), in whichever process. An event's id is its stream's and its number there.
 */
import type { EventStore, JSONRPCMessage } from '@modelcontextprotocol/server';
import type { Json, Seconds, Version } from '../model/store.ts';
import { type Drawer, LARGEST } from './drawer.ts';
import { asError, type Report } from './tool-error.ts';

/** What is kept of a stream: numbered messages, and whether there will be no more. */
export type KeptStream = { readonly events: readonly (readonly [number, Json])[]; readonly over: boolean };

/** How long the messages of a stream are kept after the last of them. */
export const KEPT_FOR: Seconds = 600;
const MOST_EVENTS = 64;
const EVENT_ID = /^([\w-]{4,64})\.(\d{1,9})$/;

/** The stream of one request, as the SDK's transport fills it. */
export interface Recording extends EventStore {
  /** Makes sure that somebody who comes back finds it, though nothing was said yet. */
  keep(): Promise<void>;
}

/** Begins to keep a stream. @param isLast whether a message is the last one. */
export function recordTo(drawer: Drawer, isLast: (message: JSONRPCMessage) => boolean, report: Report): Recording {
  let [name, count] = ['', 0];
  let stream: KeptStream = { events: [], over: false };
  let version: Version | null = null;
  let work: Promise<void> = Promise.resolve();
  // What cannot be kept is sent nevertheless: the client then hears of it once.
  const save = (): Promise<void> =>
    (work = work.then(async () => {
      if (name === '') return;
      try {
        version = (await drawer.write(name, stream as unknown as Json, version, KEPT_FOR)) ?? version;
      } catch (error) {
        report(asError(error));
      }
    }));
  return {
    async storeEvent(streamId, message) {
      name = nameOf(streamId);
      const isPriming = !('jsonrpc' in message);
      if (isPriming) return `${streamId}.0`;
      count += 1;
      stream = bounded({ events: [...stream.events, [count, message as unknown as Json]], over: isLast(message) });
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
export async function readStream(drawer: Drawer, stream: string): Promise<KeptStream | null> {
  return (await drawer.read<Json & KeptStream>(nameOf(stream)))?.value ?? null;
}

/** The oldest go first where it becomes too much. A message that alone is too large is replaced by a word that it was. */
function bounded({ events, over }: KeptStream): KeptStream {
  const kept = events.slice(-MOST_EVENTS);
  const isTooLarge = (): boolean => JSON.stringify(kept).length > LARGEST - 100;
  while (kept.length > 1 && isTooLarge()) kept.shift();
  const [only] = kept;
  return { events: only && isTooLarge() ? [[only[0], tooLarge(only[1])]] : kept, over };
}

function tooLarge(message: Json): Json {
  const { id = null } = message as { id?: string | number };
  const error = { code: -32000, message: 'The answer was too large to be kept for a second time. Call again.' };
  return { jsonrpc: '2.0', id, error };
}

function nameOf(stream: string): string {
  return `stream ${stream}`;
}
