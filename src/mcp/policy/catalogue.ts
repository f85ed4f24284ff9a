/**
 * Catalogue: declares a tool, resource or prompt together with the rights it needs. From these declarations come the
 * registration, the gate, the lists, the scopes of the metadata and the texts of the consent page.
 */
import { defined } from '../../lib/json.ts';
import { type Context, requestState } from '../../model/context.ts';
import { checkTypes } from '../../lib/check-options.ts';
import { ResourceTemplate } from '@modelcontextprotocol/server';
import { type Access, type AuthContext, maySee, type Need, type ScopeHierarchy } from '../../model/access.ts';
import type { Awaitable } from '../../model/runtime.ts';
import { accessOf } from '../tool-context.ts';
import { type Caller, policy, type Policy } from './policy.ts';
import { type AnyServer, describedOnce, isCurrent } from '../sdk.ts';
import type { Kind } from '../errors.ts';

/** The context of a handler: what the SDK put there, and the caller. */
export type HandlerContext<Props = AuthContext> = Caller<Props> & { readonly [member: string]: unknown };

/** The output of a schema that follows Standard Schema (Zod 4, Valibot, ArkType). */
type OutputOf<Schema> = Schema extends { readonly '~standard': { readonly types?: { readonly output: infer Output } | undefined } }
  ? Output
  : Record<string, never>;

interface Common extends Need<never, never> {
  readonly title?: string | undefined;
  readonly description?: string | undefined;
  readonly _meta?: Record<string, unknown> | undefined;
  /** States explicitly that every caller may use it, as `strict` requires. */
  readonly open?: true | undefined;
}

/** A tool: what it is, what it needs, what it does. */
export interface ToolDeclaration<Schema = undefined, Props = AuthContext> extends Omit<Common, 'when'> {
  readonly name: string;
  /** Standard Schema of the arguments: Zod 4, Valibot, ArkType. Default: no arguments. */
  readonly inputSchema?: Schema | undefined;
  readonly outputSchema?: unknown;
  /** Hints for clients, such as `readOnlyHint` (MCP, Tools). */
  readonly annotations?: Record<string, unknown> | undefined;
  /** A further condition for each call. */
  readonly when?: ((access: Access<Props>, args: OutputOf<Schema>) => Awaitable<boolean>) | undefined;
  /** Gets the checked arguments (an empty object without a schema) and the caller. */
  readonly handler: (args: OutputOf<Schema>, context: HandlerContext<Props>) => Awaitable<object>;
}

/** A resource at one URI, or a template of many. */
export interface ResourceDeclaration<Props = AuthContext> extends Omit<Common, 'when'> {
  readonly name: string;
  /** `notes://today`, or with variables `notes://{id}`. */
  readonly uri: string;
  /** Media type of the content. */
  readonly mimeType?: string | undefined;
  readonly when?: ((access: Access<Props>, args: unknown) => Awaitable<boolean>) | undefined;
  /** @param variables of a template; empty for one URI. */
  readonly read: (uri: URL, variables: Record<string, string | string[]>, context: HandlerContext<Props>) => Awaitable<object>;
}

/** A prompt. */
export interface PromptDeclaration<Schema = undefined, Props = AuthContext> extends Omit<Common, 'when'> {
  readonly name: string;
  /** Standard Schema of the arguments. */
  readonly argsSchema?: Schema | undefined;
  readonly when?: ((access: Access<Props>, args: OutputOf<Schema>) => Awaitable<boolean>) | undefined;
  readonly handler: (args: OutputOf<Schema>, context: HandlerContext<Props>) => Awaitable<object>;
}

/** A declared primitive, ready for a catalogue. */
export interface Declared {
  readonly kind: Kind;
  /** Name of a tool or prompt; URI of a resource. */
  readonly key: string;
  readonly need: Need;
  /** Whether it declares who may use it, be it everyone. */
  readonly decided: boolean;
  register(server: AnyServer): void;
}

const NEED = 'scopes:string[] permissions:string[] when:function anonymous:boolean hidden:boolean text:string open';

/**
 * Declares a tool with the rights that it needs, for {@link catalogue}. `inputSchema` is any Standard Schema (Zod 4, Valibot, ArkType).
 *
 * @throws {TypeError} for an unknown member.
 * @example
 * tool({
 *   name: 'save_note',
 *   title: 'Save a note',
 *   scopes: ['notes:write'],
 *   handler: async (_args, { access }) => ({ content: [{ type: 'text', text: `Saved for ${access.userId}.` }] }),
 * })
 */
export function tool<Schema = undefined, Props = AuthContext>(declaration: ToolDeclaration<Schema, Props>): Declared {
  checkTypes('tool', declaration, `name:string title description _meta inputSchema outputSchema annotations handler:function ${NEED}`);
  const { name, title, description, inputSchema, outputSchema, annotations, _meta, handler } = declaration;
  const config = defined({ title, description, inputSchema, outputSchema, annotations, _meta });
  const current = { ...config, ...defined({ inputSchema: describedOnce(inputSchema), outputSchema: describedOnce(outputSchema) }) };
  return declared('tool', name, declaration, (server) => {
    seam(server).registerTool(name, isCurrent(server) ? current : config, (...given: unknown[]) =>
      handler(argumentsIn(given), contextIn(given)),
    );
  });
}

/**
 * Declares a resource at one URI, or a template of many, with the rights that it needs, for {@link catalogue}.
 *
 * @throws {TypeError} for an unknown member.
 * @example
 * resource({
 *   name: 'note',
 *   uri: 'notes://{id}',
 *   scopes: ['notes:read'],
 *   read: async (uri) => ({ contents: [{ uri: uri.href, text: 'Buy milk' }] }),
 * })
 */
export function resource<Props = AuthContext>(declaration: ResourceDeclaration<Props>): Declared {
  checkTypes('resource', declaration, `name:string title description _meta uri:string mimeType read:function ${NEED}`);
  const { name, uri, title, description, mimeType, _meta, read } = declaration;
  const config = defined({ title, description, mimeType, _meta });
  return declared('resource', uri, declaration, (server) => {
    const isTemplate = uri.includes('{');
    seam(server).registerResource(name, isTemplate ? new ResourceTemplate(uri, { list: undefined }) : uri, config, (...given: unknown[]) =>
      read(given[0] as URL, isTemplate ? (given[1] as Record<string, string | string[]>) : {}, contextIn(given)),
    );
  });
}

/**
 * Declares a prompt with the rights that it needs, for {@link catalogue}.
 *
 * @throws {TypeError} for an unknown member.
 * @example
 * prompt({
 *   name: 'summary',
 *   scopes: ['notes:read'],
 *   handler: async () => ({ messages: [{ role: 'user', content: { type: 'text', text: 'Summarize my notes.' } }] }),
 * })
 */
export function prompt<Schema = undefined, Props = AuthContext>(declaration: PromptDeclaration<Schema, Props>): Declared {
  checkTypes('prompt', declaration, `name:string title description _meta argsSchema handler:function ${NEED}`);
  const { name, title, description, argsSchema, _meta, handler } = declaration;
  return declared('prompt', name, declaration, (server) => {
    const args = isCurrent(server) ? argsSchema : shapeOf(argsSchema);
    seam(server).registerPrompt(name, defined({ title, description, argsSchema: args, _meta }), (...given: unknown[]) =>
      handler(argumentsIn(given), contextIn(given)),
    );
  });
}

/** All that a server offers, with its policy. */
export interface Catalogue extends Policy {
  /**
   * Registers on a server of either SDK line what this caller may see. Hidden ones are not registered.
   *
   * @param ctx that of the request: a call of one tool then registers that tool only.
   */
  register(server: AnyServer, access: Access | null, ctx?: Context): void;
  /**
   * The scopes that these primitives need, for `scopesSupported`: each with its words and the tools it unlocks.
   *
   * @param words what the consent page says: `{ write: 'Change your notes', delete: { text: 'Delete your notes', sensitive: true } }`.
   */
  scopes(words?: { readonly [scope: string]: string | { readonly text: string; readonly sensitive?: boolean } }): {
    readonly [scope: string]: CatalogueScope;
  };
}

/** A scope as a catalogue knows it. */
export interface CatalogueScope {
  readonly description?: string;
  /** Names of the tools that need it. */
  readonly unlocks: readonly string[];
  /** Scopes that it includes. */
  readonly includes?: readonly string[];
  /** Not selected on the consent page in advance. */
  readonly sensitive?: boolean;
}

/** How a catalogue is checked as a whole. */
export interface CatalogueOptions {
  /** Scopes that include others: `{ admin: ['write'], write: ['read'] }`. */
  readonly hierarchy?: ScopeHierarchy | undefined;
  /** Throws at start-up if a primitive does not declare who may use it (`scopes`, `permissions`, `when`, `anonymous` or `open: true`). */
  readonly strict?: boolean | undefined;
}

/**
 * Combines declared tools, resources and prompts into registration, policy, lists and scopes.
 *
 * @throws {TypeError} at start-up for a duplicate name, an invalid scope, or, with `strict`, a missing policy.
 * @example
 * const notes = catalogue([
 *   tool({ name: 'list', scopes: ['notes:read'], handler: async () => ({ content: [{ type: 'text', text: 'none yet' }] }) }),
 * ]);
 * const app = new OAuthProvider({
 *   apiRoute: '/mcp',
 *   apiHandler: mcpHandler(
 *     (access, ctx) => {
 *       const server = new McpServer({ name: 'notes', version: '1.0.0' });
 *       notes.register(server, access, ctx);
 *       return server;
 *     },
 *     { policy: notes },
 *   ),
 *   logins: [password()],
 *   scopesSupported: notes.scopes({ 'notes:read': 'Read your notes' }),
 * });
 */
export function catalogue(list: readonly Declared[], options: CatalogueOptions = {}): Catalogue {
  checkTypes('catalogue', options, 'hierarchy:object strict:boolean');
  if (!Array.isArray(list)) throw new TypeError('catalogue: give a list: catalogue([tool({ … }), …]).');
  const { hierarchy = {}, strict = false } = options;
  const of = (kind: Kind): { [key: string]: Need } =>
    Object.fromEntries(list.filter((one) => one.kind === kind).map(({ key, need }) => [key, need]));
  const double = list.find((one, at) => list.findIndex(({ kind, key }) => kind === one.kind && key === one.key) !== at);
  if (double) throw new TypeError(`catalogue: the ${double.kind} ${JSON.stringify(double.key)} is declared twice.`);
  const open = strict ? list.filter((one) => !one.decided).map((one) => one.key) : [];
  if (open.length > 0)
    throw new TypeError(
      `catalogue: ${open.join(', ')} ${open.length > 1 ? 'do' : 'does'} not say who may use ${open.length > 1 ? 'them' : 'it'}; give scopes, permissions or \`open: true\`.`,
    );
  const [tools, others] = [list.filter(({ kind }) => kind === 'tool'), list.filter(({ kind }) => kind !== 'tool')];
  const byName = new Map(tools.map((one) => [one.key, one]));
  const judged = policy({ tools: of('tool'), resources: of('resource'), prompts: of('prompt'), hierarchy, strict });
  return {
    ...judged,
    register(server, access, ctx) {
      const isSeen = ({ need }: Declared): boolean => need.hidden !== true || (access !== null && maySee(need, access));
      const called = new Set(
        (ctx && requestState(ctx))?.calledTools?.map((name) => byName.get(name)).filter((one) => one !== undefined && isSeen(one)),
      );
      const shown = called.size === 0 ? tools : called;
      for (const one of shown) if (one && isSeen(one)) one.register(server);
      for (const one of others) if (isSeen(one)) one.register(server);
    },
    scopes(words = {}) {
      const names = new Set([...list.flatMap(({ need }) => need.scopes ?? []), ...Object.keys(words), ...Object.values(hierarchy).flat()]);
      const entries = [...names].map((name) => {
        const includes = Object.hasOwn(hierarchy, name) ? hierarchy[name] : undefined;
        const said = Object.hasOwn(words, name) ? words[name] : undefined;
        const { text: description, sensitive } = typeof said === 'object' ? said : { text: said };
        const unlocks = judged.unlocks[name] ?? [];
        return [name, defined({ description, unlocks, includes, sensitive }) as unknown as CatalogueScope] as const;
      });
      return Object.fromEntries(entries);
    },
  };
}

/** The members of a declaration that restrict its use. The rule's types are those of the declaration; here it is any rule. */
interface Said extends Omit<Need, 'when'> {
  readonly when?: unknown;
  readonly open?: true | undefined;
}

function declared(kind: Kind, key: string, said: Said, register: (server: AnyServer) => void): Declared {
  const { scopes, permissions, when, anonymous, hidden, text, open } = said;
  const need = defined({ scopes, permissions, when, anonymous, hidden, text }) as Need;
  const decided =
    open === true || anonymous === true || when !== undefined || [scopes, permissions].some((list) => (list?.length ?? 0) > 0);
  return { kind, key, need, decided, register };
}

/** The SDK omits the arguments if there is no schema. */
function argumentsIn<Args>(given: readonly unknown[]): Args {
  return (given.length > 1 ? given[0] : {}) as Args;
}

/** Fails closed: a call that bypassed the guard has no caller. */
function contextIn<Props>(given: readonly unknown[]): HandlerContext<Props> {
  const context = given.at(-1) as object;
  const access = accessOf<Props>(context);
  return { ...context, access, props: access?.props } as HandlerContext<Props>;
}

interface Seam {
  registerTool(name: string, config: object, handler: (...given: unknown[]) => unknown): unknown;
  registerResource(name: string, uri: unknown, config: object, read: (...given: unknown[]) => unknown): unknown;
  registerPrompt(name: string, config: object, handler: (...given: unknown[]) => unknown): unknown;
}

/** Both lines of the SDK register in the same way, and take a template of either. */
function seam(server: AnyServer): Seam {
  if (typeof (server as Partial<Seam>).registerTool !== 'function')
    throw new TypeError('catalogue: register() takes an McpServer of SDK 1.x or 2.x; a low-level Server has its handlers set one by one.');
  return server as unknown as Seam;
}

/** Prompts of SDK 1.x want the fields of a Zod object, not the object. */
function shapeOf(schema: unknown): unknown {
  return typeof schema === 'object' && schema !== null && 'shape' in schema ? schema.shape : schema;
}
