/**
 * Bound sessions: wraps a handler that keeps MCP sessions by `Mcp-Session-Id` (2025-era: Cloudflare's `McpAgent.serve`, an SDK transport) and
 * adds the checks that the specification requires. A session id alone then gives no access:
 *
 *   id known for this user → same client → same props as at its start → not idle for too long → the handler; else 404
 *
 * After a 404, clients start a new session by themselves (2025-11-25, Session Management), with the props of that moment.
 */
import { type Context, type FetchObject, requestState } from '../../model/context.ts';
import { base64url, utf8 } from '../../lib/bytes.ts';
import { withoutStore } from '../../lib/http.ts';
import { checkNames } from '../../lib/check-options.ts';
import { onAbort } from '../../lib/async.ts';
import type { Access } from '../../model/access.ts';
import type { Seconds, Version } from '../../model/store.ts';
import type { UserStates } from '../../model/user-state.ts';
import { callerOf, redactedHeaders, redactedUrl } from '../tool-context.ts';
import { changeState } from '../../model/record.ts';
import { endOf, tellingItsEnd } from '../events/listening.ts';
import { checkBodyLimit, readAnew, refusalMeanwhile } from '../policy/read-messages.ts';
import { checkTerms, type SessionSlots, sessionSlotsOf } from './limits.ts';
import { HEADER, notFound } from './session.ts';

/** How sessions end. */
export interface BoundSessionsOptions {
  /** Seconds without a request after which a session is over; default a day. */
  readonly idle?: Seconds | undefined;
  /** Maximum sessions of one user through one client, 1 to 2000; default 100. A new one above that makes the least recently used unavailable. */
  readonly most?: number | undefined;
  /** Maximum seconds until an open stream, or the stream of a running tool, ends after its token was revoked; 1 to 300, default 15. */
  readonly streamCheck?: Seconds | undefined;
  /** Maximum bytes of a request body. Default: the limit of the server in front (`serve`), else 4 MiB. */
  readonly bodyLimit?: number | undefined;
}

/** The stored session: the client that started it, a hash of the props at its start, the time of its last use. */
type Kept = { readonly clientId: string; readonly props: string; readonly seenAt: Seconds; readonly ended?: boolean };

const MAX_LENGTH = 200;
const KIND = 'mcp-bound-session';

/**
 * Binds the sessions of a handler to user, client and props.
 *
 * @example
 * apiHandler: boundSessions(TheirAgent.serve('/mcp'))
 * @throws {TypeError} for an option that makes no sense.
 */
export function boundSessions<Env = unknown>(
  handler: Pick<FetchObject<Env>, 'fetch' | 'servedPaths'>,
  options: BoundSessionsOptions = {},
): FetchObject<Env> {
  checkNames('boundSessions', options, 'idle most streamCheck bodyLimit');
  const { idle = 86_400, most = 100, streamCheck = 15, bodyLimit } = options;
  const terms = checkTerms('boundSessions', { idle, most });
  checkBodyLimit('boundSessions', bodyLimit);
  if (!Number.isInteger(streamCheck) || streamCheck < 1 || streamCheck > 300)
    throw new TypeError('boundSessions: `streamCheck` must be a whole number of seconds from 1 to 300.');

  return {
    ...(handler.servedPaths && { servedPaths: handler.servedPaths }),
    async fetch(request, env, ctx) {
      const [access, states] = [callerOf(ctx), requestState(ctx).states?.passing];
      if (access === null || states === undefined)
        throw new TypeError('boundSessions needs OAuthProvider in front, whose store keeps whose session is whose.');
      const since = Date.now();
      const anew = await readAnew(request, bodyLimit ?? requestState(ctx).bodyLimit);
      if ('reason' in anew) {
        requestState(ctx).emit?.({ kind: 'request.refused', endpoint: 'mcp', code: 'invalid_request', reason: anew.reason });
        return anew.answer;
      }
      const refusal = await refusalMeanwhile(requestState(ctx), since);
      if (refusal) return refusal;
      const id = request.headers.get(HEADER);
      const props = await hashOf(access.props);
      if (id !== null && !(await isOwn(id, states, access, props))) return notFound();
      // Aborts when the token ends, also while a tool runs: the handler sees the signal, and the stream is closed.
      const until = endOf(
        [request.signal, request.method === 'GET' ? requestState(ctx).stopping : undefined],
        access,
        requestState(ctx),
        streamCheck,
        states.now(),
      );
      const given = new AbortController();
      const over = onAbort(until.signal, () => given.abort());
      const finish = (): void => {
        over(); // a response that is complete was not abandoned
        until.abort();
      };
      try {
        const response = withoutStore(await handler.fetch(shown(anew, given.signal, ctx), env, ctx));
        const begun = response.headers.get(HEADER);
        if (id === null && begun !== null) await begin(begun, states, access, props);
        if (id !== null && request.method === 'DELETE' && response.ok) await end(id, states, access);
        return tellingItsEnd(response, finish, until.signal);
      } catch (error) {
        finish();
        throw error;
      }
    },
  };

  async function isOwn(id: string, states: UserStates, access: Access, props: string): Promise<boolean> {
    const found = id.length <= MAX_LENGTH ? await read(id, states) : null;
    if (!found) return false;
    const { kept, version } = found;
    const [now, label] = [states.now(), await labelOf(id)];
    if (kept.ended || kept.clientId !== access.clientId || kept.props !== props || now - kept.seenAt > idle) return false;
    // A request that loses this race was as much in time as the winner.
    const isSeen = now - kept.seenAt > idle / 10 && (await states.write(handleOf(label), { ...kept, seenAt: now }, version, idle));
    return !isSeen || (await places(states, access)).keep(label);
  }

  async function begin(id: string, states: UserStates, access: Access, props: string): Promise<void> {
    const [kept, label]: [Kept, string] = [{ clientId: access.clientId, props, seenAt: states.now() }, await labelOf(id)];
    if (id.length > MAX_LENGTH || (await states.write(handleOf(label), kept, null, idle)) === null)
      throw new TypeError('boundSessions: the handler began a session under an id that is too long, or was there before.');
    await (await places(states, access)).take(label, (one) => states.remove(handleOf(one)));
  }

  async function end(id: string, states: UserStates, access: Access): Promise<void> {
    const label = await labelOf(id);
    await changeState<Kept, void>(states, handleOf(label), idle, (kept) =>
      kept === null ? { result: undefined } : { write: { ...kept, ended: true }, result: undefined },
    );
    await (await places(states, access)).leave(label);
  }

  function places(states: UserStates, { clientId }: Access): Promise<SessionSlots> {
    return sessionSlotsOf(states, KIND, clientId, terms);
  }
}

async function read(id: string, states: UserStates): Promise<{ readonly kept: Kept; readonly version: Version } | null> {
  const stored = await states.read(handleOf(await labelOf(id)));
  return stored && stored.value !== null ? { kept: stored.value as unknown as Kept, version: stored.version } : null;
}

function handleOf(label: string): string {
  return `${KIND} ${label}`;
}

/** Identifies a session where its id must not appear. */
function labelOf(id: string): Promise<string> {
  return hashOf(id);
}

/** Covers all that tools know of the caller: when it changes, the session made for it ends. */
async function hashOf(value: unknown): Promise<string> {
  return base64url(new Uint8Array(await crypto.subtle.digest('SHA-256', utf8(JSON.stringify(value ?? null)))));
}

/** The request without credentials: the handler is told the caller, and has no need of the token. */
function shown(request: Request, signal: AbortSignal, ctx: Context): Request {
  const credential = requestState(ctx).credential?.() ?? undefined;
  const own = request;
  const headers = [...redactedHeaders(own.headers, credential)];
  const url = redactedUrl(own.url, credential);
  return new Request(url === own.url ? own : new Request(url, own), { headers, signal });
}
