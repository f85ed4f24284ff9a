/**
 * How a request names its session: by the header of 2025, or in the URL that a client of 2024-11 was sent; and the response if there is no such
 * session.
 */
import { type Context, requestState } from '../../model/context.ts';
import type { AuthInfo } from '@modelcontextprotocol/server';
import type { Access } from '../../model/access.ts';
import type { Seconds } from '../../model/store.ts';
import type { UserStates } from '../../model/user-state.ts';
import type { JudgedBody } from '../policy/gate.ts';
import type { AnyServer } from '../sdk.ts';
import type { Shares } from './shares.ts';
import type { Report } from '../tool-error.ts';

/** The caller of a request, and its context. */
export interface SessionCaller {
  readonly access: Access;
  readonly ctx: Context;
  readonly report: Report;
  readonly streamCheck: Seconds;
  /** The open streams of this handler. */
  readonly streams: Shares;
}

/** A request to be served in a session. */
export interface Admitted {
  /** The body without the answers that were in it. */
  readonly body: JudgedBody;
  /** Headers of the response that name the session. */
  readonly headers: { readonly [name: string]: string };
  /** Whether the response goes on the stream of a client of 2024-11, and the POST itself is accepted at once. */
  readonly isApart: boolean;
  serve(server: AnyServer, authInfo: AuthInfo): Promise<Response>;
}

/** The header that holds the id. */
export const HEADER = 'mcp-session-id';
/** The query parameter for a client of 2024-11; the URL it is sent is relative to the one it knows, as there may be a path prefix. */
export const PARAMETER = 'sessionId';

/** The session store. @throws {TypeError} if no server with a store is in front. */
export function statesIn(ctx: Context): UserStates {
  const { states } = requestState(ctx);
  if (states === undefined) throw new TypeError('sessions: OAuthProvider must stand in front, whose store keeps them.');
  return states.passing;
}

/** There is no such session, or it is not this caller's: the client starts a new one (2025-11-25, Session Management). */
export function notFound(): Response {
  return refusal(404, -32001, 'Session not found');
}

/** A JSON-RPC error that belongs to no message. */
export function refusal(status: number, code: number, message: string): Response {
  return Response.json({ jsonrpc: '2.0', error: { code, message }, id: null }, { status, headers: { 'cache-control': 'no-store' } });
}
