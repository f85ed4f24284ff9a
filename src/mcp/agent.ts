/**
 * `McpAgent`: an MCP server as a class, in the shape that Cloudflare's users know. One instance per request, on every runtime: `props`
 * and `auth` are those of this request, and what `init()` registers depends on the rights of this moment. Nothing is kept between
 * requests, so there is no `state`, no `sql` and no session to steal.
 */
import type { Access } from '../model/access.ts';
import type { Context, FetchObject } from '../model/handler.ts';
import type { Awaitable } from '../model/runtime.ts';
import { callerOf } from './auth-info.ts';
import { mcpHandler, type McpOptions } from './handler.ts';
import type { Policy } from './policy.ts';
import type { AnyServer } from './sdk.ts';

/** A class that extends {@link McpAgent}. */
export type AgentClass<Env> = new (ctx: Context, env: Env) => { readonly server: AnyServer | Promise<AnyServer>; init(): Awaitable<void> };

/**
 * An MCP server for one caller.
 *
 * @typeParam _State is accepted so that classes written for Cloudflare's `agents` compile; there is no state here.
 * @example
 * class MyMCP extends McpAgent<Env, unknown, AuthContext> {
 *   server = new McpServer({ name: 'demo', version: '1.0.0' });
 *   async init() {
 *     this.server.registerTool('userInfo', {}, async () => ({
 *       content: [{ type: 'text', text: `Hello, ${this.props.claims.name ?? 'user'}!` }],
 *     }));
 *   }
 * }
 */
export abstract class McpAgent<Env = unknown, _State = unknown, Props extends Record<string, unknown> = Record<string, unknown>> {
  /** The SDK's server, of `@modelcontextprotocol/server` 2.x or `@modelcontextprotocol/sdk` 1.x. A getter or a promise is fine; read after `init()`. */
  abstract readonly server: AnyServer | Promise<AnyServer>;
  /** What stands beside the request. */
  readonly ctx: Context;
  /** Bindings and settings. */
  readonly env: Env;
  /** Who calls, through which client, with which scopes. */
  readonly auth: Access<Props>;
  /** What the application knows of the caller, as of this request. */
  readonly props: Props;

  /** @throws {TypeError} when no guard stood before, so that no code of the class runs for an unknown caller. */
  constructor(ctx: Context, env: Env) {
    const auth = callerOf<Props>(ctx);
    if (auth === null) throw new TypeError('McpAgent needs ctx.auth: mount it behind OAuthProvider or guard().');
    this.ctx = ctx;
    this.env = env;
    this.auth = auth;
    this.props = auth.props;
  }

  /** Who may call what, for `serve` and `Router`: `static policy = policy({ tools: { … } })`. */
  static readonly policy?: Policy;

  /** Registers what this caller may use. Runs on every request, before the server answers. */
  abstract init(): Awaitable<void>;

  /**
   * The class as a handler of one path; 404 elsewhere. Call it once, at start-up.
   *
   * @throws {TypeError} when the path does not begin with a slash.
   */
  static serve<Env>(this: AgentClass<Env>, path = '/mcp', options: McpOptions = {}): FetchObject<Env> {
    if (!path.startsWith('/')) throw new TypeError(`McpAgent.serve: the path must begin with "/", but is ${JSON.stringify(path)}.`);
    const handler = handlerOf(this, options);
    return {
      fetch(request, env, ctx) {
        if (new URL(request.url).pathname !== path) return new Response('Not found', { status: 404 });
        return handler.fetch(request, env, ctx);
      },
    };
  }

  /** The class as a handler that answers wherever it is mounted: for `apiHandler`. */
  static get Router(): FetchObject {
    return handlerOf(this as unknown as AgentClass<unknown>, {});
  }
}

function handlerOf<Env>(Agent: AgentClass<Env>, options: McpOptions): FetchObject<Env> {
  const { policy } = Agent as { readonly policy?: Policy };
  return mcpHandler<Env>(
    async (_access, ctx, env) => {
      const agent = new Agent(ctx, env);
      await agent.init();
      return await agent.server;
    },
    { ...(policy && { policy }), ...options },
  );
}
