/**
 * What a tool is told of its call: the caller, as the SDK's `AuthInfo`, and the request without credentials. The access token is for this server
 * only, and a tool that finds it will one day send it upstream (MCP Authorization, "Token Passthrough"). No global variable is used: the SDK passes
 * both to the handler of this call.
 */
import type { AuthInfo } from '@modelcontextprotocol/server';
import { accepts } from '../lib/http.ts';
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

/**
 * Names of headers and query parameters that carry credentials: of clients, of proxies that sign people in (Cloudflare Access, oauth2-proxy, AWS,
 * Azure, Google IAP), of gateways, of applications.
 */
const CREDENTIAL =
  /authoriz|cookie|credential|passw|secret|(?:api|functions|subscription)[-_]?key|token|jwt|assertion|^dpop|^cf-access-|^x-amzn-oidc-|^x-auth/i;
/** Headers of the protocol itself: the session, and parameters of tools, which the SDK compares with the body. */
const PROTOCOL = /^mcp-/i;

/** The SDK looks for these two media types only, though HTTP has many ways to accept both (RFC 9110 §12.5.1). */
const ANSWERS = 'application/json, text/event-stream';

/** Whether a client accepts both media types, as the protocol requires. */
export function acceptsAnswers(accept: string | null): boolean {
  return accepts(accept, 'application/json') && accepts(accept, 'text/event-stream');
}

/** The request without credentials: method, URL, other headers and signal. Its body was read before. @param credential the token, if it is in a header or parameter of its own. */
export function redactedRequest(request: Request, credential?: string): Request {
  return new ShownRequest(request, credential) as unknown as Request;
}

class ShownRequest {
  readonly method: string;
  readonly url: string;
  readonly headers: Headers;
  readonly body = null;
  readonly bodyUsed = true;
  readonly #request: Request;

  constructor(request: Request, credential: string | undefined) {
    this.method = request.method;
    this.url = redactedUrl(request.url, credential);
    this.headers = redactedHeaders(request.headers, credential);
    this.#request = request;
  }

  /** A getter, since a runtime that creates it at the first access needs time for that. */
  get signal(): AbortSignal {
    return this.#request.signal;
  }
}

/** Headers without credentials; to be read, not changed. */
export function redactedHeaders(headers: Headers, credential?: string): Headers {
  return new ShownHeaders(headers, credential) as unknown as Headers;
}

/** A URL without the parameters that carry a credential (RFC 6750 §2.3 has one, `access_token`). */
export function redactedUrl(url: string, credential?: string): string {
  if (!url.includes('?') && (credential === undefined || !url.includes(credential))) return url;
  const shown = new URL(url);
  for (const [name, value] of Array.from(shown.searchParams)) if (isHidden(name, value, credential)) shown.searchParams.delete(name);
  if (credential !== undefined && shown.pathname.includes(credential)) shown.pathname = shown.pathname.replaceAll(credential, '-');
  return shown.href;
}

function isHidden(name: string, value: string, credential: string | undefined): boolean {
  return (CREDENTIAL.test(name) && !PROTOCOL.test(name)) || (credential !== undefined && value.includes(credential));
}

class ShownHeaders {
  readonly #all: Headers;
  readonly #credential: string | undefined;

  constructor(all: Headers, credential: string | undefined) {
    this.#all = all;
    this.#credential = credential;
  }

  get(name: string): string | null {
    const value = this.#all.get(name);
    if (name.toLowerCase() === 'accept' && acceptsAnswers(value)) return ANSWERS;
    return value === null || isHidden(name, value, this.#credential) ? null : value;
  }
  has(name: string): boolean {
    return this.get(name) !== null;
  }
  *entries(): Generator<[string, string]> {
    for (const [name, value] of this.#all) if (name !== 'accept' && !isHidden(name, value, this.#credential)) yield [name, value];
    const accept = this.get('accept');
    if (accept !== null) yield ['accept', accept];
  }
  *keys(): Generator<string> {
    for (const [name] of this.entries()) yield name;
  }
  *values(): Generator<string> {
    for (const [, value] of this.entries()) yield value;
  }
  forEach(each: (value: string, name: string, headers: Headers) => void, self?: unknown): void {
    for (const [name, value] of this.entries()) each.call(self, value, name, this as unknown as Headers);
  }
  getSetCookie(): string[] {
    return [];
  }
  [Symbol.iterator](): Generator<[string, string]> {
    return this.entries();
  }
}
Object.setPrototypeOf(ShownHeaders.prototype, Headers.prototype);
