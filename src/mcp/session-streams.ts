/**
 * GET and DELETE of a session: the streams that a client holds open (news, the rest of a broken answer, everything for clients of 2024-11), and
 * the end.
 */
import { onAbort } from '../lib/on-abort.ts';
import { endOf } from './listening.ts';
import { newsStream, resumedStream } from './news.ts';
import { outboxStream } from './outbox.ts';
import { readEventId } from './replay.ts';
import { begin, endSession, findSession, type Keeper, newSession, NOTHING_SAID, type Session } from './session.ts';
import { HEADER, notFound, PARAMETER, refusal, type Visitor } from './session-request.ts';
import type { UserEvents } from './user-events.ts';

/** Counts the streams that are open. */
export interface OpenStreams {
  /** Whether one more may be opened. */
  hasPlace(): boolean;
  /** Counts a stream until its end. */
  add(until: AbortSignal): void;
}

/** Who attends, and where sessions are kept. */
interface Attending {
  readonly visitor: Visitor;
  /** @throws {TypeError} where nothing keeps sessions. */
  readonly keeper: () => Keeper;
  readonly sse: boolean;
  readonly events: UserEvents;
  readonly streams: OpenStreams;
}

/** So many at once. */
export function streamsAtMost(most: number): OpenStreams {
  let open = 0;
  return {
    hasPlace: () => open < most,
    add(until) {
      open += 1;
      onAbort(until, () => void (open -= 1));
    },
  };
}

/** Answers GET and DELETE; null where they name no session. */
export async function attend(request: Request, attending: Attending): Promise<Response | null> {
  const { method, headers } = request;
  const id = headers.get(HEADER);
  const isApart = attending.sse && id === null && method === 'GET';
  if (!isApart && (id === null || (method !== 'GET' && method !== 'DELETE'))) return null;
  const keeper = attending.keeper();
  const session = id === null ? await newSession(keeper.states) : await findSession(id, keeper);
  if (session === null) return notFound();
  if (method === 'DELETE') {
    await endSession(session, keeper);
    return new Response(null, { status: 200 });
  }
  if (!headers.get('accept')?.includes('text/event-stream'))
    return refusal(406, -32000, 'Not Acceptable: Client must accept text/event-stream');
  const last = isApart ? null : headers.get('last-event-id');
  const resumed = last === null ? null : readEventId(last);
  if (last !== null && resumed === null) return refusal(400, -32000, 'Invalid Last-Event-ID');
  if (!attending.streams.hasPlace()) return refusal(503, -32000, 'Too many open streams');
  if (isApart) return apart(request, session, keeper, attending);
  const until = endOfStream(request, session, keeper, attending);
  return resumed && resumed.stream !== 'news'
    ? resumedStream(session, resumed.stream, resumed.after, until)
    : newsStream(session, last !== null, { access: attending.visitor.access, events: attending.events }, until);
}

/** The one stream of a client of 2024-11, which begins its session and ends it. */
async function apart(request: Request, session: Session, keeper: Keeper, attending: Attending): Promise<Response> {
  const { access, ctx, report } = attending.visitor;
  await begin(session, NOTHING_SAID, keeper);
  const until = endOfStream(request, session, keeper, attending);
  onAbort(until.signal, () => ctx.waitUntil(endSession(session, keeper).catch(report)));
  return outboxStream(session, `?${PARAMETER}=${session.id}`, { access, events: attending.events }, until);
}

/** Ends a stream with its client, its token, and its session. */
function endOfStream(request: Request, { id }: Session, keeper: Keeper, { visitor, streams }: Attending): AbortController {
  const { access, ctx, streamCheck } = visitor;
  const stillGood = async (): Promise<boolean> => (await ctx.stillGood?.()) !== false && (await findSession(id, keeper)) !== null;
  const until = endOf(request.signal, access, { stillGood }, streamCheck, keeper.states.now());
  streams.add(until.signal);
  return until;
}
