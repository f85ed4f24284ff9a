/**
 * Server: path × method → endpoint, and what every response of ours needs: CORS only where the specification requires it, no caching, and
 * errors as JSON for programs and as a page for people.
 */
import { bodyOf, type Call, type Endpoint, metadataPathsOf } from './endpoints/endpoint.ts';
import type { GrantTypes } from './endpoints/oauth/token.ts';
import { askedHeaders, CROSS_ORIGIN, isPrefetch, json } from './lib/http.ts';
import { lazy } from './lib/async.ts';
import { OAuthError } from './model/error.ts';
import type { Settings } from './model/settings.ts';

// A guarded call needs none of these, and many servers never need most of them: each is loaded with its first request.
const adviceOn = lazy(async () => (await import('./model/advice.ts')).adviceOn);
const introspect = lazy(async () => (await import('./endpoints/oauth/introspect.ts')).introspect);
const metadata = lazy(async () => (await import('./endpoints/oauth/metadata.ts')).metadata);
const push = lazy(async () => (await import('./endpoints/oauth/par.ts')).pushedAuthorizationRequest);
const register = lazy(async () => (await import('./endpoints/oauth/register.ts')).register);
const registration = lazy(async () => (await import('./endpoints/oauth/register.ts')).registration);
const revoke = lazy(async () => (await import('./endpoints/oauth/revoke.ts')).revoke);
const token = lazy(async () => (await import('./endpoints/oauth/token.ts')).token);
const withFormerNames = lazy(async () => (await import('./model/advice.ts')).withFormerNames);

/** One URL of the server. */
export interface Route {
  readonly name: string;
  readonly methods: { readonly [method: string]: Endpoint };
  /** Whether its errors are JSON or a page; `own`: JSON for pages of our own origin alone. */
  readonly reader: 'program' | 'person' | 'own';
}

/** What an error page tells. */
export interface ErrorView {
  readonly error: OAuthError;
  readonly requestId: string | undefined;
  readonly advice: string | undefined;
}

/** A URL with HTML pages. */
export interface PersonRoute extends Route {
  readonly reader: 'person';
  /** Prepares the call: the language of its page, and the logins. */
  begin(call: Call): Promise<Call>;
  errorPage(call: Call, about: ErrorView): Promise<Response>;
}

/** The route table of an issuer, by path, without the endpoints for people (`site.ts`). @param rare grant types beside those that every server has. */
export function routesOf(settings: Settings, rare?: GrantTypes): ReadonlyMap<string, Route> {
  const { paths } = settings;
  const routes = new Map<string, Route>();
  for (const path of metadataPathsOf(settings.issuer))
    routes.set(path, { name: 'metadata', methods: { GET: metadata, HEAD: metadata }, reader: 'program' });
  routes.set(paths.token, { name: 'token', methods: { POST: (call) => token(call, rare) }, reader: 'program' });
  routes.set(paths.revoke, { name: 'revoke', methods: { POST: revoke }, reader: 'program' });
  routes.set(paths.introspect, { name: 'introspect', methods: { POST: introspect }, reader: 'program' });
  routes.set(paths.push, { name: 'push', methods: { POST: push }, reader: 'program' });
  if (settings.resources.some(({ accessTokenSigning }) => accessTokenSigning !== undefined)) {
    const jwks: Endpoint = lazy(async () => (await import('./endpoints/oauth/metadata.ts')).jwks);
    routes.set(paths.jwks, { name: 'jwks', methods: { GET: jwks, HEAD: jwks }, reader: 'program' });
  }
  for (const name of ['health', 'ready', 'metrics'] as const) {
    const endpoint: Endpoint = lazy(async () => (await import('./endpoints/monitoring.ts'))[name]);
    const path = paths[name];
    if (path !== null) routes.set(path, { name, methods: { GET: endpoint, HEAD: endpoint }, reader: 'own' });
  }
  if (paths.register !== null) {
    routes.set(paths.register, { name: 'register', methods: { POST: register }, reader: 'program' });
    routes.set(`${paths.register}/client`, {
      name: 'registration',
      methods: { GET: registration, PUT: registration, DELETE: registration },
      reader: 'program',
    });
  }
  return routes;
}

/** Answers a request to a route; never throws. */
export async function answer(route: Route, asked: Call): Promise<Response> {
  const { method } = asked.request;
  if (route.reader === 'program' && method === 'OPTIONS')
    return new Response(null, { status: 204, headers: { ...CROSS_ORIGIN, ...preflightHeaders(route, asked.request) } });
  let call = asked;
  try {
    // A session is judged when the body is there: it may end while a body arrives, and a sender can take a minute for that.
    if (method === 'POST' && route.reader !== 'program') await bodyOf(asked.request);
    if (isForPeople(route)) {
      if (isPrefetch(asked.request)) return notAhead();
      call = await route.begin(asked);
    }
    const endpoint = Object.hasOwn(route.methods, method) ? route.methods[method] : undefined;
    const response = await (endpoint ? endpoint(call) : notAllowed(route));
    for (const cookie of call.cookies) response.headers.append('set-cookie', cookie);
    return response;
  } catch (error) {
    const refusal = await replaced(route, call, error, await failure(route, call, error));
    return method === 'HEAD' ? new Response(null, refusal) : refusal;
  }
}

async function failure(route: Route, call: Call, error: unknown): Promise<Response> {
  const known = error instanceof OAuthError ? error : new OAuthError('server_error', 'unexpected');
  const broken = known.status >= 500 && known.reason !== 'register_full'; // a limit is not a fault of the server
  const { requestId } = call;
  if (broken)
    call.as.emit({
      kind: 'request.failed',
      endpoint: route.name,
      requestId,
      error: known === error ? known.cause : error,
      reason: known.reason,
    });
  else call.as.emit({ kind: 'request.refused', endpoint: route.name, code: known.code, reason: known.reason });
  const advice = call.as.isLoopback && !broken ? await adviceOn(known) : undefined;
  if (!isForPeople(route)) {
    return json(
      {
        error: known.code,
        error_description: advice === undefined ? known.message : `${known.message} ${advice}`,
        ...(broken ? { request_id: requestId } : {}),
      },
      known.status,
      { ...(route.reader === 'program' ? CROSS_ORIGIN : {}), ...known.headers },
    );
  }
  return route.errorPage(call, { error: known, requestId: broken ? requestId : undefined, advice });
}

function isForPeople(route: Route): route is PersonRoute {
  return route.reader === 'person';
}

/** The operator's `onError` may replace a response; if it throws or returns nothing, ours is sent. */
async function replaced(route: Route, call: Call, error: unknown, response: Response): Promise<Response> {
  const { onError } = call.as.settings;
  if (onError === null) return response;
  const { requestId, request, as } = call;
  const known = error instanceof OAuthError;
  const refusal = { endpoint: route.name, requestId, status: response.status, code: known ? error.code : 'server_error' } as const;
  try {
    const reason = known ? error.reason : 'unexpected';
    const told = await withFormerNames({ ...refusal, reason, ...(known && error.status < 500 ? {} : { error }) });
    const own = await onError(told, response, request);
    return own instanceof Response ? own : response;
  } catch (failed) {
    as.emit({ kind: 'request.failed', endpoint: 'onError', requestId, error: failed });
    return response;
  }
}

/** Rejects prefetches, so that nothing is used, shown or counted for a page that no user opened; browsers discard a prefetched error. */
function notAhead(): Response {
  return new Response(null, { status: 503, headers: { 'cache-control': 'no-store', 'retry-after': '0' } });
}

function notAllowed({ methods }: Route): never {
  const allow = Object.keys(methods).join(', ');
  throw new OAuthError('invalid_request', 'method', { status: 405, hint: `Use ${allow}.`, headers: { allow } });
}

/** Allows any header: these endpoints use no cookies, so a page of another origin can do no more than any program. */
function preflightHeaders(route: Route, request: Request): Record<string, string> {
  return {
    'access-control-allow-methods': [...Object.keys(route.methods), 'OPTIONS'].join(', '),
    'access-control-allow-headers': askedHeaders(request) ?? 'Authorization, Content-Type, DPoP, MCP-Protocol-Version',
    'access-control-max-age': '86400',
  };
}
