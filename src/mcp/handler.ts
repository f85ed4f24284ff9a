/**
 * An MCP endpoint as a fetch object, to be mounted behind `OAuthProvider` or `guard()`. Stateless: one server per request, made with
 * the rights of that request; no session outlives it. The SDK serves both eras of the protocol; this file decides who may reach it.
 *
 * 1. The guard stood before, with its checks of origin and token: else 500, and nothing runs (fail closed).
 * 2. The server is made for this caller: if that fails, 500.
 * 3. SDK 2.x servers answer 2026-07-28 and 2025-era clients; SDK 1.x servers 2025-era ones, and newer clients fall back.
 */
import { createMcpHandler, legacyStatelessFallback } from '@modelcontextprotocol/server';
import type { AuthInfo, McpServerFactory } from '@modelcontextprotocol/server';
import type { Access } from '../model/access.ts';
import type { Context, FetchObject } from '../model/handler.ts';
import type { Awaitable } from '../model/runtime.ts';
import { authInfoOf, callerOf } from './auth-info.ts';
import { type AnyServer, giveRequestInfo, isCurrent, onConnect } from './sdk.ts';
import { asError, keepErrorsInside, type Report } from './tool-error.ts';

/** Makes the server for one request. Return a new one each time: it is connected once. */
export type McpFactory<Env = unknown, Props = Record<string, unknown>> = (
  access: Access<Props>,
  ctx: Context,
  env: Env,
) => Awaitable<AnyServer>;

/** How an endpoint differs from the default. */
export interface McpOptions {
  /** Gets every error whose details the client does not. Default: `console.error`. */
  readonly onError?: Report;
}

/**
 * Serves the MCP servers that a function makes, one per request.
 *
 * @example
 * export default new OAuthProvider({
 *   apiHandler: mcpHandler((access) => createServer(access.props)),
 *   …
 * });
 */
export function mcpHandler<Env = unknown, Props = Record<string, unknown>>(
  factory: McpFactory<Env, Props>,
  options: McpOptions = {},
): FetchObject<Env> {
  const report = options.onError ?? ((error) => console.error(error));
  // The SDK's handlers are made once and hold the open subscriptions; the server of a request reaches them by the caller it is for.
  const made = new WeakMap<AuthInfo, AnyServer>();
  const serverOf: McpServerFactory = ({ authInfo }) => {
    const server = authInfo && made.get(authInfo);
    if (server === undefined) throw new TypeError('No server was made for this request.');
    return server as ReturnType<McpServerFactory>; // of SDK 1.x only in the fallback, which asks for connect() and close() alone
  };
  const current = createMcpHandler(serverOf, { onerror: report }).fetch;
  const fallback = legacyStatelessFallback(serverOf, report);

  return {
    async fetch(request, env, ctx) {
      const access = callerOf<Props>(ctx);
      if (access === null) {
        report(new TypeError('A request reached the MCP handler without ctx.auth: mount it behind OAuthProvider or guard().'));
        return failure();
      }
      const authInfo = authInfoOf(access);
      if (request.method !== 'POST') return current(request, { authInfo }); // 405: stateless, no session to listen to or to end
      try {
        const server = await factory(access, ctx, env);
        keepErrorsInside(server, report);
        made.set(authInfo, server);
        if (isCurrent(server)) return await current(request, { authInfo });
        onConnect(server, () => {}, giveRequestInfo);
        return await fallback(request, { authInfo });
      } catch (error) {
        report(asError(error));
        return failure();
      }
    },
  };
}

function failure(): Response {
  const error = { code: -32603, message: 'Internal server error' };
  return Response.json({ jsonrpc: '2.0', error, id: null }, { status: 500, headers: { 'cache-control': 'no-store' } });
}
