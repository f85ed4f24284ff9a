/**
 * Sessions of the protocol of 2025 (`Mcp-Session-Id`), for servers that ask their clients something while a tool runs, or tell them news:
 * a value for the option `sessions`. Without it everything is served statelessly, and clients of 2026-07-28 have no sessions in any case.
 *
 *   guard and gate have judged the request → which session, of this user and client, else 404 → answers into the drawer → a turn
 *
 * A session is no authentication (S-128): each request brings its own token, and props, scopes and permissions are that request's.
 */
import { checkNames } from '../../lib/names.ts';
import type { Seconds } from '../../model/store.ts';
import type { JudgedBody } from '../policy/gate.ts';
import type { Keeper } from './session.ts';
import { checkTerms } from './session-limit.ts';
import { isOfSessions, takeIn } from './session-post.ts';
import { type Admitted, statesIn, type SessionCaller } from './session-request.ts';
import { openSessionStream } from './session-streams.ts';
import type { UserEvents } from '../events/user-events.ts';

/** How sessions end. */
export interface SessionsOptions {
  /** Seconds without a request or an open stream after which a session is over; default a day. */
  readonly idle?: Seconds;
  /** Sessions that one user may have through one client at once, 1 to 2000; default 100. One more ends the one that was not used for the longest time. */
  readonly most?: number;
  /** Serves clients of 2024-11, too, which begin with a stream (GET) and send their messages to an address that it tells. Default false. */
  readonly sse?: boolean;
}

/** A value for the option `sessions` of `McpAgent.serve` and `mcpHandler`. */
export interface Sessions {
  /** A POST: the turn to take, its answer, or null where it belongs to no session. */
  admit(request: Request, body: JudgedBody, visitor: SessionCaller): Promise<Admitted | Response | null>;
  /** GET and DELETE; null where they name no session. */
  attend(request: Request, visitor: SessionCaller, events: UserEvents): Promise<Response | null>;
}

/**
 * Keeps sessions for clients of 2025, in the store of the `OAuthProvider` in front. The same on Node and on Workers, in one process and in many.
 *
 * @example
 * apiHandler: MyMCP.serve('/mcp', { sessions: sessions() })
 * @throws {TypeError} for an option that makes no sense.
 */
export function sessions(options: SessionsOptions = {}): Sessions {
  checkNames('sessions', options, 'idle most sse');
  const { idle = 86_400, most = 100, sse = false } = options;
  const terms = checkTerms('sessions', { idle, most });
  const keeperFor = ({ access, ctx }: SessionCaller): Keeper => ({ clientId: access.clientId, states: statesIn(ctx), terms });
  return {
    admit: async (request, body, visitor) =>
      isOfSessions(request, body) ? takeIn(request, body, { visitor, keeper: keeperFor(visitor), sse }) : null,
    attend: async (request, visitor, events) => openSessionStream(request, { visitor, keeper: () => keeperFor(visitor), sse, events }),
  };
}
