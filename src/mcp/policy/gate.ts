/**
 * The gate: reads the body of a request once, judges every call in it, and answers those that are refused, before the SDK and any handler see them.
 * Only the gate makes {@link JudgedBody}, which is all that a server is ever given: what was not judged is not dispatched. On the way back it
 * removes from lists what the caller may not see, however it was registered, and prevents caches from serving a list to other callers.
 */
import type { JSONRPCMessage } from '@modelcontextprotocol/server';
import { type Challenge, insufficientScope, metadataUrlOf, schemeOf, unauthorized } from '../../guard/answers.ts';
import { type Access, judge, maySee, type Need, type Verdict } from '../../model/access.ts';
import { type Context, requestState } from '../../model/context.ts';
import type { NewEvent } from '../../model/event.ts';
import { asError, type Call, challengeResult, deniedResult, type Kind, notFound, type Report, rpcError } from '../errors.ts';
import { watchedIn } from '../events/listening.ts';
import { type AnyServer, wrapSend } from '../sdk.ts';
import { redactedRequest } from '../tool-context.ts';
import type { Policy } from './policy.ts';
import { isText, type Messages, type ReadMessage, readMessages, refusalMeanwhile } from './read-messages.ts';

declare const JUDGED: unique symbol;

/** A message that may be dispatched. Members may be removed after this, but not changed. */
export type JudgedMessage = ReadMessage & { readonly [JUDGED]: true };

/** A body that may be dispatched. */
export type JudgedBody = JudgedMessage | readonly JudgedMessage[];

/** How a client is told to ask for more scopes: with the HTTP status of the specification, or a tool result. */
export type ChallengeForm = 'http' | 'result';

/** The caller, and how it is answered. */
export interface Asking {
  readonly access: Access | null;
  /** URL of the resource's metadata; the guard's own if it set one. */
  readonly metadataUrl: string | undefined;
  readonly form: () => ChallengeForm;
  readonly emit: (event: NewEvent) => void;
}

/** What may be dispatched. */
export interface Passage {
  readonly body: JudgedBody;
  /** Called tools that the server must not find, so that it answers as for names that do not exist. */
  readonly unknown: readonly string[];
  /** The called tool, if the body is a single call. */
  readonly called: readonly string[];
}

interface Judgement {
  readonly message: ReadMessage;
  readonly call: Call;
  readonly need: Need | null;
  readonly verdict: Verdict;
}

const MAX_NAME_TOLD = 128;
const OPEN: Need = {};
/** MCP methods that reach no tool, resource or prompt, and lists, which are filtered in the response. */
const FREE: readonly string[] = [
  'initialize', 'ping', 'server/discover', 'logging/setLevel', 'tools/list', 'resources/list', 'resources/templates/list', 'prompts/list',
  'notifications/initialized', 'notifications/cancelled', 'notifications/progress', 'notifications/roots/list_changed',
]; // prettier-ignore

/** Judges the calls of a body. */
export async function gate(policy: Policy, { messages, isBatch }: Messages, asking: Asking): Promise<Passage | Response> {
  const calls: (readonly [ReadMessage, Call])[] = [];
  for (const message of messages) {
    const found = callsIn(message);
    if (found === null) return invalidParams(message, asking);
    calls.push(...found.map((call) => [message, call] as const));
  }
  const judgements: Judgement[] = [];
  for (const [message, call] of calls) {
    const need = needOf(policy, call);
    const verdict = need ? await judge(need, asking.access, call.args, policy.implied) : closed(asking.access);
    tell(asking, call, verdict);
    judgements.push({ message, call, need, verdict });
  }
  const challenged = judgements.find(({ verdict: { kind } }) => kind === 'unauthenticated' || kind === 'insufficient_scope');
  if (challenged) return challengeAnswer(challenged, asking, messages.length);
  const refused = judgements.filter(({ verdict }) => verdict.kind !== 'allowed');
  const names = (of: readonly { readonly call: Call }[]): readonly string[] =>
    of.flatMap(({ call: { kind, name } }) => (kind === 'tool' ? [name] : []));
  if (refused.every(({ call, need }) => call.kind === 'tool' && isUnseen(need)))
    return {
      body: (isBatch ? messages : messages[0]) as JudgedBody, // the only place where a message becomes a judged one
      unknown: names(refused),
      called: isBatch ? [] : names(judgements),
    };
  const answers = messages.filter(isRequest).map((message) => {
    const because = refused.find((one) => one.message === message);
    return because ? refusalOf(because) : notRun(message);
  });
  if (answers.length === 0) return new Response(null, { status: 202, headers: { 'cache-control': 'no-store' } });
  return Response.json(isBatch ? answers : answers[0], { headers: { 'cache-control': 'no-store' } });
}

/** Removes from a list what this caller may not see. */
export function withoutUnseen(policy: Policy, access: Access | null, kind: Kind, items: readonly unknown[]): unknown[] {
  return items.filter((item) => {
    const { name, uri, uriTemplate } = (item ?? {}) as { name?: unknown; uri?: unknown; uriTemplate?: unknown };
    const need = policy.needOf(kind, String(kind === 'resource' ? (uri ?? uriTemplate) : name), uri === undefined);
    // A caller without a token may use only what says so: of all else that is hidden it does not learn the name.
    return need !== null && maySee(need, access) && (access !== null || need.hidden !== true || need.anonymous === true);
  });
}

/** Tasks continue a call that was judged; methods that MCP does not define are subject to `strict`. Both need a caller. */
function needOf(policy: Policy, { kind, name, isTemplate }: Call): Need | null {
  return kind === 'method' && /^(?:tasks|notifications)\//.test(name) ? OPEN : policy.needOf(kind, name, isTemplate);
}

function closed(access: Access | null): Verdict {
  return access === null ? { kind: 'unauthenticated', scopes: [] } : { kind: 'denied', reason: 'permission_missing' };
}

function isUnseen(need: Need | null): boolean {
  return need === null || need.hidden === true;
}

function isRequest({ id, method }: ReadMessage): boolean {
  return id !== undefined && method !== undefined;
}

function refusalOf({ call, need }: Judgement): object {
  return isUnseen(need) ? notFound(call) : deniedResult(call, need?.text);
}

function challengeAnswer({ call, verdict }: Judgement, { access, metadataUrl, form }: Asking, messages: number): Response {
  const scope = 'scopes' in verdict ? verdict.scopes : [];
  const url = metadataUrl ?? (access ? metadataUrlOf(access.resource) : undefined);
  if (url === undefined) return Response.json({ error: 'server_error' }, { status: 500, headers: { 'cache-control': 'no-store' } }); // no guard ran before: there is no metadata URL to send
  const challenge: Challenge = { metadataUrl: url, scope };
  const refusal = verdict.kind === 'unauthenticated' ? unauthorized(challenge, false) : insufficientScope(challenge, schemeOf(access));
  if (messages !== 1 || call.kind !== 'tool' || form() === 'http') return refusal;
  const result = challengeResult(call, refusal.headers.get('www-authenticate') ?? '');
  return Response.json(result, { headers: { 'cache-control': 'no-store' } });
}

/** Arguments never go into an event. */
function tell({ access, emit }: Asking, { kind, name }: Call, verdict: Verdict): void {
  if (kind === 'method' && verdict.kind === 'allowed') return;
  emit({
    kind: verdict.kind === 'allowed' ? 'call.allowed' : verdict.kind === 'denied' ? 'call.denied' : 'call.challenged',
    primitive: kind,
    name: name.slice(0, MAX_NAME_TOLD).replace(/[^\x20-\x7e]/g, '?'), // it may be no name of ours
    ...(access && { userId: access.userId, clientId: access.clientId, grantId: access.grantId }),
    ...('scopes' in verdict && { scope: verdict.scopes }),
    ...('reason' in verdict && { reason: verdict.reason }),
    ...('error' in verdict && { error: verdict.error }),
  });
}

/**
 * Calls of a message; null if it does not name what it calls, or lacks the id that a call must have. Completions are judged as the prompt
 * or the template that they complete.
 */
function callsIn({ id, method, params = {} }: ReadMessage): readonly Call[] | null {
  const { name, uri, ref, arguments: args } = params as { name?: unknown; uri?: unknown; ref?: { type?: unknown; name?: unknown; uri?: unknown }; arguments?: unknown };
  const common = { id: id ?? null, args, modern: isModern(params) };
  const calls = (kind: Kind, names: readonly unknown[], isTemplate = false): readonly Call[] | null =>
    id !== undefined && names.every(isText) ? names.map((one) => ({ ...common, kind, name: one, isTemplate })) : null;
  switch (method) {
    case undefined: return []; // the answer to a request of the server
    case 'tools/call': return calls('tool', [name]);
    case 'resources/read': case 'resources/subscribe': case 'resources/unsubscribe': return calls('resource', [uri]);
    case 'subscriptions/listen': return calls('resource', watchedIn(params));
    case 'prompts/get': return calls('prompt', [name]);
    case 'completion/complete': return ref?.type === 'ref/prompt' ? calls('prompt', [ref.name]) : calls('resource', [ref?.uri], true);
    default: return FREE.includes(method) ? [] : [{ ...common, kind: 'method', name: method }];
  }
} // prettier-ignore

function isModern(params: ReadMessage['params']): boolean {
  const meta = params?.['_meta'] as { readonly [name: string]: unknown } | null | undefined;
  return meta?.['io.modelcontextprotocol/protocolVersion'] !== undefined;
}

function invalidParams({ id, method, params }: ReadMessage, { emit }: Asking): Response {
  emit({ kind: 'request.refused', endpoint: 'mcp', code: 'invalid_request', reason: id === undefined ? 'id_missing' : 'params' });
  if (id === undefined) return rpcError(400, -32600, `${method} is a request and must have an id.`);
  // 2026-07-28 has no such methods, and says so before it looks at their parameters.
  if (isModern(params) && /^resources\/(?:un)?subscribe$/.test(method ?? '')) return rpcError(404, -32601, 'Method not found', id);
  return rpcError(400, -32602, `Invalid params: ${method} does not say what it is for.`, id);
}

function notRun({ id }: ReadMessage): object {
  return { jsonrpc: '2.0', id, error: { code: -32600, message: 'Not run: another call of the same batch was refused.' } };
}

/** The caller and the context of a request. */
export interface RequestToRead {
  readonly access: Access | null;
  readonly ctx: Context;
  readonly report: Report;
  readonly bodyLimit?: number | undefined;
  readonly challengeForm?: ((request: Request, access: Access | null) => ChallengeForm) | undefined;
  readonly on?: ((event: NewEvent) => void) | undefined;
}

/** A request that was accepted: its headers, and the judged part of its body. */
export interface ReadRequest extends Passage {
  readonly request: Request;
}

/** Accepts a request, or answers it. */
export async function readRequest(policy: Policy, request: Request, entering: RequestToRead): Promise<ReadRequest | Response> {
  const { access, ctx, report, challengeForm } = entering;
  const state = requestState(ctx);
  const emit = (event: NewEvent): void => tellListener(entering.on ?? state.emit, event, report);
  const since = Date.now();
  const read = await readMessages(request, entering.bodyLimit ?? state.bodyLimit);
  if ('reason' in read) {
    emit({ kind: 'request.refused', endpoint: 'mcp', code: 'invalid_request', reason: read.reason });
    return read.answer;
  }
  const refusal = await refusalMeanwhile(state, since);
  if (refusal) return refusal;
  const form = (): ChallengeForm => (challengeForm ? challengeForm(withoutBody(request), access) : formFor(request, access));
  const work = (): ReturnType<typeof gate> => gate(policy, read, { access, metadataUrl: state.challenge?.metadataUrl, form, emit });
  const passage = await (state.telemetry ? state.telemetry.step('gate', work) : work());
  return passage instanceof Response ? passage : { request: redactedRequest(request, state.credential?.() ?? undefined), ...passage };
}

/** The request for code that is not ours, once its body has been read. */
function withoutBody({ url, method, headers }: Request): Request {
  return new Request(url, { method, headers: [...headers] });
}

/** ChatGPT starts an authorization only for a tool result that asks for it (checked in 2026). */
function formFor(request: Request, access: Access | null): ChallengeForm {
  const host = access && URL.canParse(access.clientId) ? new URL(access.clientId).hostname : '';
  const isChatGpt = /(?:^|\.)(?:chatgpt|openai)\.com$/.test(host) || /\bopenai-mcp\b/i.test(request.headers.get('user-agent') ?? '');
  return isChatGpt ? 'result' : 'http';
}

/** An error thrown by the listener does not change the response. */
function tellListener(on: ((event: NewEvent) => void) | undefined, event: NewEvent, report: Report): void {
  try {
    on?.(event);
  } catch (error) {
    report(asError(error));
  }
}

/** The members of a result that list primitives. */
const MEMBERS: readonly (readonly [member: string, kind: Kind])[] = [
  ['tools', 'tool'],
  ['resources', 'resource'],
  ['resourceTemplates', 'resource'],
  ['prompts', 'prompt'],
];

/** Filters a server's lists for this caller. Lists are recognized by the members of a result, not by the method of the request. */
export function keepListsPrivate(server: AnyServer, policy: Policy, access: Access | null): void {
  wrapSend(server, (send) => (message, options) => send(filtered(message, policy, access), options));
}

function filtered(message: JSONRPCMessage, policy: Policy, access: Access | null): JSONRPCMessage {
  if (!('result' in message)) return message;
  const result = message.result as Record<string, unknown>;
  const lists = MEMBERS.flatMap(([member, kind]) => {
    const items = result[member];
    if (!Array.isArray(items)) return [];
    const seen = withoutUnseen(policy, access, kind, items);
    return [[member, kind === 'tool' ? seen.map((item) => withSchemes(policy, item as ListedTool)) : seen] as const];
  });
  if (lists.length === 0) return message;
  const privately = policy.filters && 'cacheScope' in result ? { cacheScope: 'private' } : {};
  return { ...message, result: { ...result, ...Object.fromEntries(lists), ...privately } };
}

interface ListedTool {
  readonly name: string;
  readonly _meta?: Record<string, unknown>;
}

/** Adds the scopes that a tool needs, for clients that read them before a call. */
function withSchemes(policy: Policy, tool: ListedTool): ListedTool {
  if (typeof tool?.name !== 'string') return tool;
  const need = policy.needOf('tool', tool.name);
  if (tool._meta?.['securitySchemes'] !== undefined || (!need?.scopes?.length && need?.anonymous !== true)) return tool;
  const securitySchemes = need.anonymous === true ? [{ type: 'noauth' }] : [{ type: 'oauth2', scopes: [...(need.scopes ?? [])] }];
  return { ...tool, _meta: { ...tool._meta, securitySchemes } };
}
