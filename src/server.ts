/**
 * Server: path × method → endpoint, and what every response of ours needs: CORS only where the specification requires it, no caching, and
 * errors as JSON for programs and as a page for people.
 */
import {
  type Call,
  callbackPath,
  type Endpoint,
  keysPath,
  loginPagesOf,
  metadataPathsOf,
  sectionPath,
  sectionsOf,
  signInsPath,
} from './endpoints/endpoint.ts';
import { askedHeaders, CROSS_ORIGIN, isPrefetch, json } from './lib/http.ts';
import { lazy } from './lib/lazy.ts';
import { withFormerNames } from './lib/names.ts';
import type { AdminApi } from './model/admin.ts';
import { OAuthError } from './model/error.ts';
import { haveSignIn, hostOf, isRedirect, isSite } from './model/login.ts';
import type { Settings } from './model/settings.ts';

// A guarded call needs none of these, and many servers never need most of them: each is loaded with its first request.
const adviceOn = lazy(async () => (await import('./model/advice.ts')).adviceOn);
const accessKeys = lazy(async () => (await import('./endpoints/account/access-keys.ts')).accessKeys);
const account = lazy(async () => (await import('./endpoints/account/account.ts')).account);
const accountSection = lazy(async () => (await import('./endpoints/account/account.ts')).accountSection);
const approve = lazy(async () => (await import('./endpoints/authorize/consent.ts')).submitConsent);
const authorize = lazy(async () => (await import('./endpoints/authorize/authorize.ts')).authorize);
const callback = lazy(async () => (await import('./endpoints/authorize/upstream-callback.ts')).callback);
const connect = lazy(async () => (await import('./endpoints/account/connect.ts')).connect);
const errorPage = lazy(async () => (await import('./pages/message.ts')).errorPage);
const device = lazy(async () => (await import('./endpoints/authorize/device.ts')).device);
const deviceAuthorization = lazy(async () => (await import('./endpoints/oauth/device-authorization.ts')).deviceAuthorization);
const detectLanguage = lazy(async () => (await import('./endpoints/sign-in/browser-context.ts')).detectLanguage);
const introspect = lazy(async () => (await import('./endpoints/oauth/introspect.ts')).introspect);
const login = lazy(async () => (await import('./endpoints/account/login.ts')).login);
const loginPageOf = lazy(async () => (await import('./endpoints/account/login.ts')).loginPageOf);
const logo = lazy(async () => (await import('./endpoints/authorize/logo.ts')).logo);
const metadata = lazy(async () => (await import('./endpoints/oauth/metadata.ts')).metadata);
const prepareLogins = lazy(async () => (await import('./endpoints/sign-in/sign-in.ts')).prepareLogins);
const push = lazy(async () => (await import('./endpoints/oauth/par.ts')).pushedAuthorizationRequest);
const register = lazy(async () => (await import('./endpoints/oauth/register.ts')).register);
const registration = lazy(async () => (await import('./endpoints/oauth/registration.ts')).registration);
const revoke = lazy(async () => (await import('./endpoints/oauth/revoke.ts')).revoke);
const signIns = lazy(async () => (await import('./endpoints/account/linked-logins.ts')).linkedLogins);
const step = lazy(async () => (await import('./endpoints/authorize/step.ts')).step);
const token = lazy(async () => (await import('./endpoints/oauth/token.ts')).token);

/** One URL of the server. */
export interface Route {
  readonly name: string;
  readonly methods: { readonly [method: string]: Endpoint };
  /** Whether its errors are JSON or a page; `own`: JSON for pages of our own origin alone. */
  readonly reader: 'program' | 'person' | 'own';
}

/** The route table of an issuer, by path. Endpoints for people exist only where we have a login to offer. */
export function routesOf(settings: Settings): ReadonlyMap<string, Route> {
  const { paths, logins } = settings;
  const routes = new Map<string, Route>();
  for (const path of metadataPathsOf(settings.issuer))
    routes.set(path, { name: 'metadata', methods: { GET: metadata, HEAD: metadata }, reader: 'program' });
  routes.set(paths.token, { name: 'token', methods: { POST: token }, reader: 'program' });
  routes.set(paths.revoke, { name: 'revoke', methods: { POST: revoke }, reader: 'program' });
  routes.set(paths.introspect, { name: 'introspect', methods: { POST: introspect }, reader: 'program' });
  routes.set(paths.push, { name: 'push', methods: { POST: push }, reader: 'program' });
  if (settings.resources.some(({ accessTokenSigning }) => accessTokenSigning !== undefined)) {
    const jwks: Endpoint = async (call) => (await import('./endpoints/oauth/metadata.ts')).jwks(call);
    routes.set(paths.jwks, { name: 'jwks', methods: { GET: jwks, HEAD: jwks }, reader: 'program' });
  }
  if (paths.register !== null) {
    routes.set(paths.register, { name: 'register', methods: { POST: register }, reader: 'program' });
    routes.set(`${paths.register}/client`, {
      name: 'registration',
      methods: { GET: registration, PUT: registration, DELETE: registration },
      reader: 'program',
    });
  }
  if (!haveSignIn(logins)) return routes;
  const greeting = (endpoint: Endpoint): Endpoint =>
    hostOf(logins) ? lazy(async () => (await import('./endpoints/sign-in/sign-in.ts')).autoSignIn(endpoint)) : endpoint;
  routes.set(paths.authorize, {
    name: 'authorize',
    methods: { GET: greeting(authorize), HEAD: authorize, POST: authorize },
    reader: 'person',
  });
  routes.set(paths.approve, { name: 'approve', methods: { POST: finishing(approve) }, reader: 'person' });
  routes.set(`${paths.authorize}/logo`, { name: 'logo', methods: { GET: logo }, reader: 'program' });
  if (paths.deviceAuthorization !== null) {
    routes.set(paths.deviceAuthorization, { name: 'device-authorization', methods: { POST: deviceAuthorization }, reader: 'program' });
    routes.set(paths.device, { name: 'device', methods: { GET: device, POST: device }, reader: 'person' });
  }
  routes.set(paths.step, { name: 'step', methods: { POST: finishing(step) }, reader: 'person' });
  for (const login of logins.filter(isSite)) {
    const GET = finishing((call) => callback(call, login));
    routes.set(callbackPath(paths.authorize, login.id), { name: 'callback', methods: { GET }, reader: 'person' });
  }
  routes.set(`${paths.account}/connect`, { name: 'account/connect', methods: { GET: greeting(connect), POST: connect }, reader: 'person' });
  if (settings.accessKeys?.personal)
    routes.set(keysPath(paths.account), {
      name: 'account/keys',
      methods: { GET: greeting(accessKeys), POST: finishing(accessKeys) },
      reader: 'person',
    });
  routes.set(paths.account, { name: 'account', methods: { GET: greeting(account), POST: account }, reader: 'person' });
  if (logins.some(isRedirect))
    routes.set(signInsPath(paths.account), {
      name: 'account/sign-ins',
      methods: { GET: greeting(signIns), POST: signIns },
      reader: 'person',
    });
  for (const section of sectionsOf(settings)) {
    const endpoint: Endpoint = (call) => accountSection(call, section);
    routes.set(sectionPath(paths.account, section), {
      name: `account/${section.id}`,
      methods: { GET: greeting(endpoint), POST: endpoint },
      reader: 'person',
    });
  }
  for (const { login: id, page } of loginPagesOf(settings)) {
    const endpoint: Endpoint = (call) => loginPageOf(call, id, page);
    routes.set(`${paths.login}/${page.id}`, { name: `login/${page.id}`, methods: { GET: endpoint, POST: endpoint }, reader: 'person' });
  }
  for (const { name, method } of settings.admin?.acts ?? []) {
    const endpoint: Endpoint = (call) => (settings.admin as AdminApi).answer(name, call as never);
    routes.set(`${paths.admin}/${name}`, { name: `admin/${name}`, methods: { [method]: endpoint }, reader: 'own' });
  }
  return routes.set(paths.login, { name: 'login', methods: { GET: login, POST: login }, reader: 'person' });
}

/**
 * Continues an endpoint after the browser has disconnected, which on Workers would end it: a second click drops the first request, and
 * needs its result.
 */
function finishing(endpoint: Endpoint): Endpoint {
  return (call) => {
    const work = endpoint(call);
    call.after(() => work.catch(() => undefined)); // the caller that awaits the answer gets the error
    return work;
  };
}

/** Answers a request to a route; never throws. */
export async function answer(route: Route, asked: Call): Promise<Response> {
  const { method } = asked.request;
  if (route.reader === 'program' && method === 'OPTIONS')
    return new Response(null, { status: 204, headers: { ...CROSS_ORIGIN, ...preflightHeaders(route, asked.request) } });
  let call = asked;
  try {
    if (route.reader === 'person') {
      if (isPrefetch(asked.request)) return notAhead();
      call = await detectLanguage(asked);
      await prepareLogins(call);
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
  if (route.reader !== 'person') {
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
  return errorPage({ error: known, requestId: broken ? requestId : undefined, brand: call.as.settings.brand, words: call.words, advice });
}

/** What `onError` of `@cloudflare/workers-oauth-provider` reads. */
const FORMER = {
  description: 'read the body of the response, the second argument',
  headers: 'read those of the response, the second argument',
  internal: 'read `reason` and `error`',
};

/** The operator's `onError` may replace a response; if it throws or returns nothing, ours is sent. */
async function replaced(route: Route, call: Call, error: unknown, response: Response): Promise<Response> {
  const { onError } = call.as.settings;
  if (onError === null) return response;
  const { requestId, request, as } = call;
  const known = error instanceof OAuthError;
  const refusal = { endpoint: route.name, requestId, status: response.status, code: known ? error.code : 'server_error' } as const;
  try {
    const reason = known ? error.reason : 'unexpected';
    const told = withFormerNames(
      { ...refusal, reason, ...(known && error.status < 500 ? {} : { error }) },
      'The refusal of `onError`',
      FORMER,
    );
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
