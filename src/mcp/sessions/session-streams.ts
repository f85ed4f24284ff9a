/**
 * GET and DELETE of a session: the client's open streams (notifications, the rest of an interrupted response, all messages for clients of
 * 2024-11), and the end of the session.
 */
import { accepts } from '../../lib/http.ts';
import { onAbort } from '../../lib/on-abort.ts';
import { requestState } from '../../model/context.ts';
import { endOf } from '../events/listening.ts';
import type { UserEvents } from '../events/user-events.ts';
import { readEventId } from './exchange-records.ts';
import { tooManyOpen } from './limits.ts';
import { notificationStream, outboxStream, resumedStream } from './notifications.ts';
import {
  begin,
  endSession,
  findSession,
  HEADER,
  type Keeper,
  newSession,
  notFound,
  NOTHING_SAID,
  PARAMETER,
  refusal,
  type Session,
  type SessionCaller,
} from './session.ts';

/** The caller, and the session store. */
interface StreamContext {
  readonly caller: SessionCaller;
  /** @throws {TypeError} if there is no session store. */
  readonly keeper: () => Keeper;
  readonly sse: boolean;
  readonly events: UserEvents;
}

/** Answers GET and DELETE; null where they name no session. */
export async function openSessionStream(request: Request, context: StreamContext): Promise<Response | null> {
  const { method, headers } = request;
  const id = headers.get(HEADER);
  const isApart = context.sse && id === null && method === 'GET';
  if (!isApart && (id === null || (method !== 'GET' && method !== 'DELETE'))) return null;
  const keeper = context.keeper();
  const session = id === null ? await newSession(keeper.states) : await findSession(id, keeper);
  if (session === null) return notFound();
  if (method === 'DELETE') {
    await endSession(session, keeper);
    return new Response(null);
  }
  if (!accepts(headers.get('accept'), 'text/event-stream'))
    return refusal(406, -32000, 'Not Acceptable: Client must accept text/event-stream');
  const last = isApart ? null : headers.get('last-event-id');
  const resumed = last === null ? null : readEventId(last);
  if (last !== null && resumed === null) return refusal(400, -32000, 'Invalid Last-Event-ID');
  const early = [request.signal, isApart ? undefined : requestState(context.caller.ctx).stopping];
  const until = endOfStream(early, session, keeper, context);
  if (until instanceof Response) return until;
  if (isApart) return apart(session, keeper, context, until);
  return resumed && resumed.stream !== 'news'
    ? resumedStream(session, resumed.stream, resumed.after, until)
    : notificationStream(session, last !== null, { access: context.caller.access, events: context.events }, until);
}

/** The only stream of a client of 2024-11, which starts its session and ends it. */
async function apart(session: Session, keeper: Keeper, context: StreamContext, until: AbortController): Promise<Response> {
  const { access, ctx, report, streams } = context.caller;
  await begin(session, NOTHING_SAID, keeper).catch((error: unknown) => {
    until.abort();
    throw error;
  });
  onAbort(until.signal, () => ctx.waitUntil(endSession(session, keeper).catch(report)));
  const end = { stopping: requestState(ctx).stopping, isAtWork: () => streams.isAtWork(session.sessionStore.label) };
  return outboxStream(session, `?${PARAMETER}=${session.id}`, { access, events: context.events }, until, end);
}

/** Ends a stream with its token, its session, or `early`; or refuses it if the limit of open streams is reached. */
function endOfStream(
  early: readonly (AbortSignal | undefined)[],
  { id, sessionStore }: Session,
  keeper: Keeper,
  { caller }: StreamContext,
): AbortController | Response {
  const { access, ctx, streamCheck, streams } = caller;
  const stillGood = async (): Promise<boolean> =>
    (await requestState(ctx).stillGood?.()) !== false && (await findSession(id, keeper)) !== null;
  const until = endOf(early, access, { stillGood }, streamCheck, keeper.states.now());
  const full = streams.take({ access, session: sessionStore.label }, until.signal);
  if (full === null) return until;
  until.abort();
  return tooManyOpen(full, ctx);
}
