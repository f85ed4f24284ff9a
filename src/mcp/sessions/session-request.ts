/**
 * How a request names its session: by the header of 2025, or in the address that a client of 2024-11 was told; and what is answered where that
 * leads nowhere.
 */
import { requestState } from '../../model/request-state.ts';
import type { AuthInfo } from '@modelcontextprotocol/server';
import type { Access } from '../../model/access.ts';
import type { Context } from '../../model/handler.ts';
import type { Seconds } from '../../model/store.ts';
import type { UserStates } from '../../model/user-state.ts';
import type { JudgedBody } from '../policy/gate.ts';
import type { AnyServer } from '../sdk.ts';
import type { Shares } from './shares.ts';
import type { Report } from '../tool-error.ts';

/** Whose request it is, and what stands beside it. */
export interface SessionCaller {
  readonly access: Access;
  readonly ctx: Context;
  readonly report: Report;
  readonly streamCheck: Seconds;
  /** What this handler holds open. */
  readonly streams: Shares;
}

/** A request that a session is to serve. */
export interface Admitted {
  /** The body without the answers that were in it. */
  readonly body: JudgedBody;
  /** Of the answer: which session it is of. */
  readonly headers: { readonly [name: string]: string };
  /** Whether it goes by the stream of a client of 2024-11, and the request is told at once that it has come. */
  readonly isApart: boolean;
  serve(server: AnyServer, authInfo: AuthInfo): Promise<Response>;
}

/** Where the id stands. */
export const HEADER = 'mcp-session-id';
/** Of the address that a client of 2024-11 is told; relative to the one it knows, as it may stand behind a prefix. */
export const PARAMETER = 'sessionId';

/** Where sessions are kept. @throws {TypeError} where nothing stands in front that has a store. */
export function statesIn(ctx: Context): UserStates {
  const { states } = requestState(ctx);
  if (states === undefined) throw new TypeError('sessions: OAuthProvider must stand in front, whose store keeps them.');
  return states.passing;
}

/** There is no such session, or it is not this caller's: the client begins a new one (2025-11-25, Session Management). */
export function notFound(): Response {
  return refusal(404, -32001, 'Session not found');
}

/** A JSON-RPC error that belongs to no message. */
export function refusal(status: number, code: number, message: string): Response {
  return Response.json({ jsonrpc: '2.0', error: { code, message }, id: null }, { status, headers: { 'cache-control': 'no-store' } });
}
