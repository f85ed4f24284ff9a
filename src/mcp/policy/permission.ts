/**
 * Wrappers for existing tool handlers that only some callers may run. Scopes and permissions are those of this
 * call, so that a revoked right is gone at the next one. Without an authorization context the call is refused.
 * A wrapper runs inside the SDK, where no HTTP status can be set any more: a `policy` answers before, with the 403 of the specification.
 */
import { checkTypes } from '../../lib/check-options.ts';
import { insufficientScope, metadataUrlOf, schemeOf } from '../../guard/answers.ts';
import {
  type Access,
  type AuthContext,
  checkNeed,
  impliedBy,
  judge,
  type Need,
  type ScopeHierarchy,
  type Verdict,
} from '../../model/access.ts';
import type { Awaitable } from '../../model/runtime.ts';
import { accessOf } from '../tool-context.ts';
import { askForMore } from '../errors.ts';

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
