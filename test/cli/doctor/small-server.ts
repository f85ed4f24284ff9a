/** A small MCP server with its own authorization server, made by hand and right in everything, into which a test puts one fault. */
import { createServer, type IncomingMessage } from 'node:http';
import type { AddressInfo } from 'node:net';
import { examine, type Report } from '../../../src/cli/doctor/doctor.ts';
import type { Limits } from '../../../src/cli/doctor/ask.ts';
import type { DoctorOptions } from '../../../src/cli/doctor/run.ts';

/** An answer before it is sent. */
export interface Answer {
  status: number;
  headers: Record<string, string>;
  /** Sent as JSON, unless it is a text. */
  body: Record<string, unknown> | string;
}

/** A request, as a fault sees it. */
export interface Asked {
  readonly method: string;
  readonly path: string;
  readonly query: URLSearchParams;
  readonly headers: IncomingMessage['headers'];
  readonly message: { readonly method?: string; readonly params?: Record<string, unknown> };
  readonly origin: string;
}

/** Changes an answer; `null` cuts the connection, a number waits that many milliseconds first. */
export type Fault = (asked: Asked, answer: Answer) => Answer | null | number | void;

/** Limits for a slow machine, on which an answer takes longer and yet nothing is wrong. */
export const PATIENT: Partial<Limits> = { requestSeconds: 60, totalSeconds: 600, slowSeconds: 60 };

/** The token that is good here. */
export const TOKEN = 'token-of-the-small-server';

/** Every tool of it. */
const TOOLS = [
  { name: 'list_notes', title: 'List notes', description: 'Lists notes', inputSchema: { type: 'object' }, annotations: { readOnlyHint: true } },
  { name: 'delete_note', title: 'Delete a note', description: 'Deletes one', inputSchema: { type: 'object' }, annotations: { destructiveHint: true } },
]; // prettier-ignore

/** Examines a small server with a fault in it. */
export async function examineWith(
  fault: Fault,
  options: Partial<DoctorOptions> & { readonly path?: string; readonly limits?: Partial<Limits> } = {},
): Promise<{ readonly report: Report; readonly origin: string; readonly asked: readonly string[] }> {
  const asked: string[] = [];
  const server = createServer((request, response) => {
    void (async () => {
      let text = '';
      for await (const chunk of request) text += String(chunk);
      const origin = `http://${request.headers.host}`;
      const { pathname, search } = new URL(request.url ?? '/', origin);
      const method = request.method ?? '';
      asked.push(`${method} ${pathname}`);
      const message = text.startsWith('{') ? (JSON.parse(text) as Asked['message']) : {};
      const one: Asked = { method, path: pathname, query: new URLSearchParams(search), headers: request.headers, message, origin };
      const answer = right(one);
      const changed = fault(one, answer);
      if (changed === null) {
        response.destroy();
        return;
      }
      if (typeof changed === 'number') await new Promise((next) => setTimeout(next, changed).unref());
      const { status, headers, body } = typeof changed === 'object' ? changed : answer;
      const type = typeof body === 'string' ? 'text/html' : 'application/json';
      response.writeHead(status, { 'content-type': type, ...headers });
      response.end(method === 'HEAD' ? '' : typeof body === 'string' ? body : JSON.stringify(body));
    })();
  });
  await new Promise<void>((next) => server.listen(0, '127.0.0.1', next));
  const origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  try {
    const { path = '/mcp', limits = {}, ...more } = options;
    const given: DoctorOptions = { url: `${origin}${path}`, format: 'text', directory: null, registers: false, origin: null, token: null, tokenFrom: 'PORTCULLIS_TOKEN', ...more }; // prettier-ignore
    const report = await examine(given, () => undefined, { limits: { ...PATIENT, ...limits }, reach: onlyHere });
    return { report, origin, asked };
  } finally {
    server.closeAllConnections();
    server.close();
  }
}

/** No test calls out of this computer. */
export async function onlyHere({ hostname }: URL): Promise<void> {
  if (hostname !== '127.0.0.1' && hostname !== 'localhost') throw new TypeError('outside', { cause: { code: 'EOUTSIDE' } });
}

const OPEN = { 'access-control-allow-origin': '*' };

function right({ method, path, query, headers, message, origin }: Asked): Answer {
  const answer = (body: Answer['body'], status = 200, more = {}): Answer => ({ status, headers: { ...more }, body });
  if (method === 'OPTIONS')
    return answer('', 204, { ...OPEN, 'access-control-allow-headers': 'authorization, content-type, mcp-protocol-version' });
  if (path.startsWith('/.well-known/oauth-protected-resource'))
    return answer({ resource: `${origin}/mcp`, authorization_servers: [origin], scopes_supported: ['notes'] }, 200, OPEN);
  if (path === '/.well-known/oauth-authorization-server')
    return answer(
      {
        issuer: origin,
        authorization_endpoint: `${origin}/authorize`,
        token_endpoint: `${origin}/token`,
        registration_endpoint: `${origin}/register`,
        client_id_metadata_document_supported: true,
        authorization_response_iss_parameter_supported: true,
        code_challenge_methods_supported: ['S256'],
        token_endpoint_auth_methods_supported: ['none'],
        grant_types_supported: ['authorization_code', 'refresh_token'],
        response_types_supported: ['code'],
        scopes_supported: ['notes'],
      },
      200,
      OPEN,
    );
  if (path === '/token') return answer({ error: 'invalid_client' }, 401, OPEN);
  if (path === '/authorize')
    return query.get('client_id') === 'client-1' ? answer('<h1>Sign in</h1>') : answer('<h1>No such client</h1>', 400);
  if (path === '/register') return answer({ client_id: 'client-1', redirect_uris: [] }, 201);
  if (path === '/mcp') {
    const found = guarded({ method, path, query, headers, message, origin });
    return { ...found, headers: { ...OPEN, 'access-control-expose-headers': 'WWW-Authenticate, Mcp-Session-Id', ...found.headers } };
  }
  return answer('not found', 404);
}

function guarded({ method, headers, message, origin }: Asked): Answer {
  const answer = (body: Answer['body'], status = 200, more = {}): Answer => ({ status, headers: { ...more }, body });
  const metadata = `resource_metadata="${origin}/.well-known/oauth-protected-resource/mcp"`;
  if (headers.authorization === undefined) return answer({}, 401, { 'www-authenticate': `Bearer ${metadata}` });
  if (headers.authorization !== `Bearer ${TOKEN}`)
    return answer({}, 401, { 'www-authenticate': `Bearer error="invalid_token", ${metadata}` });
  return method === 'POST' ? called(message, headers) : answer({}, 405);
}

function called({ method, params }: Asked['message'], headers: Asked['headers']): Answer {
  const result = (value: object, more = {}): Answer => ({ status: 200, headers: more, body: { jsonrpc: '2.0', id: 1, result: value } });
  if (headers['mcp-protocol-version'] === '2026-07-28')
    return { status: 400, headers: {}, body: { jsonrpc: '2.0', id: 1, error: { code: -32_022, message: 'Unsupported protocol version' } } };
  if (method === 'initialize')
    return result({ protocolVersion: params?.['protocolVersion'], capabilities: { tools: {} }, serverInfo: { name: 'small', version: '1' } }, { 'mcp-session-id': 'session-1234' }); // prettier-ignore
  if (headers['mcp-session-id'] !== 'session-1234') return { status: 404, headers: {}, body: {} };
  if (method === 'notifications/initialized') return { status: 202, headers: {}, body: '' };
  return result({ tools: TOOLS });
}
