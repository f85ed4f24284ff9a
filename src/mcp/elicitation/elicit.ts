/**
 * Elicitation: a tool asks the user something while it runs, or needs an account that the user has to connect; in each version of the protocol.
 *
 * A question:
 *   2026-07-28 → the call ends with `input_required`; the client asks, and repeats the call with the answer: the tool runs again from the start
 *   2025, in a session → `elicitation/create` on the stream of the call, which waits
 *   all else → a result with `isError` that contains the question
 * An account:
 *   2026-07-28, and the client can show links → `input_required` with the link, and a sealed `requestState` that it carries back
 *   2025-11-25 → the error -32042 with the link
 *   all else   → a result with `isError` that names the link, which a person can open
 *
 * A client is sent no mode that it has not declared (S-181), and a form must not ask for a secret (S-176). The `requestState` never decides whether
 * an account is connected: that is checked each time. It records how far the user got, so that the user is not asked without end.
 */
import { fromJsonSchema, type JSONRPCMessage } from '@modelcontextprotocol/server';
import { base64url, utf8 } from '../../lib/bytes.ts';
import { isLoopbackHost } from '../../lib/url.ts';
import type { Access } from '../../model/access.ts';
import { ConnectionNeeded } from '../../model/upstream.ts';
import type { Awaitable } from '../../model/runtime.ts';
import { ToolError } from '../errors.ts';
import { type AnyServer, wrapSend } from '../sdk.ts';
import { type Answer, type CallMessage, CONNECT, type Params, type Resumed, sealRequestState } from './request-state.ts';

/** A field of a form, in the part of JSON Schema that clients show: text, number, yes or no, a choice. */
export type FormField = { readonly type: 'string' | 'number' | 'integer' | 'boolean' | 'array'; readonly [keyword: string]: unknown };

/** The fields of a form. */
export interface FormSchema {
  readonly type: 'object';
  readonly properties: { readonly [name: string]: FormField };
  readonly required?: readonly string[];
}

/** What the user is asked: a form; or to open a URL, if what they type there must not pass through the client. */
export type ElicitRequest = (
  | { readonly mode?: 'form'; readonly requestedSchema: FormSchema }
  | { readonly mode: 'url'; readonly url: string }
) & {
  readonly message: string;
  /** Distinguishes two questions of one tool that have the same text. An answer to a form counts for the text that it was given to. */
  readonly key?: string;
};

/** What the tools of a request can ask and report. */
export interface Elicitor {
  elicit(question: ElicitRequest): Promise<Answer>;
  progress(done: number, total?: number, message?: string): Promise<void>;
}

/** Thrown through a tool that has to ask the user first. Do not catch it. */
export class InputNeeded extends Error {
  override readonly name = 'InputNeeded';
  readonly key: string;
  /** Identifies the question with its text: an answer to another one does not count. */
  readonly mark: string;
  readonly params: object;

  constructor(key: string, mark: string, params: object) {
    super('The person has to be asked first.');
    this.key = key;
    this.mark = mark;
    this.params = params;
  }
}

/** The SDK's inner server, of either line. */
interface Below {
  elicitInput(params: object, options?: object): Promise<Answer>;
  notification(notification: object, options?: object): Promise<void>;
}

/** How long the user may take to answer. */
const ASKED_MS = 600_000;
/** The error codes of the two SDK lines for a question without an answer in time. */
const TIMED_OUT: readonly unknown[] = ['REQUEST_TIMEOUT', -32001];
/** Names of fields that must not pass through a client; matched at the end of a word, with any prefix. */
const SECRET =
  /pass(?:word|phrase|code)|secret|api[-_ ]?key|private[-_ ]?key|access[-_ ]?token|credential|card[-_ ]?number|\b(?:cvv|cvc|pin)\b/i;
const VERSION = 'io.modelcontextprotocol/protocolVersion';
const CAPABILITIES = 'io.modelcontextprotocol/clientCapabilities';

/** Makes the elicitor of a request. @param inSession whether the client can answer while a call waits. */
export function makeElicitor(
  server: () => Awaitable<AnyServer> | undefined,
  body: unknown,
  resumed: Resumed | null,
  inSession: boolean,
): Elicitor {
  const { id, params = {} } = (body ?? {}) as CallMessage;
  const isModern = params._meta?.[VERSION] !== undefined;
  const related = id === undefined ? {} : { relatedRequestId: id };
  const below = async (): Promise<Below> => {
    const one = await server();
    if (one === undefined) throw new TypeError('No user can be asked while the server is being made: ask in the handler of a tool.');
    return ('server' in one ? one.server : one) as unknown as Below;
  };
  return {
    async elicit(question) {
      check(question);
      const { key: own, ...asked } = question;
      if (isModern) return asModern(own, asked, params, resumed);
      if (!inSession) throw cannot(question);
      const sent = asked.mode === 'url' ? { ...asked, elicitationId: crypto.randomUUID() } : asked;
      try {
        return await (await below()).elicitInput(sent, { ...related, timeout: ASKED_MS });
      } catch (error) {
        const { code } = error as { code?: unknown };
        if (code === 'CAPABILITY_NOT_SUPPORTED' || /does not support/.test(String(error))) throw cannot(question);
        if (TIMED_OUT.includes(code)) throw new ToolError(`${question.message} The user has not answered in time.`);
        throw error;
      }
    },
    async progress(done, total, message) {
      const progressToken = params._meta?.['progressToken'];
      if (progressToken === undefined) return; // the client did not ask for progress
      const told = { progressToken, progress: done, ...(total !== undefined && { total }), ...(message !== undefined && { message }) };
      await (await below()).notification({ method: 'notifications/progress', params: told }, related);
    },
  };
}

/**
 * Asks the user a question from a tool's handler (MCP Elicitation). A client of 2026-07-28 asks and repeats the call, which runs the handler
 * from its start: ask before you change anything. A client of 2025 needs a session.
 *
 * @param context the last argument of the handler.
 * @throws {ToolError} if the client cannot ask, or the user has not answered in ten minutes. @throws {TypeError} for a form that asks for a secret.
 * @example
 * server.registerTool('delete_all', {}, async (ctx) => {
 *   const { action } = await elicit(ctx, { message: 'Delete all notes?', requestedSchema: { type: 'object', properties: {} } });
 *   return { content: [{ type: 'text', text: action === 'accept' ? 'Deleted.' : 'Nothing was deleted.' }] };
 * });
 */
export function elicit(context: unknown, question: ElicitRequest): Promise<Answer> {
  return askerOf(context).elicit(question);
}

/** The context a tool gets: `ctx` of SDK 2.x, `extra` of SDK 1.x. */
interface ToolContext {
  readonly http?: { readonly authInfo?: { readonly extra?: { readonly asker?: Elicitor } } };
  readonly authInfo?: { readonly extra?: { readonly asker?: Elicitor } };
}

function askerOf(context: unknown): Elicitor {
  const { http, authInfo } = (context ?? {}) as ToolContext;
  const asker = (http?.authInfo ?? authInfo)?.extra?.asker;
  if (asker === undefined)
    throw new TypeError('elicit: give the context of the call, the last argument of its handler, behind mcpHandler or McpAgent.');
  return asker;
}

async function asModern(own: string | undefined, asked: object, params: Params, resumed: Resumed | null): Promise<Answer> {
  const isUrl = (asked as ElicitRequest).mode === 'url';
  // A form is answered as it was shown. Of a link only the key counts, if it has one: the link may be another each time.
  const mark = isUrl && own !== undefined ? own : await keyOf({ ...asked, own });
  const answer = resumed?.answers[mark];
  if (answer !== undefined && (await fits(answer, asked))) return answer;
  const { elicitation } = (params._meta?.[CAPABILITIES] ?? {}) as { elicitation?: { form?: object; url?: object } };
  const declared = isUrl ? elicitation?.url : (elicitation?.form ?? (elicitation?.url ? undefined : elicitation)); // an empty object means forms
  if (declared === undefined) throw cannot(asked as ElicitRequest);
  throw new InputNeeded(own ?? mark, mark, isUrl ? asked : { mode: 'form', ...asked });
}

/** Whether an answer fits the form; if not, the question is asked again. */
async function fits({ action, content }: Answer, asked: object): Promise<boolean> {
  if (action !== 'accept' || !('requestedSchema' in asked)) return true;
  const checked = await fromJsonSchema(asked.requestedSchema as never)['~standard'].validate(content ?? {});
  return checked.issues === undefined;
}

/** The same question has the same key when the tool runs again. */
async function keyOf(asked: object): Promise<string> {
  return base64url(new Uint8Array(await crypto.subtle.digest('SHA-256', utf8(JSON.stringify(asked))))).slice(0, 16);
}

function check(question: ElicitRequest): void {
  if (question.mode === 'url') {
    const url = URL.canParse(question.url) ? new URL(question.url) : null;
    const isSafe = url?.protocol === 'https:' || (url?.protocol === 'http:' && isLoopbackHost(url.hostname));
    if (url === null || !isSafe || url.username !== '' || url.password !== '')
      throw new TypeError('elicit: `url` must be an https address without a user in it, to a page that asks who is there.'); // S-180
    return;
  }
  const { properties } = question.requestedSchema;
  const secret = Object.entries(properties).find(([name, { format }]) => SECRET.test(name) || format === 'password');
  if (secret)
    throw new TypeError(
      `elicit: the field ${JSON.stringify(secret[0])} asks for a secret, which would go through the client; ask with \`mode: 'url'\`.`,
    );
}

function cannot(question: ElicitRequest): ToolError {
  return new ToolError(
    question.mode === 'url'
      ? `${question.message} The user has to open this address in a browser: ${question.url}`
      : `${question.message} This client cannot ask the user while a tool runs, so the answer is missing.`,
  );
}

const URL_ELICITATION_REQUIRED = -32042;

/** The caller of tool handlers inside `McpServer`; private in the types of both SDK lines, and the same in both. */
interface Inside {
  executeToolHandler?: (...args: unknown[]) => Promise<unknown>;
}

/** Makes a server answer for tools that need something from their user first. Call it before `keepErrorsInside`. */
export function promptToConnect(
  server: AnyServer,
  about: { readonly request: Request; readonly body: unknown; readonly access: Access | null; readonly resumed: Resumed | null },
): void {
  const inside = server as Inside;
  const execute = inside.executeToolHandler;
  const { access } = about;
  if (execute === undefined || access === null) return;
  const instead = new Map<unknown, object>();
  const executing: typeof execute = async (...args) => {
    try {
      return await execute.apply(server, args);
    } catch (error) {
      if (!(error instanceof ConnectionNeeded) && !(error instanceof InputNeeded)) throw error;
      const context = args.at(-1) as { mcpReq?: { id?: unknown }; requestId?: unknown } | undefined;
      const answer = error instanceof InputNeeded ? await questionOf(error, access, about) : await answerTo(error, access, about);
      instead.set(context?.mcpReq?.id ?? context?.requestId, answer);
      throw new ToolError(error.message);
    }
  };
  inside.executeToolHandler = executing;
  wrapSend(server, (send) => (message, options) => {
    const { id } = message as { id?: unknown };
    const other = 'method' in message ? undefined : instead.get(id);
    return send(other ? ({ jsonrpc: '2.0', id, ...other } as JSONRPCMessage) : message, options);
  });
}

/** A question, and the answers so far. */
async function questionOf(
  { key, mark, params }: InputNeeded,
  access: Access,
  { request, body, resumed }: Parameters<typeof promptToConnect>[1],
): Promise<object> {
  const state = { answers: resumed?.answers ?? {}, asked: [[key, mark]] as const };
  const requestState = await sealRequestState(access, (body as CallMessage).params ?? {}, state, request.url);
  const inputRequests = { [key]: { method: 'elicitation/create', params } };
  return { result: { resultType: 'input_required', inputRequests, requestState } };
}

/** The members of the response besides its id. */
async function answerTo(needed: ConnectionNeeded, access: Access, about: Parameters<typeof promptToConnect>[1]): Promise<object> {
  const { label } = needed;
  const { request, resumed } = about;
  const params = (about.body as CallMessage | null)?.params ?? {};
  const link = resumed?.connecting ? resumed : null;
  const missing = needed.missing.join(', ');
  const modern = params._meta?.['io.modelcontextprotocol/protocolVersion'] !== undefined;
  const failed = (text: string): object => ({
    result: { ...(modern && { resultType: 'complete' }), isError: true, content: [{ type: 'text', text }] },
  });
  if (missing !== '')
    return failed(
      `${label} is connected, but the user did not allow: ${missing}. Go on without it, or the user opens this address in a browser, allows it, and this tool is called again: ${await needed.link()}`,
    );
  if (link?.answer === 'decline') return failed(`The user does not want to connect ${label}. Go on without it.`);
  if (link?.answer === 'cancel') return failed(`The user has not connected ${label}. Ask before you try again.`);
  if (link?.over) return failed(`${label} was not connected in time. Call the tool again for a new link.`);
  const { answers = {} } = resumed ?? {};
  const hasAnswers = Object.keys(answers).length > 0; // such a state can be used once
  const carried = (): Promise<string> =>
    sealRequestState(access, params, { ...(hasAnswers && { answers }), connecting: true }, request.url);
  if (link) return { result: { resultType: 'input_required', requestState: hasAnswers ? await carried() : link.state } }; // the user is still there
  const url = await needed.link();
  const message = `Connect your ${label} account, so that this tool can use it.`;
  if (modern && showsLinks(params)) {
    const requestState = await carried();
    const inputRequests = { [CONNECT]: { method: 'elicitation/create', params: { mode: 'url', message, url } } };
    return { result: { resultType: 'input_required', inputRequests, requestState } };
  }
  if (!modern && request.headers.get('mcp-protocol-version') === '2025-11-25') {
    const elicitations = [{ mode: 'url', elicitationId: crypto.randomUUID(), message, url }];
    return { error: { code: URL_ELICITATION_REQUIRED, message, data: { elicitations } } };
  }
  return failed(`${message} The user has to open this address in a browser, and then this tool can be called again: ${url}`);
}

/** Whether a client of 2026-07-28 declares that it can show a link. */
function showsLinks({ _meta }: Params): boolean {
  const capabilities = _meta?.['io.modelcontextprotocol/clientCapabilities'] as { elicitation?: { url?: unknown } } | undefined;
  return typeof capabilities?.elicitation?.url === 'object' && capabilities.elicitation.url !== null;
}
