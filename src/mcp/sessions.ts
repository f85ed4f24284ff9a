/**
 * Sessions of the protocol of 2025 (`Mcp-Session-Id`), for servers that ask their clients something while a tool runs, or tell them news:
 * a value for the option `sessions`. Without it everything is served statelessly, and clients of 2026-07-28 have no sessions in any case.
 *
 *   guard and gate have judged the request → which session, of this user and client, else 404 → answers into the drawer → a turn
 *
 * A session is no authentication (S-128): each request brings its own token, and props, scopes and permissions are that request's.
 */
import { classifyInboundRequest, type AuthInfo } from '@modelcontextprotocol/server';
import type { Access } from '../model/access.ts';
import type { Context } from '../model/handler.ts';
import type { Json, Seconds } from '../model/store.ts';
import type { UserStates } from '../model/user-state.ts';
import { LARGEST } from './drawer.ts';
import { endOf } from './listening.ts';
import { newsStream, resumedStream } from './news.ts';
import { outboxStream, put } from './outbox.ts';
import { readEventId } from './replay.ts';
import type { AnyServer } from './sdk.ts';
import { begin, endSession, findSession, newSession, type Session } from './session.ts';
import type { Report } from './tool-error.ts';
import { answerTo, cancelOf, takeTurn, takeTurnApart, type Turn, WAITS } from './turn.ts';
import type { ListKind, UserEvents } from './user-events.ts';

/** How sessions end. */
export interface SessionsOptions {
  /** Seconds without a request or an open stream after which a session is over; default a day. */
  readonly idle?: Seconds;
  /** Serves clients of 2024-11, too, which begin with a stream (GET) and send their messages to an address that it tells. Default false. */
  readonly sse?: boolean;
}

/** Whose request it is, and what stands beside it. */
export interface Visitor {
  readonly access: Access;
  readonly ctx: Context;
  readonly report: Report;
  readonly streamCheck: Seconds;
}

/** A request that a session is to serve. */
export interface Admitted {
  /** The body without the answers that were in it. */
  readonly body: unknown;
  serve(server: AnyServer, authInfo: AuthInfo): Promise<Response>;
}

/** A value for the option `sessions` of `McpAgent.serve` and `mcpHandler`. */
export interface Sessions {
  /** A POST: the turn to take, its answer, or null where it belongs to no session. */
  admit(request: Request, body: unknown, visitor: Visitor): Promise<Admitted | Response | null>;
  /** GET and DELETE; null where they name no session. */
  attend(request: Request, visitor: Visitor, events: UserEvents): Promise<Response | null>;
}

const HEADER = 'mcp-session-id';
/** Of the address that a client of 2024-11 is told; relative to the one it knows, as it may stand behind a prefix. */
const PARAMETER = 'sessionId';
const LISTS: readonly ListKind[] = ['tools', 'resources', 'prompts'];
const ANSWER_ID = /^[\w-]{22}$/;
const LONGEST_ID = 100;
/** Streams that one handler holds open. */
const MOST_STREAMS = 1024;

/** A message by its members. */
interface Message {
  readonly id?: unknown;
  readonly method?: unknown;
  readonly params?: { readonly requestId?: unknown };
}

/**
 * Keeps sessions for clients of 2025, in the store of the `OAuthProvider` in front. The same on Node and on Workers, in one process and in many.
 *
 * @example
 * apiHandler: MyMCP.serve('/mcp', { sessions: sessions() })
 * @throws {TypeError} for an option that makes no sense.
 */
export function sessions({ idle = 86_400, sse = false }: SessionsOptions = {}): Sessions {
  if (!Number.isInteger(idle) || idle < 60) throw new TypeError('sessions: `idle` must be a whole number of seconds, 60 or more.');
  let streams = 0;

  return {
    async admit(request, body, { access, ctx, report, streamCheck }) {
      const headers = request.headers;
      const [version, method, name] = ['mcp-protocol-version', 'mcp-method', 'mcp-name'].map((one) => headers.get(one) ?? undefined);
      const told = { protocolVersionHeader: version, mcpMethodHeader: method, mcpNameHeader: name };
      if (classifyInboundRequest({ httpMethod: 'POST', ...present(told), body }).kind !== 'legacy') return null; // S-230
      const states = statesIn(ctx);
      const messages = (Array.isArray(body) ? body : [body]) as readonly Message[];
      const apart = sse && !headers.has(HEADER) ? new URL(request.url).searchParams.get(PARAMETER) : null;
      const begins = apart === null && messages.length === 1 && messages[0]?.method === 'initialize';
      const id = apart ?? headers.get(HEADER);
      if (!begins && id === null) return null;
      const session = begins ? await newSession(states) : await findSession(id ?? '', access, states, idle);
      if (session === null) return notFound();
      const left: Message[] = [];
      for (const message of messages) {
        const kept = await putAway(message, session);
        if (kept === 'too-large') return refusal(413, -32600, `An answer may have ${LARGEST} characters.`);
        if (kept === 'ours') continue;
        left.push(message);
      }
      if (left.length === 0) return new Response(null, { status: 202 });
      const own = Array.isArray(body) ? left : left[0];
      return {
        body: own,
        serve(server, authInfo) {
          const until = endOf({ signal: NEVER }, access, ctx, streamCheck, states.now());
          const turn: Turn = {
            session,
            request,
            body: own,
            authInfo,
            report,
            until,
            waitUntil: (promise) => ctx.waitUntil(promise),
            begin: (result) => begin(session, { clientId: access.clientId, ...agreed(messages[0], result) }, states, idle),
          };
          return apart === null ? takeTurn(server, turn) : takeTurnApart(server, turn, (message) => put(session, message, until.signal));
        },
      };
    },

    async attend(request, { access, ctx, report, streamCheck }, events) {
      const { method, headers } = request;
      const id = headers.get(HEADER);
      const isApart = sse && id === null && method === 'GET';
      if (!isApart && (id === null || (method !== 'GET' && method !== 'DELETE'))) return null;
      const states = statesIn(ctx);
      const session = id === null ? await newSession(states) : await findSession(id, access, states, idle);
      if (session === null) return notFound();
      if (method === 'DELETE') {
        await endSession(session);
        return new Response(null, { status: 200 });
      }
      if (!headers.get('accept')?.includes('text/event-stream'))
        return refusal(406, -32000, 'Not Acceptable: Client must accept text/event-stream');
      const last = isApart ? null : headers.get('last-event-id');
      const resumed = last === null ? null : readEventId(last);
      if (last !== null && resumed === null) return refusal(400, -32000, 'Invalid Last-Event-ID');
      if (streams >= MOST_STREAMS) return refusal(503, -32000, 'Too many open streams');
      if (isApart) await begin(session, { clientId: access.clientId, params: null, version: '', lists: [] }, states, idle);
      const stillGood = async (): Promise<boolean> =>
        (await ctx.stillGood?.()) !== false && (await findSession(session.id, access, states, idle)) !== null;
      const until = endOf(request, access, { stillGood }, streamCheck, states.now());
      streams += 1;
      until.signal.addEventListener('abort', () => void (streams -= 1), { once: true });
      if (isApart) {
        until.signal.addEventListener('abort', () => ctx.waitUntil(endSession(session).catch(report)), { once: true });
        return outboxStream(session, `?${PARAMETER}=${session.id}`, until);
      }
      return resumed && resumed.stream !== 'news'
        ? resumedStream(session, resumed.stream, resumed.after, until)
        : newsStream(session, last !== null, access, events, until);
    },
  };
}

/** A client that goes away ends no tool. */
const NEVER = new AbortController().signal;

/** Answers and cancellations are for another turn of the session, which looks for them in its drawer. */
async function putAway(message: Message, { drawer }: Session): Promise<'ours' | 'too-large' | null> {
  const { id, method, params } = message;
  if (method === 'notifications/cancelled') {
    const of = params?.requestId;
    const isId = typeof of === 'number' || (typeof of === 'string' && of.length <= LONGEST_ID);
    if (isId) await drawer.write(cancelOf(of), true, null, WAITS);
    return 'ours';
  }
  if (method !== undefined || typeof message !== 'object' || message === null) return null;
  if (JSON.stringify(message).length > LARGEST) return 'too-large';
  if (typeof id === 'string' && ANSWER_ID.test(id)) await drawer.write(answerTo(id), message as Json, null, WAITS);
  return 'ours';
}

/** What the two sides said of themselves. */
function agreed(message: Message | undefined, result: Json): { params: Json; version: string; lists: readonly ListKind[] } {
  const { protocolVersion = '', capabilities = {} } = result as {
    protocolVersion?: string;
    capabilities?: { [list: string]: { listChanged?: boolean } };
  };
  const lists = LISTS.filter((list) => capabilities[list]?.listChanged === true);
  return { params: (message?.params ?? {}) as Json, version: protocolVersion, lists };
}

function statesIn(ctx: Context): UserStates {
  if (ctx.states === undefined) throw new TypeError('sessions: OAuthProvider must stand in front, whose store keeps them.');
  return ctx.states;
}

function present(members: { readonly [name: string]: string | undefined }): { [name: string]: string } {
  return Object.fromEntries(Object.entries(members).filter((entry): entry is [string, string] => entry[1] !== undefined));
}

function notFound(): Response {
  return refusal(404, -32001, 'Session not found');
}

function refusal(status: number, code: number, message: string): Response {
  return Response.json({ jsonrpc: '2.0', error: { code, message }, id: null }, { status, headers: { 'cache-control': 'no-store' } });
}
