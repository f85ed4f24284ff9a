/**
 * A tool that only some users may call. The permission is read from the props of this very call, so a right that was taken away
 * is gone at the next one. Without an authorization context the answer is no.
 */
import type { Access, AuthContext } from '../model/access.ts';
import type { Awaitable } from '../model/runtime.ts';
import { accessOf } from './auth-info.ts';

/** What a guarded handler finds in its context besides what the SDK put there. */
export interface Caller<Props = AuthContext> {
  readonly access: Access<Props>;
  readonly props: Props;
}

/**
 * The arguments of an SDK handler, with the caller in the last one.
 * Where TypeScript cannot tell them (a tool of SDK 2.x without schema, a handler that stands alone) the context is all there is.
 */
export type WithCaller<Args extends unknown[], Props = AuthContext> = Args extends [...infer Rest, infer Context]
  ? [...Rest, Context & Caller<Props>]
  : [context: Caller<Props>];

/** A tool result that tells the model it was refused. (A type, not an interface: the SDK's results have an index signature.) */
export type Refusal = { isError: true; content: { type: 'text'; text: string }[] };

/** How a refusal reads. */
export interface PermissionOptions {
  /** Instead of "Permission denied: requires …", where the permission's name is not for everyone's eyes. */
  readonly text?: string;
}

/**
 * Wraps a tool's handler, of SDK 1.x or 2.x, with or without input schema, so that it runs only for users with the permission.
 * A refusal is a result with `isError`, which the model can read; never an HTTP challenge: signing in again would not help.
 *
 * @param handler gets what the SDK passes, and `props` and `access` in its context.
 */
export function requirePermission<Args extends unknown[], Result extends object, Props = AuthContext>(
  permission: string,
  handler: (...args: WithCaller<Args, Props>) => Awaitable<Result>,
  options: PermissionOptions = {},
): (...args: Args) => Promise<Result | Refusal> {
  const text = options.text ?? `Permission denied: requires ${permission}`;
  return async (...args) => {
    // The context is the last argument: the first one of a tool with a schema is what the client sent.
    const context = args.at(-1);
    const access = accessOf<Props>(context);
    if (access === null || !permissionsOf(access.props).includes(permission)) return { isError: true, content: [{ type: 'text', text }] };
    const enriched = { ...(context as object), access, props: access.props };
    return handler(...([...args.slice(0, -1), enriched] as WithCaller<Args, Props>));
  };
}

/** Only a list counts: in a string, `includes` would find "admin" in "no-admin". */
function permissionsOf(props: unknown): readonly unknown[] {
  const permissions = typeof props === 'object' && props !== null && 'permissions' in props ? props.permissions : undefined;
  return Array.isArray(permissions) ? permissions : [];
}
