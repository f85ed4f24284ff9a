/**
 * An MCP endpoint as a fetch object, to be mounted behind `OAuthProvider` or `guard()`. Stateless: one server per request, made with
 * the rights of that request; no session outlives it. The SDK serves both eras of the protocol; this file decides which callers may reach it.
 *
 * 1. The guard ran before, with its checks of origin and token: else 500, and nothing runs (fail closed).
 * 2. The server is made for this caller: if that fails, 500.
 * 3. SDK 2.x servers answer 2026-07-28 and 2025-era clients; SDK 1.x servers 2025-era ones, and newer clients fall back.
 */
import { type Context, type FetchObject, requestState } from '../model/context.ts';
import { createMcpHandler, legacyStatelessFallback } from '@modelcontextprotocol/server';
import type { AuthInfo, McpServerFactory, ServerEventBus } from '@modelcontextprotocol/server';
import { unauthorized } from '../guard/answers.ts';
import { withoutStore } from '../lib/http.ts';
import { checkTypes } from '../lib/check-options.ts';
import { onAbort } from '../lib/async.ts';
import type { Access, AuthContext } from '../model/access.ts';
import type { NewEvent, Span } from '../model/event.ts';
import type { Awaitable } from '../model/runtime.ts';
import { OAuthError } from '../model/error.ts';
import type { Seconds } from '../model/store.ts';
import { acceptsAnswers, authInfoOf, callerOf } from './tool-context.ts';
import { type Elicitor, makeElicitor, promptToConnect } from './elicitation/elicit.ts';
import { openRequestState } from './elicitation/request-state.ts';
import { type ChallengeForm, type JudgedBody, keepListsPrivate, readRequest } from './policy/gate.ts';
import { inOneForm, inTime, isPlain, respondInJson } from './response.ts';
import {
  type AnyServer,
  forgetTools,
  giveCaller,
  giveRequestInfo,
  type Id,
  isCurrent,
  onConnect,
  relateToRequest,
  requestsIn,
} from './sdk.ts';
import { busFor, endOf, readableOnly, tellingItsEnd } from './events/listening.ts';
import { type Policy, policy as makePolicy } from './policy/policy.ts';
import { checkBodyLimit } from './policy/read-messages.ts';
import { asError, keepErrorsInside, type Report, rpcError } from './errors.ts';
import type { Sessions } from './sessions/sessions.ts';
import { tooManyOpen, shares } from './sessions/limits.ts';
import { userEvents, type UserEvents } from './events/user-events.ts';

const OPEN = makePolicy({});
const SILENT = userEvents();

/** Makes the server for one request. Return a new one each time: it is connected once. */
export type McpFactory<Env = unknown, Props = AuthContext> = (access: Access<Props>, ctx: Context, env: Env) => Awaitable<AnyServer>;

/** The same for endpoints that accept callers without a token: `access` is null for them. */
export type OpenMcpFactory<Env = unknown, Props = AuthContext> = (
  access: Access<Props> | null,
  ctx: Context,
  env: Env,
) => Awaitable<AnyServer>;

/** How an endpoint differs from the default. */
export interface McpOptions {
  /** What each caller may call: a `policy()`, or a `catalogue()` of declared tools. Checked before the SDK sees the call. */
  readonly policy?: Policy | undefined;
  /** How a client is told to ask for more scopes. Default: a tool result for ChatGPT, which supports nothing else; 403 for all other clients. */
  readonly challengeForm?: ((request: Request, access: Access | null) => ChallengeForm) | undefined;
  /** Sessions for clients of 2025, for a server that sends requests to its clients: `sessions()`. Default: no sessions. */
  readonly sessions?: Sessions | undefined;
  /** Events about changed rights, for clients with an open stream. Default: none. */
  readonly events?: UserEvents | undefined;
  /** Maximum seconds until an open stream ends after its token was revoked; 1 to 300, default 15. */
  readonly streamCheck?: Seconds | undefined;
  /** Maximum bytes of a request body. Default: the limit of the server in front (`serve`), else 4 MiB. */
  readonly bodyLimit?: number | undefined;
  /** Called for each call that was allowed, denied or challenged. Default: the listener `on` of the provider in front. */
  readonly on?: ((event: NewEvent) => void) | undefined;
  /** Gets every error that is hidden from the client. Default: `console.error`. */
  readonly onError?: Report | undefined;
}

/**
 * Serves the MCP servers that a function makes, one per request. Put it behind an `OAuthProvider` or a guard, which says who calls.
 *
 * @param factory gets the caller (`access`), the context of the request and the environment.
 * @throws {TypeError} for a wrong option.
 * @example
 * const apiHandler = mcpHandler((access) => new McpServer({ name: `notes of ${access.userId}`, version: '1.0.0' }));
 */
export function mcpHandler<Env = unknown, Props = AuthContext>(
  factory: McpFactory<Env, Props>,
  options: McpOptions = {},
): FetchObject<Env> {
  return handlerFor(factory as OpenMcpFactory<Env, Props>, options, false); // no caller is refused before the factory runs
}

/**
 * As {@link mcpHandler}, for a guard that accepts callers without a token (`anonymous`): `access` is null for them. They may call what the
 * policy marks as `anonymous`, and get a 401 for all else.
 *
 * @throws {TypeError} for a wrong option.
 * @example
 * const handler = openMcpHandler((access) => new McpServer({ name: `notes of ${access?.userId ?? 'all'}`, version: '1.0.0' }), {
 *   policy: policy({ tools: { search: { anonymous: true }, save: { scopes: ['notes:write'] } } }),
 * });
 */
export function openMcpHandler<Env = unknown, Props = AuthContext>(
  factory: OpenMcpFactory<Env, Props>,
  options: McpOptions & { readonly policy: Policy },
): FetchObject<Env> {
  return handlerFor(factory, options, true);
}

/** Checks the names and types of options. @throws {TypeError} */
export function checkMcpOptions(options: McpOptions): void {
  const known = 'policy sessions events:object bodyLimit streamCheck challengeForm:function on:function onError:function';
  checkTypes('mcpHandler', options ?? null, known);
}

/** Makes a server for this file: it also gets the elicitor of the request. */
export type AskingFactory<Env, Props> = (access: Access<Props> | null, ctx: Context, env: Env, asker: Elicitor) => Awaitable<AnyServer>;

/** Serves what a factory makes. @param open whether it accepts callers without a token. */
export function handlerFor<Env, Props>(factory: AskingFactory<Env, Props>, options: McpOptions, open: boolean): FetchObject<Env> {
  checkMcpOptions(options);
  const report = options.onError ?? ((error) => console.error(error));
  const { policy = OPEN, events = SILENT, sessions, streamCheck = 15 } = options;
  if (typeof factory !== 'function')
    throw new TypeError(
      'mcpHandler: give a function that makes a server for each request, such as () => new McpServer({ name, version }).',
    );
  if (typeof policy?.needOf !== 'function') throw new TypeError('mcpHandler: `policy` must be what policy({ tools: … }) returns.');
  if (sessions !== undefined && typeof sessions?.acceptPost !== 'function')
    throw new TypeError('mcpHandler: `sessions` must be what sessions() returns.');
  if (!Number.isInteger(streamCheck) || streamCheck < 1 || streamCheck > 300)
    throw new TypeError('mcpHandler: `streamCheck` must be a whole number of seconds from 1 to 300.');
  checkBodyLimit('mcpHandler', options.bodyLimit);
  const streams = shares();
  const served = new WeakSet<AnyServer>();

  const inBothForms: FetchObject<Env> = {
    async fetch(request, env, ctx) {
      const access = callerOf<Props>(ctx);
      if (access === null && requestState(ctx).isAnonymous !== true) {
        report(new TypeError('A request reached the MCP handler without ctx.auth: mount it behind OAuthProvider or guard().'));
        return failure();
      }
      const { challenge } = requestState(ctx);
      if (access === null && !open) return challenge ? unauthorized(challenge, false) : failure();
      const authInfo = access ? authInfoOf(access) : anonymousInfo();
      const caller = access && sessions ? { access, ctx, report, streamCheck, streams } : null;
      try {
        if (request.method !== 'POST') {
          const stream = (caller && (await sessions?.openStream(request, caller, readableOnly(events, policy, requestState(ctx))))) ?? null;
          return stream === null ? notAllowed() : withoutStore(stream);
        }
        const accepted = await readRequest(policy, request, { ...options, access, ctx, report });
        if (accepted instanceof Response) return accepted;
        const resuming = await openRequestState(accepted.body, { access, states: requestState(ctx).states?.passing, url: request.url });
        if (resuming instanceof Response) return resuming;
        const { resumed } = resuming;
        const exchange = (caller && (await sessions?.acceptPost(accepted.request, resuming.body, caller))) ?? null;
        if (exchange instanceof Response) return withoutStore(exchange);
        const { body } = exchange ?? resuming;
        requestState(ctx).calledTools = accepted.called;
        let making: Awaitable<AnyServer> | undefined;
        const asker = makeElicitor(() => making, body, resumed, exchange !== null);
        authInfo.extra = { ...authInfo.extra, asker };
        const answer = async (): Promise<Response> => {
          const server = await (making = factory(access, ctx, env, asker));
          if (served.has(server))
            throw new TypeError('mcpHandler: the server of another request was given. Return a new server each time.');
          served.add(server);
          giveCaller(server, body, access);
          promptToConnect(server, { request, body, access, resumed });
          keepErrorsInside(server, report);
          keepListsPrivate(server, policy, access);
          forgetTools(server, accepted.unknown);
          if (isListening(body)) return withoutStore(await listen(server, accepted.request, body, { access, ctx, authInfo }));
          if (!isCurrent(server)) onConnect(server, () => {}, giveRequestInfo);
          if (exchange) return withoutStore(await exchange.serve(server, authInfo));
          relateToRequest(server, body);
          if (isPlain(accepted.request, body, server)) return await respondInJson(server, accepted.request, body, { authInfo, report });
          return withoutStore(await serveOnce(server, accepted.request, { authInfo, parsedBody: body }));
        };
        const { telemetry } = requestState(ctx);
        const traced = (): Promise<Response> =>
          telemetry === undefined
            ? answer()
            : telemetry.message(body, access as Access | null, async (span) => spanning(await answer(), span));
        const [id, ...others] = requestsIn(body);
        if (id === undefined || exchange?.isApart || !acceptsAnswers(request.headers.get('accept'))) return await traced();
        const gone = (): void =>
          void Promise.resolve(making)
            .then((server) => server?.close())
            .catch(report);
        const waiting = { id: others.length > 0 ? null : id, gone, ...(exchange && { headers: exchange.headers }) };
        const response = await inTime(traced().catch(failed), waiting);
        return exchange ? response : endedByToken(response, access, ctx, gone);
      } catch (error) {
        return failed(error);
      }

      function failed(error: unknown): Response {
        if (error instanceof OAuthError)
          requestState(ctx).emit?.({ kind: 'request.failed', endpoint: 'mcp', requestId: crypto.randomUUID(), error: error.cause });
        report(asError(error));
        return failure(error);
      }
    },
  };
  return { fetch: inOneForm((...call) => inBothForms.fetch(...call)) };

  /** Serves one request with new SDK handlers: handlers that are reused would keep each server of a disconnected client. */
  function serveOnce(server: AnyServer, request: Request, given: Given, bus?: ServerEventBus): Promise<Response> {
    const factory = (() => server) as McpServerFactory; // SDK 1.x only in the fallback, which calls connect() and close() only
    if (!isCurrent(server)) return legacyStatelessFallback(factory, report)(request, given);
    return createMcpHandler(factory, { onerror: report, ...(bus && { bus }) }).fetch(request, given);
  }

  /** Ends a stream with its token, and soon after the token was revoked, also while a tool runs (SEC-190). */
  function endedByToken(response: Response, access: Access | null, ctx: Context, gone: () => void): Response {
    if (response.body === null || response.headers.get('content-type')?.startsWith('text/event-stream') !== true) return response;
    const state = requestState(ctx);
    const end = endOf([], access, state, streamCheck, state.states?.now());
    let isOver = false;
    onAbort(end.signal, () => isOver || gone());
    const over = (): void => {
      isOver = true;
      end.abort();
    };
    return tellingItsEnd(response, over, end.signal);
  }

  /** A stream of this caller's events only. The SDK's own handler has one bus for all callers, so each stream gets its own. */
  async function listen(
    server: AnyServer,
    request: Request,
    body: JudgedBody,
    { access, ctx, authInfo }: { readonly access: Access | null; readonly ctx: Context; readonly authInfo: AuthInfo },
  ): Promise<Response> {
    const state = requestState(ctx);
    const end = endOf([request.signal, state.stopping], access, state, streamCheck, state.states?.now());
    const { signal } = end;
    try {
      const full = streams.take({ access }, signal);
      if (full) {
        end.abort();
        return tooManyOpen(full, ctx, (body as { id?: Id }).id);
      }
      // A refused request is not a stream, and is not counted.
      const { url, headers } = request;
      const forwarded = new Request(url, { method: 'POST', headers: [...headers], signal });
      const answer = await serveOnce(
        server,
        forwarded,
        { authInfo, parsedBody: body },
        busFor(readableOnly(events, policy, state), access, body),
      );
      return tellingItsEnd(answer, () => end.abort());
    } catch (error) {
      end.abort();
      throw error;
    }
  }
}

/** Whether a body asks for a stream of changes. */
function isListening(body: unknown): boolean {
  return typeof body === 'object' && body !== null && 'method' in body && body.method === 'subscriptions/listen';
}

/** Keeps a span open while a stream is. */
function spanning(response: Response, span: Span): Response {
  let over = (): void => {};
  span.until(new Promise<void>((done) => (over = done)));
  return tellingItsEnd(response, () => over());
}

/** What the SDK is given besides a request: the body that was judged, so that it does not read it again. */
interface Given {
  readonly authInfo: AuthInfo;
  readonly parsedBody: JudgedBody;
}

/** Without a session there is no stream to open and no session to end. */
function notAllowed(): Response {
  const answer = rpcError(405, -32000, 'Method not allowed.');
  answer.headers.set('allow', 'POST');
  return answer;
}

/** An anonymous caller as the SDK's `AuthInfo`: no scope, no client, and nothing for a tool to find. */
function anonymousInfo(): AuthInfo {
  return { token: '', clientId: '', scopes: [], extra: {} };
}

/** 503 for a request that may be repeated as it is: the store does not answer, or too many change the same session at once. */
function failure(cause?: unknown): Response {
  if (!(cause instanceof OAuthError && cause.code === 'temporarily_unavailable')) return rpcError(500, -32603, 'Internal server error');
  const answer = rpcError(503, -32603, 'The server cannot answer right now. Try again shortly.');
  for (const [name, value] of Object.entries(cause.headers)) answer.headers.set(name, value);
  return answer;
}
