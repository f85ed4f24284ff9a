/**
 * Sessions of the 2025 protocol (`Mcp-Session-Id`): a value for the option `sessions`. Servers need them to send requests to the client while a
 * tool runs, and to send notifications. Without it all requests are served statelessly. Clients of 2026-07-28 never have sessions.
 *
 *   guard and gate have checked the request → the session of this user and client, else 404 → store answers from the client → serve the POST
 *
 * A session is not authentication (S-128): each request brings its own token, and props, scopes and permissions come from that request.
 */
import { checkNames } from '../../lib/names.ts';
import type { Seconds } from '../../model/store.ts';
import type { JudgedBody } from '../policy/gate.ts';
import type { Keeper } from './session.ts';
import { checkTerms } from './session-limit.ts';
import { isOfSessions, acceptSessionPost } from './session-post.ts';
import { type Admitted, statesIn, type SessionCaller } from './session-request.ts';
import { openSessionStream } from './session-streams.ts';
import type { UserEvents } from '../events/user-events.ts';

/** How sessions end. */
export interface SessionsOptions {
  /** Seconds without a request or an open stream after which a session is over; default a day. */
  readonly idle?: Seconds | undefined;
  /** Maximum number of sessions of one user through one client, 1 to 2000; default 100. A new one above that ends the least recently used. */
  readonly most?: number | undefined;
  /** Also serves clients of 2024-11, which open a stream (GET) first and POST their messages to a URL that it sends. Default false. */
  readonly sse?: boolean | undefined;
}

/** A value for the option `sessions` of `McpAgent.serve` and `mcpHandler`. */
export interface Sessions {
  /** Handles a POST: returns the exchange to serve, a response, or null if the request belongs to no session. */
  acceptPost(request: Request, body: JudgedBody, caller: SessionCaller): Promise<Admitted | Response | null>;
  /** Handles GET and DELETE; null if they name no session. */
  openStream(request: Request, caller: SessionCaller, events: UserEvents): Promise<Response | null>;
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
    acceptPost: async (request, body, caller) =>
      isOfSessions(request, body) ? acceptSessionPost(request, body, { caller, keeper: keeperFor(caller), sse }) : null,
    openStream: async (request, caller, events) => openSessionStream(request, { caller, keeper: () => keeperFor(caller), sse, events }),
  };
}
