/**
 * Connecting: how a client learns that its user has to connect an account first, for each line of the protocol.
 *
 *   2026-07-28, and the client can show links → `input_required` with the link, and a sealed `requestState` that it carries back
 *   2025-11-25 → the error -32042 with the link
 *   all else   → a result with `isError` that names the link, which a person can open
 *
 * The state that is carried back is bound to grant (hence user and client), tool and arguments (SEC-192). It decides nothing: whether the
 * account is there is asked anew. It tells how far the person got, so that nobody is asked for ever.
 */
import type { JSONRPCMessage } from '@modelcontextprotocol/server';
import type { Access } from '../model/access.ts';
import { ConnectionNeeded } from '../model/connection.ts';
import { type AnyServer, onConnect } from './sdk.ts';
import { ToolError } from './tool-error.ts';

const STATE = 'pc1.';
const KEY = 'connect';
const URL_ELICITATION_REQUIRED = -32042;
const INVALID_PARAMS = -32602;

/** A call that came back after its user was sent to connect something. */
export interface Resumed {
  readonly answer: 'accept' | 'decline' | 'cancel' | null;
  readonly state: string;
  readonly over: boolean;
}

/** The body without what was ours in it, and what that said; or the refusal. */
export type Resuming = { readonly body: unknown; readonly resumed: Resumed | null } | { readonly refusal: object };

interface Params {
  readonly name?: unknown;
  readonly arguments?: unknown;
  readonly requestState?: unknown;
  readonly inputResponses?: { readonly [key: string]: { readonly action?: unknown } | undefined };
  readonly _meta?: { readonly [name: string]: unknown };
}

interface CallMessage {
  readonly id?: unknown;
  readonly method?: unknown;
  readonly params?: Params;
}

/** Takes our own state out of a call. What another sealed is left for the server behind. */
export async function resume(body: unknown, access: Access | null): Promise<Resuming> {
  if (typeof body !== 'object' || body === null || Array.isArray(body)) return { body, resumed: null };
  const message = body as CallMessage;
  const { requestState, ...params } = message.params ?? {};
  if (access === null || message.method !== 'tools/call' || typeof requestState !== 'string' || !requestState.startsWith(STATE))
    return { body, resumed: null };
  const carried = await access.connect.open(requestState.slice(STATE.length), boundTo(params));
  if (carried === null)
    return { refusal: { jsonrpc: '2.0', id: message.id ?? null, error: { code: INVALID_PARAMS, message: 'Invalid requestState' } } };
  const { [KEY]: ours, ...others } = params.inputResponses ?? {};
  const action = ours?.action;
  const answer = action === 'accept' || action === 'decline' || action === 'cancel' ? action : null;
  const inputResponses = Object.keys(others).length > 0 ? { inputResponses: others } : {};
  const { inputResponses: _, ...rest } = params;
  return { body: { ...message, params: { ...rest, ...inputResponses } }, resumed: { answer, state: requestState, over: carried.over } };
}

/** The tool handler's caller inside `McpServer`; private in the types of both SDK lines, and the same in both. */
interface Inside {
  executeToolHandler?: (...args: unknown[]) => Promise<unknown>;
}

/** Makes a server answer for tools whose user has to connect an account. Before `keepErrorsInside`. */
export function askToConnect(
  server: AnyServer,
  about: { readonly request: Request; readonly body: unknown; readonly access: Access | null; readonly resumed: Resumed | null },
): void {
  const inside = server as Inside;
  const execute = inside.executeToolHandler;
  const { access } = about;
  if (execute === undefined || access === null) return;
  const instead = new Map<unknown, object>();
  inside.executeToolHandler = async (...args) => {
    try {
      return await execute.apply(server, args);
    } catch (error) {
      if (!(error instanceof ConnectionNeeded)) throw error;
      const context = args.at(-1) as { mcpReq?: { id?: unknown }; requestId?: unknown } | undefined;
      instead.set(context?.mcpReq?.id ?? context?.requestId, await answerTo(error, access, about));
      throw new ToolError(error.message);
    }
  };
  onConnect(server, (transport) => {
    const send = transport.send.bind(transport);
    transport.send = (message, options) => {
      const { id } = message as { id?: unknown };
      const other = 'method' in message ? undefined : instead.get(id);
      return send(other ? ({ jsonrpc: '2.0', id, ...other } as JSONRPCMessage) : message, options);
    };
  });
}

/** What stands beside the id of the response. */
async function answerTo(needed: ConnectionNeeded, access: Access, about: Parameters<typeof askToConnect>[1]): Promise<object> {
  const { label } = needed;
  const { request, resumed } = about;
  const params = (about.body as CallMessage | null)?.params ?? {};
  const modern = params._meta?.['io.modelcontextprotocol/protocolVersion'] !== undefined;
  const failed = (text: string): object => ({
    result: { ...(modern && { resultType: 'complete' }), isError: true, content: [{ type: 'text', text }] },
  });
  if (resumed?.answer === 'decline') return failed(`The user does not want to connect ${label}. Go on without it.`);
  if (resumed?.answer === 'cancel') return failed(`The user has not connected ${label}. Ask before you try again.`);
  if (resumed?.over) return failed(`${label} was not connected in time. Call the tool again for a new link.`);
  if (resumed) return { result: { resultType: 'input_required', requestState: resumed.state } }; // the person is still there
  const url = await needed.link();
  const message = `Connect your ${label} account, so that this tool can use it.`;
  if (modern && showsLinks(params)) {
    const requestState = STATE + (await access.connect.seal({ label }, boundTo(params)));
    const inputRequests = { [KEY]: { method: 'elicitation/create', params: { mode: 'url', message, url } } };
    return { result: { resultType: 'input_required', inputRequests, requestState } };
  }
  if (!modern && request.headers.get('mcp-protocol-version') === '2025-11-25') {
    const elicitations = [{ mode: 'url', elicitationId: crypto.randomUUID(), message, url }];
    return { error: { code: URL_ELICITATION_REQUIRED, message, data: { elicitations } } };
  }
  return failed(`${message} The user has to open this address in a browser, and then this tool can be called again: ${url}`);
}

/** Whether a client of 2026-07-28 says that it can show somebody a link. */
function showsLinks({ _meta }: Params): boolean {
  const capabilities = _meta?.['io.modelcontextprotocol/clientCapabilities'] as { elicitation?: { url?: unknown } } | undefined;
  return typeof capabilities?.elicitation?.url === 'object' && capabilities.elicitation.url !== null;
}

/** One text for one tool and its arguments, whatever order their members come in. */
function boundTo({ name, arguments: args }: Params): string {
  return `tools/call ${JSON.stringify([name, sorted(args ?? {})])}`;
}

function sorted(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(sorted);
  if (typeof value !== 'object' || value === null) return value;
  const members = Object.entries(value).toSorted(([a], [b]) => (a < b ? -1 : 1));
  return Object.fromEntries(members.map(([name, member]) => [name, sorted(member)]));
}
