/**
 * `McpAgent`: an MCP server as a class, with the API that Cloudflare's users know. One instance per request, on every runtime: `props`
 * and `auth` are those of this request, and `init()` registers what the caller may use now. `state` and `sql` are stored between
 * requests, for this user only and across sessions; there is no session to steal. Values of `sql` never become part of the statement.
 */
import { type Context, type FetchObject, requestState } from '../model/context.ts';
import type { Access, AuthContext, Checked } from '../model/access.ts';
import type { Databases, SqlRow, SqlValue, UserDatabase } from '../model/user-state.ts';
import type { Awaitable } from '../model/runtime.ts';
import { type AgentState, openState, settleBefore, type StateChange } from './agent-state.ts';
import { callerOf } from './tool-context.ts';
import type { Elicitor, ElicitRequest } from './elicitation/elicit.ts';
import type { Answer } from './elicitation/request-state.ts';
import { checkMcpOptions, handlerFor, type McpOptions } from './handler.ts';
import type { Policy } from './policy/policy.ts';
import type { AnyServer } from './sdk.ts';
import type { Sessions } from './sessions/sessions.ts';
import { base64url, utf8 } from '../lib/bytes.ts';
import { nearestOf } from '../lib/check-options.ts';

/** A class that extends {@link McpAgent}. */
export type AgentClass<Env> = new (ctx: Context, env: Env) => McpAgent<Env, unknown, Record<string, unknown>>;

/**
 * An MCP server for one caller.
 *
 * @typeParam State what is kept for each user; anything that survives JSON. Give `initialState` with it.
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
export abstract class McpAgent<Env = unknown, State = unknown, Props extends Record<string, unknown> = AuthContext> {
  /** The SDK's server (`@modelcontextprotocol/server` 2.x or `@modelcontextprotocol/sdk` 1.x), or a promise; may be a getter. Read after `init()`. */
  abstract readonly server: AnyServer | Promise<AnyServer>;
  /** The execution context of the request. */
  readonly ctx: Context;
  /** Bindings and settings. */
  readonly env: Env;
  /** The caller: user, client and scopes. */
  readonly auth: Access<Props>;
  /** What the application knows of the caller, as of this request. */
  readonly props: Props;

  /** @throws {TypeError} if no guard ran before, so that no code of the class runs for an unknown caller. */
  constructor(ctx: Context, env: Env) {
    const auth = callerOf<Props>(ctx);
    if (auth === null) throw new TypeError('McpAgent needs ctx.auth: mount it behind OAuthProvider or guard().');
    this.ctx = ctx;
    this.env = env;
    this.auth = auth;
    this.props = auth.props;
  }

  /** What each caller may call, for `serve` and `Router`: `static policy = policy({ tools: { … } })`. */
  static readonly policy?: Policy;

  /** Sessions for clients of 2025, for `serve` and `Router`: `static sessions = sessions()`. */
  static readonly sessions?: Sessions;

  /** Where the users' databases are, for `sql`: `static databases = sqliteDatabases('./data/users')`. */
  static readonly databases?: Databases;

  #asker: Elicitor | null = null;

  /**
   * Asks the user while a tool runs. A client of 2026-07-28 asks and then repeats the call, which runs the tool from its start: ask
   * before you change anything. A client of 2025 needs a session.
   *
   * @throws {ToolError} if the client cannot ask. @throws {TypeError} for a form that asks for a secret, and while `init()` runs.
   */
  elicit(question: ElicitRequest): Promise<Answer> {
    return this.#asking().elicit(question);
  }

  /** Reports the progress of the running tool, if the client asked for it. */
  progress(done: number, total?: number, message?: string): Promise<void> {
    return this.#asking().progress(done, total, message);
  }

  #asking(): Elicitor {
    if (this.#asker) return this.#asker;
    throw new TypeError('McpAgent: no user can be asked while the fields of the class are made.');
  }

  /** The state of a user before the first `setState`. Without it nothing is read, and there is no `state`. */
  readonly initialState?: State;
  /** Names one of the user's states: a notebook, a game. Each handle has its own state; any value leads to states of this user only. */
  readonly stateHandle: string = '';
  #state: AgentState<State> | null = null;

  /** The stored state of this user. Read before `init()`. @throws {TypeError} without `initialState`, and before `init()`. */
  get state(): State {
    return this.#opened().current();
  }

  /**
   * Stores a new state. Results of this request wait for it, whether or not you await it.
   *
   * @param to a value, or a function of the previous state. If another call was faster, a function is run again and a value is refused.
   * @throws {ToolError} where another call was faster: the model may try again.
   */
  setState(to: StateChange<State>): Promise<void> {
    return this.#opened().change(to);
  }

  #sql: Sql | null = null;

  /**
   * Queries the database of this user: `` await this.sql`INSERT INTO notes (text) VALUES (${text})` ``. Each statement is run as a whole or not
   * at all. `stateHandle` separates databases of one user.
   *
   * @throws {TypeError} without `static databases`.
   */
  get sql(): Sql {
    const { databases } = this.constructor as { readonly databases?: Databases };
    if (!databases)
      throw new TypeError('McpAgent: `sql` needs `static databases`: sqliteDatabases(folder) on Node, objectDatabases(…) on Workers.');
    return (this.#sql ??= sqlOf(databases, { access: this.auth, handle: this.stateHandle, env: this.env }));
  }

  #opened(): AgentState<State> {
    if (this.#state) return this.#state;
    throw new TypeError(
      this.initialState === undefined
        ? 'McpAgent: give `initialState` to keep a state for each user.'
        : 'McpAgent: `state` is there from `init()` on, not while the fields of the class are made.',
    );
  }

  /** Registers what this caller may use. Runs on every request, before the server answers. */
  abstract init(): Awaitable<void>;

  /**
   * The class as a handler of one path; 404 elsewhere. Call it once, at start-up.
   *
   * @throws {TypeError} when the path does not begin with a slash.
   */
  static serve<Env>(this: AgentClass<Env>, path = '/mcp', options: McpOptions = {}): FetchObject<Env> {
    if (!path.startsWith('/')) throw new TypeError(`McpAgent.serve: the path must begin with "/", but is ${JSON.stringify(path)}.`);
    const handler = McpAgent.#handler(this, options);
    return {
      servedPaths: [path],
      fetch(request, env, ctx) {
        if (![path, `${path}/`].includes(new URL(request.url).pathname))
          // two names of one resource
          return new Response('Not found', { status: 404, headers: { 'cache-control': 'no-store' } });
        return handler.fetch(request, env, ctx);
      },
    };
  }

  /** The class as a handler that answers wherever it is mounted: for `apiHandler`. */
  static get Router(): FetchObject {
    return McpAgent.#handler(this as unknown as AgentClass<unknown>, {});
  }

  static #handler<Env>(Agent: AgentClass<Env>, options: McpOptions): FetchObject<Env> {
    checkServerOf(Agent, McpAgent);
    checkStatics(Agent, McpAgent);
    checkMcpOptions(options);
    const { policy, sessions } = Agent as { readonly policy?: Policy; readonly sessions?: Sessions };
    return handlerFor<Env, unknown>(
      async (_access, ctx, env, asker) => {
        const agent = new Agent(ctx, env);
        const { policy: field } = agent as { readonly policy?: Partial<Policy> };
        if (!policy && field?.needOf)
          throw new TypeError(`McpAgent: \`policy\` of ${Agent.name} is a field, which is not read; write static policy = …`);
        agent.#asker = asker;
        if (agent.initialState === undefined) {
          await agent.init();
          return agent.server ?? throwing(noServer(Agent.name));
        }
        const { states } = requestState(ctx);
        if (states === undefined) throw new TypeError('McpAgent: a state needs OAuthProvider in front, whose store keeps it.');
        const state = await openState<unknown>(states, agent.stateHandle, agent.initialState);
        agent.#state = state;
        await agent.init();
        const server = await (agent.server ?? throwing(noServer(Agent.name)));
        settleBefore(server, state, options.onError ?? ((error) => console.error(error)));
        return server;
      },
      { ...options, policy: options.policy ?? policy, sessions: options.sessions ?? sessions },
      false,
    );
  }
}

/** A static member of a class that is read. */
interface Static {
  /** What gives its value. */
  readonly from: string;
  readonly is: (value: unknown) => boolean;
}

const STATICS: ReadonlyMap<string, Static> = new Map([
  ['policy', { from: 'policy({ tools: … })', is: (one) => typeof (one as Partial<Policy> | null | undefined)?.needOf === 'function' }],
  ['sessions', { from: 'sessions()', is: (one) => typeof (one as Partial<Sessions> | null | undefined)?.acceptPost === 'function' }],
  ['databases', { from: 'sqliteDatabases(folder) or objectDatabases(…)', is: (one) => typeof one === 'function' }],
]);

/**
 * Refuses static members that are misspelt, which are read by nothing, and those without a value, as of a module that is imported in a circle:
 * every tool would be open to every caller.
 *
 * @param base where the search ends.
 * @throws {TypeError} naming the class and the member.
 */
function checkStatics(Agent: { readonly name: string }, base: object): void {
  const found = new Set<string>();
  for (let one: unknown = Agent; typeof one === 'function' && one !== base; one = Object.getPrototypeOf(one))
    for (const [name, own] of Object.entries(Object.getOwnPropertyDescriptors(one))) {
      if (found.has(name) || !('value' in own)) continue; // of an accessor nothing is known yet
      const value: unknown = own.value;
      found.add(name); // a class above it is not read
      const known = STATICS.get(name);
      if (known && !known.is(value))
        throw new TypeError(`McpAgent: static \`${name}\` must be what ${known.from} returns, in ${Agent.name}.`);
      const near = known ? null : nearestOf(name, [...STATICS.keys()]);
      if (near === 'policy' || (near !== null && STATICS.get(near)?.is(value)))
        throw new TypeError(`McpAgent: static \`${name}\` is read by nothing; did you mean static \`${near}\`, in ${Agent.name}?`);
    }
}

function throwing(error: Error): never {
  throw error;
}

/** How a class sets its `server`: a field, an accessor, an assignment, or code that hides the names it sets. */
const MADE = /\bserver\s*(?:\?\?)?=|\bserver\s*[(;]|['"]server['"]|Object\.assign|Object\.definePropert|Reflect\.set/;

/**
 * Refuses a class without a `server`. Fields exist only on an instance, which is made for a caller: so the source of the class, and of the
 * classes above it, is searched.
 *
 * @param base where the search ends.
 * @throws {TypeError} naming the class.
 */
export function checkServerOf(Agent: { readonly name: string; readonly prototype: object }, base: object): void {
  if ('server' in Agent.prototype) return;
  for (let one: unknown = Agent; typeof one === 'function' && one !== base; one = Object.getPrototypeOf(one))
    if (MADE.test(Function.prototype.toString.call(one))) return;
  throw noServer(Agent.name);
}

/** The error for a class without a `server`. */
export function noServer(name: string): TypeError {
  return new TypeError(`McpAgent: ${name} has no \`server\`; write server = new McpServer({ name, version }) in the class.`);
}

/** A template that is a query: `` await sql`SELECT text FROM notes WHERE done = ${false}` ``. */
export type Sql = <Row extends SqlRow = SqlRow>(parts: TemplateStringsArray, ...values: readonly SqlValue[]) => Promise<readonly Row[]>;

/** Opens the database of the caller with the first query. */
export function sqlOf(databases: Databases, { access, handle, env }: { access: Checked; handle: string; env: unknown }): Sql {
  let database: Promise<UserDatabase> | undefined;
  return async <Row extends SqlRow>(parts: TemplateStringsArray, ...values: readonly SqlValue[]): Promise<readonly Row[]> => {
    if (!Array.isArray(parts) || !Array.isArray(parts.raw))
      throw new TypeError('McpAgent: `sql` is a template: sql`SELECT …`. A text that was put together is not taken.');
    const given = values.map(boundOf);
    const { query } = await (database ??= nameOf(access, handle).then((name) => databases(name, env)));
    return (await query(parts.join('?'), given)) as readonly Row[];
  };
}

/** The caller cannot choose the name: it is a hash of what the guard found out, and a handle only separates databases of one user. */
async function nameOf({ issuer = '', tenant = '', userId, resource }: Checked, handle: string): Promise<string> {
  if (!userId) throw new TypeError('McpAgent: `sql` is for a user, and the token names none.');
  const text = `database\n${JSON.stringify([issuer, tenant, userId, resource, handle])}`;
  return base64url(new Uint8Array(await crypto.subtle.digest('SHA-256', utf8(text))));
}

function boundOf(value: SqlValue): string | number | null {
  if (typeof value === 'boolean') return Number(value);
  if (value === null || typeof value === 'string' || (typeof value === 'number' && Number.isFinite(value))) return value;
  throw new TypeError(
    'McpAgent: `sql` takes strings, numbers, true, false and null. Store anything else as JSON: ${JSON.stringify(value)}.',
  );
}
