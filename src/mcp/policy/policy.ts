/**
 * Who may call what on an MCP server, said in two ways. A policy: a need for each tool, resource, resource template and prompt, by the name that the SDK
 * dispatches by. Without a need, a primitive is open to every caller that passed the guard; with `strict` it is closed to all. The SDK dispatches a resource by
 * its parsed URL, and a handler may read the URI differently: so a URI is compared as received, as parsed, and folded into the simplest spelling of the same
 * resource.
 *
 * And wrappers for existing tool handlers that only some callers may run. Scopes and permissions are those of this call, so that a revoked right is gone at the
 * next one; without an authorization context the call is refused. A wrapper runs inside the SDK, where no HTTP status can be set any more: a policy answers
 * before, with the 403 of the specification.
 */
import { UriTemplate } from '@modelcontextprotocol/server';
import { askForMore, type Kind } from '../errors.ts';
import { checkTypes } from '../../lib/check-options.ts';
import {
  type Access,
  type AuthContext,
  checkNeed,
  combineNeeds,
  type Implied,
  impliedBy,
  judge,
  type Need,
  type ScopeHierarchy,
  type Verdict,
} from '../../model/access.ts';
import { insufficientScope, metadataUrlOf, schemeOf } from '../../guard/answers.ts';
import type { Awaitable } from '../../model/runtime.ts';
import { accessOf } from '../tool-context.ts';

/** What is needed, for each primitive. */
export interface PolicyOptions {
  /** By the name of the tool. */
  readonly tools?: { readonly [name: string]: Need } | undefined;
  /** By URI, or by URI template: `notes://{id}`. Where several match one resource, each of them must be met. */
  readonly resources?: { readonly [uri: string]: Need } | undefined;
  /** By the name of the prompt. */
  readonly prompts?: { readonly [name: string]: Need } | undefined;
  /** Scopes that include others: `{ admin: ['write'], write: ['read'] }`. */
  readonly hierarchy?: ScopeHierarchy | undefined;
  /** Closes every primitive without a need. Default false. */
  readonly strict?: boolean | undefined;
}

/** A checked policy. */
export interface Policy {
  /** The need of a primitive; null if `strict` closes it. @param isTemplate whether the name is the text of a URI template, not a URI. */
  needOf(kind: Kind, name: string, isTemplate?: boolean): Need | null;
  readonly implied: Implied;
  /** Every scope that a need names, with the tools it unlocks: `{ write: ['saveNote'] }`. */
  readonly unlocks: { readonly [scope: string]: readonly string[] };
  /** Whether lists differ from caller to caller. */
  readonly filters: boolean;
}

const OPEN: Need = {};
/**
 * The rights that each tool, resource and prompt needs. The gate checks calls before the SDK sees them, and removes from lists what a caller
 * may not use.
 *
 * @throws {TypeError} at start-up, naming the primitive and the fix.
 * @example
 * policy({
 *   tools: { list_notes: { scopes: ['notes:read'] }, purge: { permissions: ['admin'] } },
 *   hierarchy: { 'notes:write': ['notes:read'] },
 *   strict: true,
 * })
 */
export function policy(options: PolicyOptions): Policy {
  checkTypes('policy', options, 'tools:object resources:object prompts:object hierarchy:object strict:boolean');
  const { tools = {}, resources = {}, prompts = {}, strict = false } = options;
  const maps = {
    tool: mapOf('tools', tools),
    resource: mapOf('resources', resources),
    prompt: mapOf('prompts', prompts),
    method: new Map<string, Need>(),
  };
  const [asWritten, folded] = [matcherOf(resources, (uri) => uri), matcherOf(resources, fold)];
  const unlocks = Object.create(null) as Record<string, string[]>; // a scope may have any name, such as `constructor`
  for (const [name, need] of maps.tool) for (const scope of need.scopes ?? []) (unlocks[scope] ??= []).push(name);
  const missing = strict ? null : OPEN;
  return {
    needOf(kind, name, isTemplate = false) {
      if (kind !== 'resource') return maps[kind].get(name) ?? missing;
      // Each spelling is judged as the SDK may dispatch it. A match of a folded spelling can only add needs.
      const found = (isTemplate ? [name] : spellingsOf(name)).flatMap((one): readonly (Need | null)[] => {
        const needs = asWritten(one);
        return needs.length > 0 ? needs : [missing];
      });
      const needs = [...new Set([...found, ...foldedSpellingsOf(name).flatMap(folded)])];
      return needs.includes(null) ? null : combineNeeds(needs.filter((need) => need !== null));
    },
    implied: impliedBy(options.hierarchy ?? {}),
    unlocks,
    filters:
      strict ||
      Object.values(maps).some((map) => [...map.values()].some((need) => need.hidden === true || (need.permissions?.length ?? 0) > 0)),
  };
}

/** Finds the needs of all keys that a URI matches. @param as how the keys are compared. */
function matcherOf(resources: { readonly [uri: string]: Need }, as: (uri: string) => string): (uri: string) => readonly Need[] {
  const entries = Object.entries(resources).map(([uri, need]) => [as(uri), need] as const);
  const templates = entries.filter(([uri]) => uri.includes('{')).map(([uri, need]) => ({ template: new UriTemplate(uri), need }));
  const exact = new Map<string, readonly Need[]>();
  for (const [uri, need] of entries) exact.set(uri, [...(exact.get(uri) ?? []), need]);
  return (uri) => [...(exact.get(uri) ?? []), ...templates.filter(({ template }) => template.match(uri) !== null).map(({ need }) => need)];
}

function mapOf(option: string, needs: { readonly [name: string]: Need }): ReadonlyMap<string, Need> {
  for (const [name, need] of Object.entries(needs)) {
    checkNeed('policy', `${option}.${name}`, need);
    if (need.anonymous === true && ((need.scopes?.length ?? 0) > 0 || (need.permissions?.length ?? 0) > 0))
      throw new TypeError(
        `policy: \`${option}.${name}\` cannot be for callers without a token and need scopes or permissions; leave one of them out.`,
      );
  }
  return new Map(Object.entries(needs));
}

const SCHEME = /^([a-z][a-z\d+.-]*):[/\\]*/i;
/** Maximum levels of percent-encoding that are decoded; no handler decodes more. */
const MAX_ROUNDS = 3;

/** The spellings by which the SDK may find a resource. */
export function spellingsOf(uri: string): readonly string[] {
  const href = URL.canParse(uri) ? new URL(uri).href : uri;
  return href === uri ? [uri] : [uri, href];
}

/** Spellings that a handler may read from the URI, which a low-level server gets as received: with and without query and fragment. */
export function foldedSpellingsOf(uri: string): readonly string[] {
  return [...new Set(spellingsOf(uri).flatMap((one) => [fold(one), fold(one.replace(/[?#].*$/s, ''))]))];
}

/**
 * Folds a URI or a URI template: scheme and authority in lower case (RFC 3986 §6.2.2.1), nothing percent-encoded, no user, no dot segments
 * and no empty ones. The result is not a URI any more.
 */
export function fold(uri: string): string {
  const [prefix, scheme = ''] = SCHEME.exec(uri) ?? [''];
  const segments: string[] = [];
  for (const segment of decoded(uri.slice(prefix.length)).split(/[/\\]/)) {
    if (segment === '..') segments.pop();
    else if (segment !== '' && segment !== '.') segments.push(segment);
  }
  const [authority = '', ...path] = segments;
  return `${scheme.toLowerCase()}://${[authority.replace(/^[^{]*@/, '').toLowerCase(), ...path].join('/')}`;
}

/** Braces stay encoded: in a template they would begin an expression. */
function decoded(text: string): string {
  const once = (run: string): string => {
    try {
      return decodeURIComponent(run).replace(/[{}]/g, encodeURIComponent);
    } catch {
      return run; // not UTF-8
    }
  };
  let [before, after] = ['', text];
  for (let round = 0; round < MAX_ROUNDS && after !== before; round++) [before, after] = [after, after.replace(/(?:%[\da-f]{2})+/gi, once)];
  return after;
}

/** What a guarded handler finds in its context besides what the SDK put there. */
export interface Caller<Props = AuthContext> {
  readonly access: Access<Props>;
  readonly props: Props;
}

/**
 * The arguments of an SDK handler, with the caller in the last one.
 * If TypeScript cannot infer them (a tool of SDK 2.x without schema, a handler on its own), the context is the only argument.
 */
export type WithCaller<Args extends unknown[], Props = AuthContext> = Args extends [...infer Rest, infer Context]
  ? [...Rest, Context & Caller<Props>]
  : [context: Caller<Props>];

/** A tool result that tells the model it was refused. (A type, not an interface: the SDK's results have an index signature.) */
export type Refusal = { isError: true; content: { type: 'text'; text: string }[]; _meta?: { [name: string]: unknown } };

/** The text of a refusal. */
export interface PermissionOptions {
  /** Instead of "Permission denied: requires …", if callers should not see the name of the permission. */
  readonly text?: string | undefined;
}

/** How scopes are checked, and the text of a refusal. */
export interface RequireOptions extends PermissionOptions {
  /** Scopes that include others: that of the policy, `{ admin: ['write'], write: ['read'] }`. */
  readonly hierarchy?: ScopeHierarchy | undefined;
}

/** A handler that a wrapper takes, with the caller in its context. */
type Guarded<Args extends unknown[], Result, Props> = (...args: WithCaller<Args, Props>) => Awaitable<Result>;

/**
 * Wraps a tool's handler, of SDK 1.x or 2.x, with or without input schema, so that it runs only for users with the permission.
 * A refusal is a result with `isError`, which the model can read; never an HTTP challenge: signing in again would not help.
 *
 * @param handler gets what the SDK passes, and `props` and `access` in its context.
 * @throws {TypeError} for more than one permission, or an unknown option.
 * @example
 * server.registerTool('purge', {}, requirePermission('admin', async () => ({ content: [{ type: 'text', text: 'Done.' }] })));
 */
export function requirePermission<Args extends unknown[], Result extends object, Props = AuthContext>(
  permission: string,
  handler: Guarded<Args, Result, Props>,
  options: PermissionOptions = {},
): (...args: Args) => Promise<Result | Refusal> {
  if (typeof permission !== 'string')
    throw new TypeError("requirePermission: name one permission, such as 'admin'; requireAny takes several.");
  checkTypes('requirePermission', options, 'text:string');
  const { text = `Permission denied: requires ${permission}` } = options;
  return requireAny([{ permissions: [permission] }], handler, { text });
}

/**
 * Wraps a tool's handler so that it runs only with a token that has all of these scopes. A refusal says so in a result, with the
 * challenge in `_meta["mcp/www_authenticate"]` for clients that react to results.
 *
 * @throws {TypeError} for no scopes, or a hierarchy with a cycle.
 * @example
 * server.registerTool('save', {}, requireScopes('notes:write', async () => ({ content: [{ type: 'text', text: 'Saved.' }] })));
 */
export function requireScopes<Args extends unknown[], Result extends object, Props = AuthContext>(
  scopes: string | readonly string[],
  handler: Guarded<Args, Result, Props>,
  options: RequireOptions = {},
): (...args: Args) => Promise<Result | Refusal> {
  const all = typeof scopes === 'string' ? [scopes] : [...scopes];
  if (all.length === 0) throw new TypeError('requireScopes: name at least one scope; a handler for everyone needs no wrapper.');
  return requireAny([{ scopes: all }], handler, options);
}

/**
 * Wraps a tool's handler so that it runs when one of these needs is met as a whole. If none is met, and one lacks scopes only, the refusal
 * asks for the scopes of the first such need.
 *
 * @throws {TypeError} for an empty list, a need with an unknown or wrong member, or a hierarchy with a cycle.
 * @example
 * server.registerTool(
 *   'export',
 *   {},
 *   requireAny([{ permissions: ['admin'] }, { scopes: ['notes:export'] }], async () => ({ content: [{ type: 'text', text: '…' }] })),
 * );
 */
export function requireAny<Args extends unknown[], Result extends object, Props = AuthContext>(
  needs: readonly Need<never, never>[],
  handler: Guarded<Args, Result, Props>,
  options: RequireOptions = {},
): (...args: Args) => Promise<Result | Refusal> {
  if (!Array.isArray(needs) || needs.length === 0)
    throw new TypeError('requireAny: list at least one need; a handler for everyone needs no wrapper.');
  for (const [at, need] of needs.entries()) checkNeed('requireAny', `[${at}]`, need);
  checkTypes('requireAny', options, 'text:string hierarchy:object');
  const implied = impliedBy(options.hierarchy ?? {});
  const { text = 'You do not have permission to use this tool.' } = options;
  return async (...args) => {
    // The context is the last argument: the first one of a tool with a schema is what the client sent.
    const context = args.at(-1);
    const access = accessOf<Props>(context);
    if (access === null) return refusalOf(text);
    const verdicts: Verdict[] = [];
    for (const need of needs as readonly Need[]) {
      const verdict = await judge(need, access, args.length > 1 ? args[0] : {}, implied);
      if (verdict.kind === 'allowed') {
        const enriched = { ...(context as object), access, props: access.props };
        return handler(...([...args.slice(0, -1), enriched] as WithCaller<Args, Props>));
      }
      verdicts.push(verdict);
    }
    const missing = verdicts.find((verdict) => verdict.kind === 'insufficient_scope');
    return missing && URL.canParse(access.resource) ? challengeOf(access, missing.scopes, options.text) : refusalOf(text);
  };
}

function refusalOf(text: string): Refusal {
  return { isError: true, content: [{ type: 'text', text }] };
}

function challengeOf(access: Access, scope: readonly string[], text: string | undefined): Refusal {
  const refusal = insufficientScope({ metadataUrl: metadataUrlOf(access.resource), scope }, schemeOf(access));
  const header = refusal.headers.get('www-authenticate') ?? '';
  return askForMore(header, text);
}
