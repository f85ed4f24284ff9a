/**
 * The policy of an MCP server: a need for each tool, resource, resource template and prompt, by the name that the SDK
 * dispatches by. Without a need, a primitive is open to every caller that passed the guard; with `strict` it is closed to all.
 * The SDK dispatches a resource by its parsed URL, and a handler may read the URI differently: so a URI is compared as received, as parsed, and
 * folded into the simplest spelling of the same resource.
 */
import { UriTemplate } from '@modelcontextprotocol/server';
import { checkTypes } from '../../lib/check-options.ts';
import { checkNeed, combineNeeds, type Implied, impliedBy, type Need, type ScopeHierarchy } from '../../model/access.ts';

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

/** The kinds of primitives; and methods that MCP does not define, which a server may add. */
export type Kind = 'tool' | 'resource' | 'prompt' | 'method';

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

/**
 * Resource URIs as a policy compares them. The SDK dispatches by the parsed URL, and a handler may read the URI differently: so a
 * URI is compared as received, as parsed, and folded into the simplest spelling of the same resource.
 */

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
