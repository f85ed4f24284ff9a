/**
 * Guard: `Request → Access | Response`. It stands before a handler, asks a verifier about the bearer token, and does
 * nothing before the token is parsed and nothing after Access is known. It knows no store and no endpoint.
 */
import { equalTexts } from '../lib/bytes.ts';
import { genuine, takesLight } from '../lib/genuine.ts';
import type { Respond } from '../lib/http.ts';
import type { Access, Checked } from '../model/access.ts';
import type { Awaitable } from '../model/runtime.ts';
import type { Context, FetchFunction } from '../model/handler.ts';
import { canonicalResource } from '../model/resource.ts';
import { type Upstreams, UpstreamTokenError } from '../model/upstream.ts';
import { insufficientScope, unauthorized, unavailable, type Challenge } from './challenge.ts';
import { metadataAnswer, metadataPathOf, metadataText, metadataUrlOf } from './resource-metadata.ts';
import { checkOrigin } from './origin.ts';

export type { Access, Checked };

/** Says what a token is worth at a resource; null for whatever is not good there. Rejects when it cannot tell. */
export type Verifier = (token: string, resource: string) => Awaitable<Checked | null>;

/** What a guard goes by. */
export interface GuardOptions {
  /** The URL that clients call, and that tokens must be for: `https://mcp.example/mcp`. */
  readonly resource: string;
  /** Issuers whose tokens the verifier accepts. */
  readonly authorizationServers: readonly string[];
  readonly verify: Verifier;
  /** Scopes that every call needs; told in the challenge and in the metadata. */
  readonly requiredScopes?: readonly string[] | undefined;
  /** The resource's name for people. */
  readonly name?: string | undefined;
  /** Origins of browser pages that may call, beside our own; `*` for all. */
  readonly allowedOrigins?: readonly string[] | undefined;
  /** Told when the verifier fails; nothing of it reaches the caller. */
  readonly onError?: ((error: unknown) => void) | undefined;
  /** Makes refusals and the metadata's answer. @internal a runtime's cheaper way, for `OAuthProvider` */
  readonly respond?: Respond | undefined;
}

/** Checks a request. Call {@link Guard.protect} to put it before a handler. */
export interface Guard {
  (request: Request): Promise<Access | Response>;
  /** A fetch handler that runs `handler` for good tokens only, with `ctx.auth` and `ctx.props` set, and serves the metadata document. */
  protect<Env = unknown>(handler: FetchFunction<Env>): FetchFunction<Env>;
  /** The metadata document's path and text. */
  readonly metadata: { readonly path: string; readonly text: string };
}

const BEARER = /^bearer[ \t]+([A-Za-z0-9\-._~+/]+=*)[ \t]*$/i;
const LONGEST_TOKEN = 8192;

/**
 * Makes a guard.
 *
 * @throws {TypeError} at start-up, naming the option and the mend.
 */
export function guard(options: GuardOptions): Guard {
  const resource = checkedResource(options);
  const { verify, requiredScopes = [], allowedOrigins, onError = logError, respond } = options;
  const challenge: Challenge = {
    metadataUrl: metadataUrlOf(resource),
    scope: requiredScopes.filter((scope) => scope !== 'offline_access'),
  };
  const description = { resource, authorizationServers: options.authorizationServers, scopes: challenge.scope, name: options.name };
  const metadata = { path: metadataPathOf(resource), text: metadataText(description) };

  const check = async (request: Request): Promise<Access | Response> => {
    const foreign = checkOrigin(request, allowedOrigins, resource);
    if (foreign) return foreign;
    const header = request.headers.get('authorization');
    const sent = header !== null && /^bearer\b/i.test(header);
    const token = sent && header.length <= LONGEST_TOKEN ? BEARER.exec(header)?.[1] : undefined;
    if (token === undefined) return unauthorized(challenge, sent, respond);
    let access: Checked | null;
    try {
      access = await verify(token, resource);
    } catch (error) {
      onError(error);
      return unavailable(respond);
    }
    if (!access || !equalTexts(access.resource, resource)) return unauthorized(challenge, true, respond);
    if (!requiredScopes.every((scope) => access.scope.includes(scope))) return insufficientScope(challenge, respond);
    return access.upstream ? (access as Access) : { ...access, upstream: noUpstreams };
  };

  const protect: Guard['protect'] = <Env>(handler: FetchFunction<Env>) => {
    const light = takesLight(handler);
    const guarded: FetchFunction<Env> = async (request, env, ctx) => {
      if (request.url.includes(metadata.path) && pathAndQueryOf(request) === metadata.path)
        return metadataAnswer(request, metadata.text, respond);
      const foreign = checkOrigin(request, allowedOrigins, resource);
      if (foreign) return foreign; // which a foreign page may not even read
      if (request.method === 'OPTIONS') return preflight(request);
      const access = await check(request);
      if (access instanceof Response) return withCors(request, access);
      return withCors(request, await handler(light ? request : genuine(request), env, withAccess(ctx, access)));
    };
    return Object.assign(guarded, { takesLightRequests: true as const });
  };
  return Object.assign(check, { protect, metadata });
}

/** Puts who called where handlers look for it, on the context of this one request. */
export function withAccess(ctx: Context, access: Access): Context {
  if (ctx.auth !== undefined && ctx.auth.grantId !== access.grantId) {
    throw new TypeError('The guard was given one context for two callers; make a new `ctx` for each request.');
  }
  return Object.assign(ctx, { auth: access, props: access.props });
}

/** What a browser may read of an answer, for pages whose origin passed the check. */
export function withCors(request: Request, response: Response): Response {
  const origin = request.headers.get('origin');
  if (origin === null || origin === 'null' || response.headers.has('access-control-allow-origin')) return response;
  const answer = new Response(response.body, response);
  answer.headers.set('access-control-allow-origin', origin);
  answer.headers.append('vary', 'Origin');
  answer.headers.set('access-control-expose-headers', 'WWW-Authenticate, Mcp-Session-Id, Retry-After');
  return answer;
}

/** The answer to a browser's question whether it may call at all, for pages whose origin passed the check. */
export function preflight(request: Request): Response {
  const headers = {
    'access-control-allow-methods': 'GET, POST, DELETE, OPTIONS',
    'access-control-allow-headers': request.headers.get('access-control-request-headers') ?? 'Authorization, Content-Type',
    'access-control-max-age': '86400',
  };
  return withCors(request, new Response(null, { status: 204, headers }));
}

function checkedResource({ resource, authorizationServers, verify }: GuardOptions): string {
  const canonical = canonicalResource(resource);
  if (canonical === null)
    throw new TypeError(
      `guard: \`resource\` must be the full URL that clients call, such as https://mcp.example/mcp; it is ${JSON.stringify(resource)}.`,
    );
  if (authorizationServers.length === 0)
    throw new TypeError('guard: `authorizationServers` is empty; name the issuer whose tokens are accepted.');
  if (typeof verify !== 'function') throw new TypeError('guard: `verify` must be a function (token, resource) → Access or null.');
  return canonical;
}

/** Where another server issues the tokens, that server has the accounts. */
const noUpstreams: Upstreams = (provider) => {
  const none = async (): Promise<never> => {
    throw new UpstreamTokenError('not_linked', provider);
  };
  return { token: none, scopes: none, accounts: none };
};

function pathAndQueryOf(request: Request): string {
  const { pathname, search } = new URL(request.url);
  return pathname + search;
}

function logError(error: unknown): void {
  console.error('portcullis: a token could not be checked', error);
}
