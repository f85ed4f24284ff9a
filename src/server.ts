/**
 * Server: path × method → endpoint, and the three things every answer of ours needs: CORS where the specification
 * wants it and nowhere else, no caching, and an error that is rendered for whoever asked (a program or a person).
 */
import { account, sectionsOf } from './endpoints/account.ts';
import { accountSection, sectionPath } from './endpoints/account-section.ts';
import { approve } from './endpoints/approve.ts';
import { authorize } from './endpoints/authorize.ts';
import { callback } from './endpoints/callback.ts';
import { callbackPath } from './endpoints/depart.ts';
import type { Call, Endpoint } from './endpoints/endpoint.ts';
import { introspect } from './endpoints/introspect.ts';
import { login } from './endpoints/login.ts';
import { loginPagesOf } from './endpoints/login-links.ts';
import { loginPageOf } from './endpoints/login-page.ts';
import { metadata, metadataPathsOf } from './endpoints/metadata.ts';
import { push } from './endpoints/push.ts';
import { register } from './endpoints/register.ts';
import { revoke } from './endpoints/revoke.ts';
import { step } from './endpoints/step.ts';
import { signIns, signInsPath } from './endpoints/sign-ins.ts';
import { token } from './endpoints/token.ts';
import { base64url } from './lib/base64url.ts';
import { CROSS_ORIGIN, json } from './lib/http.ts';
import { OAuthError } from './model/error.ts';
import { isRedirect } from './model/login.ts';
import type { Settings } from './model/settings.ts';
import { errorPage } from './pages/error.ts';

/** One URL of ours. */
export interface Route {
  readonly name: string;
  readonly methods: { readonly [method: string]: Endpoint };
  /** Who reads its errors. */
  readonly reader: 'program' | 'person';
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
  if (paths.register !== null) {
    const manage: Endpoint = async (call) => (await import('./endpoints/registration.ts')).registration(call);
    routes.set(paths.register, { name: 'register', methods: { POST: register }, reader: 'program' });
    routes.set(`${paths.register}/client`, {
      name: 'registration',
      methods: { GET: manage, PUT: manage, DELETE: manage },
      reader: 'program',
    });
  }
  if (logins.length === 0) return routes;
  routes.set(paths.authorize, { name: 'authorize', methods: { GET: authorize, POST: authorize }, reader: 'person' });
  routes.set(paths.approve, { name: 'approve', methods: { POST: approve }, reader: 'person' });
  routes.set(paths.step, { name: 'step', methods: { POST: step }, reader: 'person' });
  for (const login of logins.filter(isRedirect)) {
    const GET: Endpoint = (call) => callback(call, login);
    routes.set(callbackPath(paths.authorize, login.id), { name: 'callback', methods: { GET }, reader: 'person' });
  }
  routes.set(paths.account, { name: 'account', methods: { GET: account, POST: account }, reader: 'person' });
  if (logins.some(isRedirect))
    routes.set(signInsPath(paths.account), { name: 'account/sign-ins', methods: { GET: signIns, POST: signIns }, reader: 'person' });
  for (const section of sectionsOf(settings)) {
    const endpoint: Endpoint = (call) => accountSection(call, section);
    routes.set(sectionPath(paths.account, section), {
      name: `account/${section.id}`,
      methods: { GET: endpoint, POST: endpoint },
      reader: 'person',
    });
  }
  for (const { login: id, page } of loginPagesOf(settings)) {
    const endpoint: Endpoint = (call) => loginPageOf(call, id, page);
    routes.set(`${paths.login}/${page.id}`, { name: `login/${page.id}`, methods: { GET: endpoint, POST: endpoint }, reader: 'person' });
  }
  return routes.set(paths.login, { name: 'login', methods: { GET: login, POST: login }, reader: 'person' });
}

/** Answers a request to a route; never throws. */
export async function answer(route: Route, call: Call): Promise<Response> {
  const { method } = call.request;
  if (route.reader === 'program' && method === 'OPTIONS')
    return new Response(null, { status: 204, headers: { ...CROSS_ORIGIN, ...preflightHeaders(route) } });
  const endpoint = Object.hasOwn(route.methods, method) ? route.methods[method] : undefined;
  return endpoint ? endpoint(call).catch((error: unknown) => failure(route, call, error)) : notAllowed(route, call);
}

function failure(route: Route, call: Call, error: unknown): Response {
  const known = error instanceof OAuthError ? error : new OAuthError('server_error', 'unexpected');
  const broken = known.status >= 500;
  const requestId = base64url(call.as.runtime.random(9));
  if (broken) call.as.emit({ kind: 'request.failed', endpoint: route.name, requestId, error: known === error ? known.cause : error });
  else call.as.emit({ kind: 'request.refused', endpoint: route.name, code: known.code, reason: known.reason });
  if (route.reader === 'program') {
    return json(
      { error: known.code, error_description: known.message, ...(broken ? { request_id: requestId } : {}) },
      known.status,
      { ...CROSS_ORIGIN, ...known.headers },
      call.as.runtime.respond,
    );
  }
  return errorPage({ error: known, requestId: broken ? requestId : undefined, brand: call.as.settings.brand, words: call.words });
}

function notAllowed(route: Route, call: Call): Response {
  const allow = Object.keys(route.methods).join(', ');
  const error = new OAuthError('invalid_request', 'method', { status: 405, hint: `Use ${allow}.`, headers: { allow } });
  return failure(route, call, error);
}

function preflightHeaders(route: Route): Record<string, string> {
  return {
    'access-control-allow-methods': [...Object.keys(route.methods), 'OPTIONS'].join(', '),
    'access-control-allow-headers': 'Authorization, Content-Type, MCP-Protocol-Version',
    'access-control-max-age': '86400',
  };
}
