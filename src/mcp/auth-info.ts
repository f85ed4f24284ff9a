/**
 * The caller, passed through the SDK: our {@link Access} as the SDK's `AuthInfo`, and back from a tool's context.
 * No global variable is used: the SDK passes this object to the handler of this call.
 */
import type { AuthInfo } from '@modelcontextprotocol/server';
import type { Access, AuthContext } from '../model/access.ts';
import type { Context } from '../model/context.ts';

/** The caller, or null if no guard ran before. Props that were set on the context after the guard take precedence. */
export function callerOf<Props = unknown>(ctx: Context): Access<Props> | null {
  if (ctx.auth === undefined) return null;
  const { auth, props = auth.props } = ctx;
  return (props === auth.props ? auth : { ...auth, props }) as Access<Props>;
}

/**
 * The caller as the SDK's `AuthInfo`, for a transport of your own. `token` is empty: the token is for this server only, and a tool that has
 * it will one day send it upstream (MCP Authorization, "Token Passthrough").
 *
 * @example
 * async function handle(request: Request, access: Access) {
 *   return transport.handle(request, { authInfo: authInfoOf(access) });
 * }
 */
export function authInfoOf(access: Access): AuthInfo {
  return {
    token: '',
    clientId: access.clientId,
    scopes: [...access.scope],
    expiresAt: access.expiresAt,
    ...(URL.canParse(access.resource) && { resource: new URL(access.resource) }),
    extra: { access, props: access.props },
  };
}

/** The context a tool gets: `ctx` of SDK 2.x, `extra` of SDK 1.x. */
interface ToolContext {
  readonly http?: { readonly authInfo?: AuthInfo };
  readonly authInfo?: AuthInfo;
}

/**
 * The caller, from a tool's context of either SDK line; null if the call bypassed the guard.
 *
 * @param context the *last* argument that the SDK gives a handler. Never a tool's arguments: the client controls those.
 * @example
 * server.registerTool('whoami', {}, async (ctx) => ({ content: [{ type: 'text', text: accessOf(ctx)?.userId ?? 'unknown' }] }));
 */
export function accessOf<Props = AuthContext>(context: unknown): Access<Props> | null {
  if (typeof context !== 'object' || context === null) return null;
  const { http, authInfo } = context as ToolContext;
  const access = (http?.authInfo ?? authInfo)?.extra?.['access'];
  return typeof access === 'object' && access !== null ? (access as Access<Props>) : null;
}
