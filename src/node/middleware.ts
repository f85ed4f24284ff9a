/**
 * Portcullis inside an existing Node server (Express, Fastify, plain `node:http`): the whole application as a request
 * listener, or the guard alone in front of its routes.
 */
import { defined } from '../lib/json.ts';
import { checkNames, checkTypes } from '../lib/check-options.ts';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { type Guard, isRefusal } from '../guard/guard.ts';
import { authInfoOf } from '../mcp/tool-context.ts';
import type { Access } from '../model/access.ts';
import type { FetchFunction, FetchObject } from '../model/context.ts';
import { answering, type AnswerSettings, checkSettings } from './http/answer.ts';
import { incoming, makeProxyWarning } from './http/request.ts';
import { send, sendPlain } from './http/response.ts';

/** A request listener, as `node:http`, Express (`app.use`) and Fastify (with `@fastify/middie`, or on `request.raw`) take it. */
export type NodeListener = (request: IncomingMessage, response: ServerResponse) => void;

/** Options of {@link nodeListener}. */
export type NodeListenerOptions = { readonly [K in keyof AnswerSettings]?: AnswerSettings[K] | undefined };

const BODY_LIMIT = 4 * 1024 * 1024;

/**
 * A fetch handler as a request listener. It answers every request that it gets: mount it where only its own paths come by,
 * or last. Body parsers go behind it, or the body it waits for has been read by them.
 *
 * @throws {TypeError} for an app without `fetch`.
 * @example
 * createServer(nodeListener(app)).listen(8787);
 */
export function nodeListener<Env>(app: FetchObject<Env> | FetchFunction<Env>, options: NodeListenerOptions = {}): NodeListener {
  checkNames('nodeListener', options, 'env trustProxy maxRequests requestTimeout onError origin bodyLimit overrideGlobalObjects');
  const object = typeof app === 'function' ? { fetch: app } : app;
  if (typeof object?.fetch !== 'function')
    throw new TypeError('nodeListener: give an OAuthProvider, a guarded handler, or an object with `fetch`.');
  checkSettings('nodeListener', defined(options));
  const env = { ...process.env };
  const desk = answering(object as FetchObject, { env, trustProxy: 0, maxRequests: 1000, bodyLimit: BODY_LIMIT, ...defined(options) });
  const look = options.trustProxy === undefined && 'isNamed' in object ? makeProxyWarning() : () => undefined; // only a provider counts
  return (request, response) => {
    look(request);
    if (request.readableEnded && (request as { body?: unknown }).body !== undefined)
      return sendPlain(response, 500, {
        error: 'server_error',
        error_description: 'A body parser stands before this handler; mount it after.',
      });
    desk.answer(request, response);
  };
}

/** What a guarded route finds on its request. */
export interface GuardedMessage extends IncomingMessage {
  /** Who called. */
  access?: Access;
  /** The same as the MCP SDK's transports want it. */
  auth?: ReturnType<typeof authInfoOf>;
}

/** Options of {@link admit} and {@link expressGuard}. */
export interface AdmitOptions {
  /** The public origin, where a proxy hides it. Only the Origin check looks at it. */
  readonly origin?: string | undefined;
}

/**
 * Asks a guard about a request of `node:http`. Where it says no, the answer has been sent.
 *
 * @returns the access, also set as `request.access` and `request.auth`; null if the request has been answered.
 * @example
 * createServer(async (request, response) => {
 *   const access = await admit(check, request, response);
 *   if (access) response.end(`Hello, ${access.userId}`);
 * }).listen(8787);
 */
export async function admit(
  guard: Guard,
  request: IncomingMessage,
  response: ServerResponse,
  options: AdmitOptions = {},
): Promise<Access | null> {
  checkTypes('admit', options, 'origin:string');
  const { origin } = options;
  const taken = incoming(request, response, { bodyLimit: Number.POSITIVE_INFINITY, ...(origin === undefined ? {} : { origin }) });
  if ('refused' in taken) {
    sendPlain(response, taken.refused, { error: 'invalid_request', error_description: 'The request line or a header is malformed.' });
    return null;
  }
  const verdict = await guard(taken.request as unknown as Request);
  if (isRefusal(verdict)) {
    await send(verdict, response);
    return null;
  }
  Object.assign(request, { access: verdict, auth: authInfoOf(verdict) });
  return verdict;
}

/**
 * The guard as Express middleware. Calls `next()` for a valid token and answers all other requests itself. The metadata document is a route of its
 * own: {@link metadataListener}.
 *
 * @example
 * const check = guard({ resource: 'https://mcp.example/mcp', ...auth0Tokens({ domain: 'acme.eu.auth0.com' }) });
 * express().post('/mcp', expressGuard(check), handler).get(check.metadata.path, metadataListener(check));
 */
export function expressGuard(
  guard: Guard,
  options: AdmitOptions = {},
): (request: IncomingMessage, response: ServerResponse, next: (error?: unknown) => void) => void {
  checkTypes('expressGuard', options, 'origin:string');
  return (request, response, next) => {
    admit(guard, request, response, options).then((access) => access && next(), next);
  };
}

/**
 * Answers requests for the guard's metadata document (RFC 9728). Mount it at `check.metadata.path`.
 *
 * @example
 * express().get(check.metadata.path, metadataListener(check));
 */
export function metadataListener(guard: Guard): NodeListener {
  return nodeListener(guard.protect(() => new Response(null, { status: 404 })));
}
