/**
 * The streams of a session. One that a 2025-era client opens with GET sends changes of lists (so that new or revoked rights show at once) and of
 * subscribed resources; another resumes an interrupted response. The only stream of a client of 2024-11 sends all messages: its POSTs may reach any
 * process, which append to one record of the session, the outbox; the process with the stream removes the messages and sends each once. All of
 * them end with the token, with the session, and with the client.
 */
import type { JSONRPCMessage } from '@modelcontextprotocol/server';
import { utf8 } from '../../lib/bytes.ts';
import { onAbort, pause } from '../../lib/async.ts';
import type { Access } from '../../model/access.ts';
import { changeState } from '../../model/record.ts';
import type { Json } from '../../model/store.ts';
import { subscribedAs } from '../events/listening.ts';
import { eventUserOf, MISSED, type UserEvent, type UserEvents } from '../events/user-events.ts';
import { deathOf, KEPT_FOR, readStream } from './exchange-records.ts';
import { isAnswer } from '../sdk.ts';
import { keptNow, MAX_RECORD_BYTES, type Session } from './session.ts';

/** Comments that keep proxies from closing a quiet stream. */
const ALIVE_MS = 15_000;
/** Bytes that may wait for a client that reads nothing. With more, its stream ends, and it reconnects. */
const MAX_WAITING = 1024 * 1024;
const [FIRST_LOOK_MS, LAST_LOOK_MS] = [100, 1000];
/** How often to look for a stream that an exchange is about to store. */
const MAX_MISSES = 5;
const EMPTY_DATA_SINCE = '2025-11-25';

/** Writes to a stream of server-sent events. */
type Write = (message: Json, id?: string) => void;

/** A stream that `feed` writes to until it is done, or `until` aborts. */
export function eventStream(
  until: AbortController,
  feed: (write: Write, raw: (text: string) => void) => Promise<void>,
  headers: { readonly [name: string]: string } = {},
): Response {
  const end = (): void => {
    if (!until.signal.aborted) until.abort();
  };
  const source: UnderlyingDefaultSource<Uint8Array> = {
    start(controller) {
      const raw = (text: string): void => {
        if (until.signal.aborted) return;
        controller.enqueue(utf8(text));
        if ((controller.desiredSize ?? 0) < 0) queueMicrotask(end); // after what is written at once
      };
      const alive = setInterval(() => raw(': keepalive\n\n'), ALIVE_MS);
      raw(': open\n\n');
      onAbort(until.signal, () => {
        clearInterval(alive);
        try {
          controller.close();
        } catch {
          // the client cancelled, which closed it
        }
      });
      const write: Write = (message, id) =>
        raw(`${id === undefined ? '' : `id: ${id}\n`}event: message\ndata: ${JSON.stringify(message)}\n\n`);
      // If `feed` fails, the stream ends; its client reconnects.
      feed(write, raw).then(end, end);
    },
    cancel: end,
  };
  const body = new ReadableStream(source, { highWaterMark: MAX_WAITING, size: ({ byteLength }) => byteLength });
  const about = { 'content-type': 'text/event-stream', 'cache-control': 'no-store, no-transform', 'x-accel-buffering': 'no' };
  return new Response(body, { headers: { ...about, ...headers } });
}

/** The events, and the user they are for. */
interface NotificationStream {
  readonly access: Access;
  readonly events: UserEvents;
}

/** Sends changes. A client that reconnects is sent all of them: what it missed is unknown, and reading a list twice does no harm. */
export function notificationStream(session: Session, isBack: boolean, newspaper: NotificationStream, until: AbortController): Response {
  const feed = async (write: Write, raw: (text: string) => void): Promise<void> => {
    if ((session.kept?.version ?? '') >= EMPTY_DATA_SINCE) raw('id: news.0\ndata: \n\n');
    const tell = (message: Json): void => write(message, 'news.1');
    if (isBack) for (const event of MISSED) (await messagesOf(event, session)).forEach(tell);
    await sendNotifications(session, newspaper, until.signal, tell);
  };
  return eventStream(until, feed, { 'mcp-session-id': session.id });
}

/** Sends events until the signal aborts. @throws if that fails: ending the stream is then how the client learns that it missed something. */
function sendNotifications(
  session: Session,
  { access, events }: NotificationStream,
  until: AbortSignal,
  tell: (message: Json) => void,
): Promise<void> {
  return new Promise((done, fail) => {
    const stop = events.subscribe(
      eventUserOf(access),
      (event) => void messagesOf(event, session).then((messages) => messages.forEach(tell), fail),
    );
    onAbort(until, () => (stop(), done()));
  });
}

/** The messages of an event for a session. Subscriptions are read at this moment: they come in other requests. */
async function messagesOf(event: UserEvent, session: Session): Promise<readonly Json[]> {
  const kept = await keptNow(session);
  if (kept === null) return [];
  if (typeof event === 'string' && event !== 'updates')
    return kept.lists.includes(event) ? [{ jsonrpc: '2.0', method: `notifications/${event}/list_changed` }] : [];
  const subscribed = event === 'updates' ? kept.subscribed : [subscribedAs(kept, event.updated)];
  return subscribed
    .filter((uri) => uri !== null)
    .map((uri) => ({ jsonrpc: '2.0', method: 'notifications/resources/updated', params: { uri } }));
}

/** The messages of a stream after an event, stored ones first, then new ones. */
export async function resumedStream(session: Session, stream: string, after: number, until: AbortController): Promise<Response> {
  const feed = async (write: Write): Promise<void> => {
    let [last, misses, wait] = [after, 0, FIRST_LOOK_MS];
    while (!until.signal.aborted && misses < MAX_MISSES) {
      const kept = await readStream(session.sessionStore, stream);
      misses = kept ? 0 : misses + 1;
      for (const [number, message] of kept?.events ?? []) {
        if (number <= last) continue;
        write(message, `${stream}.${number}`);
        [last, wait] = [number, FIRST_LOOK_MS];
      }
      if (kept?.over) return;
      const death = kept && deathOf(kept, session.sessionStore.now());
      if (death) return death.forEach((message) => write(message));
      await pause(wait, until.signal);
      wait = Math.min(2 * wait, LAST_LOOK_MS);
    }
  };
  return eventStream(until, feed, { 'mcp-session-id': session.id });
}

const OUTBOX = 'outbox';
const [FIRST_EMPTIED_MS, LAST_EMPTIED_MS] = [50, 1000];

/**
 * Appends a message, once there is room beside those that wait. An answer that never fits is replaced by an error.
 *
 * @throws {Error} if another message never fits, or `until` aborts.
 */
export async function putInOutbox({ sessionStore }: Session, message: JSONRPCMessage, until: AbortSignal): Promise<void> {
  const own = (isAnswer(message) && !fits([message]) ? tooLarge(message) : message) as unknown as Json;
  const put = (): Promise<boolean> =>
    changeState<readonly Json[], boolean>(sessionStore, OUTBOX, KEPT_FOR, (messages) => {
      until.throwIfAborted();
      const all = [...(messages ?? []), own];
      return messages === null || fits(all) ? { write: all, result: true } : { result: false };
    });
  for (let wait = FIRST_EMPTIED_MS; !(await put()); wait = Math.min(2 * wait, LAST_EMPTIED_MS)) await pause(wait, until);
}

function fits(messages: readonly unknown[]): boolean {
  return JSON.stringify(messages).length <= MAX_RECORD_BYTES;
}

function tooLarge(answer: object): object {
  const { id = null } = answer as { readonly id?: string | number };
  const error = { code: -32000, message: `The answer is too large: on this transport it may have ${MAX_RECORD_BYTES} characters.` };
  return { jsonrpc: '2.0', id, error };
}

/** The stream: first the URL for POSTs, then all messages and notifications. When the server stops, it ends once no call runs for the session. */
export function outboxStream(
  session: Session,
  address: string,
  newspaper: NotificationStream,
  until: AbortController,
  { stopping, isAtWork }: { readonly stopping: AbortSignal | undefined; readonly isAtWork: () => boolean },
): Response {
  const { sessionStore } = session;
  const empty = async (write: Write): Promise<void> => {
    for (let wait = FIRST_EMPTIED_MS; !until.signal.aborted; wait = Math.min(2 * wait, LAST_EMPTIED_MS)) {
      const isStopping = stopping?.aborted === true;
      const isLast = isStopping && !isAtWork(); // checked before the read, which then finds everything
      const found = await sessionStore.read<readonly Json[]>(OUTBOX);
      if (found && (await sessionStore.remove(OUTBOX, found.version))) {
        for (const message of found.value) write(message);
        wait = FIRST_EMPTIED_MS / 2;
      }
      if (isLast && found === null) return;
      if (isStopping) await pause(FIRST_EMPTIED_MS, until.signal);
      else await Promise.race([pause(wait, until.signal), pause(wait, stopping)]);
    }
  };
  return eventStream(until, async (write, raw) => {
    raw(`event: endpoint\ndata: ${address}\n\n`);
    await Promise.race([empty(write), sendNotifications(session, newspaper, until.signal, write)]);
  });
}
