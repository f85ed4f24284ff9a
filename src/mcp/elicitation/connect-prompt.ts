/**
 * Connect prompt: tells a client that its user has to do something before a tool can go on: answer a question, or connect an account.
 * For an account, in each version of the protocol:
 *
 *   2026-07-28, and the client can show links → `input_required` with the link, and a sealed `requestState` that it carries back
 *   2025-11-25 → the error -32042 with the link
 *   all else   → a result with `isError` that names the link, which a person can open
 *
 * The `requestState` never decides whether an account is connected: that is checked each time. It records how far the user got, so that
 * the user is not asked without end.
 */
import type { JSONRPCMessage } from '@modelcontextprotocol/server';
import type { Access } from '../../model/access.ts';
import { ConnectionNeeded } from '../../model/connection.ts';
import { InputNeeded } from './elicit.ts';
import { type CallMessage, sealRequestState, CONNECT, type Params, type Resumed } from './request-state.ts';
import { type AnyServer, onConnect } from '../sdk.ts';
import { ToolError } from '../tool-error.ts';

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
  inside.executeToolHandler = async (...args) => {
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
  onConnect(server, (transport) => {
    const send = transport.send.bind(transport);
    transport.send = (message, options) => {
      const { id } = message as { id?: unknown };
      const other = 'method' in message ? undefined : instead.get(id);
      return send(other ? ({ jsonrpc: '2.0', id, ...other } as JSONRPCMessage) : message, options);
    };
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
