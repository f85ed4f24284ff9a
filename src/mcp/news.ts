/**
 * News: the streams that a 2025-era client holds open with GET. One tells it that lists have changed, so that rights that were given or taken
 * show at once, and of the resources that it has subscribed to; the other goes on with a request whose connection broke. Both end with the token, with the session, and with the client.
 */
import { utf8 } from '../lib/bytes.ts';
import { pause } from '../lib/pause.ts';
import type { Access } from '../model/access.ts';
import type { Json } from '../model/store.ts';
import { readStream } from './replay.ts';
import { keptNow, type Session } from './session.ts';
import { eventUserOf, type ListKind, MISSED, type News, type UserEvents } from './user-events.ts';
import { subscribedAs } from './wishes.ts';

/** Comments that keep proxies from closing a quiet stream. */
const ALIVE_MS = 15_000;
const [FIRST_LOOK_MS, LAST_LOOK_MS] = [100, 1000];
/** How often a stream is looked for that a turn is about to keep. */
const MOST_MISSES = 5;
const EMPTY_DATA_SINCE = '2025-11-25';

/** Writes to a stream of server-sent events. */
export type Write = (message: Json, id?: string) => void;

/** A stream that `feed` fills until it is over, or `until` says so. */
export function eventStream(
  until: AbortController,
  feed: (write: Write, raw: (text: string) => void) => Promise<void>,
  headers: { readonly [name: string]: string } = {},
): Response {
  const end = (): void => {
    if (!until.signal.aborted) until.abort();
  };
  const body = new ReadableStream<Uint8Array>({
    start(controller) {
      const raw = (text: string): void => {
        if (!until.signal.aborted) controller.enqueue(utf8(text));
      };
      const alive = setInterval(() => raw(': keepalive\n\n'), ALIVE_MS);
      until.signal.addEventListener(
        'abort',
        () => {
          clearInterval(alive);
          try {
            controller.close();
          } catch {
            // it was cancelled, which closed it
          }
        },
        { once: true },
      );
      raw(': open\n\n');
      const write: Write = (message, id) =>
        raw(`${id === undefined ? '' : `id: ${id}\n`}event: message\ndata: ${JSON.stringify(message)}\n\n`);
      // A feed that fails ends the stream; its client comes back.
      feed(write, raw).then(end, end);
    },
    cancel: end,
  });
  const about = { 'content-type': 'text/event-stream', 'cache-control': 'no-store, no-transform', 'x-accel-buffering': 'no' };
  return new Response(body, { headers: { ...about, ...headers } });
}

/** Tells what has changed. Whoever comes back is told of all: what it missed is not known, and to look twice does no harm. */
export function newsStream(session: Session, isBack: boolean, access: Access, events: UserEvents, until: AbortController): Response {
  const { lists = [], version = '' } = session.kept ?? {};
  const feed = async (write: Write, raw: (text: string) => void): Promise<void> => {
    if (version >= EMPTY_DATA_SINCE) raw('id: news.0\ndata: \n\n');
    const say = (method: string, params?: Json): void =>
      write({ jsonrpc: '2.0', method: `notifications/${method}`, ...(params !== undefined && { params }) }, 'news.1');
    const tell = async (news: News): Promise<void> => {
      if (isList(news)) return lists.includes(news) ? say(`${news}/list_changed`) : undefined;
      for (const uri of await concerned(session, news)) say('resources/updated', { uri });
    };
    if (isBack) for (const news of MISSED) await tell(news);
    // News that cannot be told end the stream: who comes back is told of all.
    await new Promise<void>((done, fail) => {
      const stop = events.subscribe(eventUserOf(access), (news) => void tell(news).catch(fail));
      until.signal.addEventListener('abort', () => (stop(), done()), { once: true });
    });
  };
  return eventStream(until, feed, { 'mcp-session-id': session.id });
}

/** Which of its subscriptions a session is to be told of. It is read at that very moment: subscriptions come in other requests. */
async function concerned(session: Session, news: Exclude<News, ListKind>): Promise<readonly string[]> {
  const kept = await keptNow(session);
  if (kept === null || news === 'updates') return kept?.subscribed ?? [];
  const uri = subscribedAs(kept, news.updated);
  return uri === null ? [] : [uri];
}

function isList(news: News): news is ListKind {
  return typeof news === 'string' && news !== 'updates';
}

/** What a stream said after an event, and says from now on. */
export async function resumedStream(session: Session, stream: string, after: number, until: AbortController): Promise<Response> {
  const feed = async (write: Write): Promise<void> => {
    let [last, misses, wait] = [after, 0, FIRST_LOOK_MS];
    while (!until.signal.aborted && misses < MOST_MISSES) {
      const kept = await readStream(session.drawer, stream);
      misses = kept ? 0 : misses + 1;
      for (const [number, message] of kept?.events ?? []) {
        if (number <= last) continue;
        write(message, `${stream}.${number}`);
        [last, wait] = [number, FIRST_LOOK_MS];
      }
      if (kept?.over) return;
      await pause(wait, until.signal);
      wait = Math.min(2 * wait, LAST_LOOK_MS);
    }
  };
  return eventStream(until, feed, { 'mcp-session-id': session.id });
}
