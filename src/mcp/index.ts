/**
 * `portcullis/mcp`: MCP servers that know the caller, one at a route or several under one resource (`mount`). Needs the peer
 * `@modelcontextprotocol/server` 2.x, also for servers of SDK 1.x.
 */
import { type Context, type FetchObject, RequestState, requestState, withRequestState } from '../model/context.ts';
import type { CallerStates, UserStates } from '../model/user-state.ts';

export { type AgentClass, McpAgent } from './agent.ts';
export type { Sql } from './agent.ts';
export type { Databases } from '../model/user-state.ts';
export { mcpHandler, openMcpHandler } from './handler.ts';
export { accessOf, authInfoOf } from './tool-context.ts';
export { type AnyServer } from './sdk.ts';

export { policy, type Policy } from './policy/policy.ts';
export { type Caller, type Refusal, requireAny, requirePermission, requireScopes } from './policy/policy.ts';
export { type Catalogue, catalogue, type Declared, type HandlerContext, prompt, resource, tool } from './policy/catalogue.ts';
export { type CachedLookup, cachedPermissions, type PermissionLookup, rolePermissions } from '../model/live-permissions.ts';
export { ToolError } from './errors.ts';

export { type Answer } from './elicitation/request-state.ts';
export { elicit } from './elicitation/elicit.ts';
export { boundSessions } from './sessions/bound-sessions.ts';
export { type Sessions, sessions } from './sessions/sessions.ts';
export { type Channel, userEvents, type UserEvents } from './events/user-events.ts';
export { postgresChannel, redisChannel } from './events/user-events.ts';

/**
 * Mounts several MCP servers under one resource, so that one token and one consent are enough for all: `/mcp/notes`, `/mcp/mail`. Servers that
 * need separate consent get a route of their own (`apiHandlers`), which makes each a resource. A handler also gets all paths below its own, and the
 * longest path wins. 404 elsewhere.
 *
 * @throws {TypeError} for a path that does not begin with a slash, or ends with one.
 * @example
 * const apiHandler = mount({ '/mcp/notes': NotesMcp.Router, '/mcp/mail': MailMcp.Router }); // with `apiRoute: '/mcp'`
 */
export function mount<Env = unknown>(handlers: {
  readonly [path: string]: Pick<FetchObject<Env>, 'fetch' | 'servedPaths'>;
}): FetchObject<Env> {
  const paths = Object.keys(handlers).toSorted((a, b) => b.length - a.length);
  const wrong = paths.find((path) => !/^\/.*[^/]$/.test(path));
  if (paths.length === 0) throw new TypeError('mount: give at least one path with its handler.');
  if (wrong !== undefined) throw new TypeError(`mount: ${JSON.stringify(wrong)} must begin with a slash, and not end with one.`);
  for (const path of paths) {
    const lost = handlers[path]?.servedPaths?.find((one) => one !== path && !one.startsWith(`${path}/`));
    if (lost !== undefined)
      throw new TypeError(
        `mount: ${path} and the path of its handler, ${lost}, do not fit: every call would be answered with 404. Pass MyMCP.Router.`,
      );
  }
  return {
    servedPaths: paths.map((path) => `${path}/`),
    fetch(request, env, ctx) {
      const { pathname } = new URL(request.url);
      const path = paths.find((one) => pathname === one || pathname.startsWith(`${one}/`));
      const handler = path === undefined ? undefined : handlers[path];
      if (path === undefined || handler === undefined)
        return new Response('Not found', { status: 404, headers: { 'cache-control': 'no-store' } });
      const { states } = requestState(ctx);
      return handler.fetch(request, env, states === undefined ? ctx : within(ctx, states, path));
    },
  };
}

/** Separates the stored data of the servers: neither state nor sessions are shared. */
function within(ctx: Context, states: CallerStates, path: string): Context {
  const { address } = ctx; // an accessor of its class on Node, which the spread leaves out
  const own: Context = { ...ctx, ...(address === undefined ? {} : { address }), waitUntil: (promise) => ctx.waitUntil(promise) }; // workerd requires the call on its own object
  const state = Object.assign(new RequestState(), requestState(ctx));
  return withRequestState(own, Object.assign(state, { states: { ...below(states, path), passing: below(states.passing, path) } }));
}

function below(states: UserStates, path: string): UserStates {
  const inside = (handle: string): string => `${path} ${handle}`;
  return {
    read: (handle) => states.read(inside(handle)),
    write: (handle, ...rest) => states.write(inside(handle), ...rest),
    remove: (handle, ...rest) => states.remove(inside(handle), ...rest),
    now: () => states.now(),
  };
}
