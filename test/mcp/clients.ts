/** Three real clients against a handler in this process: SDK 2.x as of 2025 (its default), SDK 2.x negotiating, SDK 1.x. */
import { Client, StreamableHTTPClientTransport } from '@modelcontextprotocol/client';
import { Client as OldClient } from '@modelcontextprotocol/sdk/client/index.js';
import { StreamableHTTPClientTransport as OldTransport } from '@modelcontextprotocol/sdk/client/streamableHttp.js';
import type { Transport as OldTransportShape } from '@modelcontextprotocol/sdk/shared/transport.js';
import type { Access, AuthContext } from '../../src/model/access.ts';
import type { Context, FetchObject } from '../../src/model/context.ts';

export const ENDPOINT = 'https://mcp.example/mcp';

const noUpstream = (): never => {
  throw new Error('No account of another site in these tests.');
};

/** A user with these permissions, as the guard would describe one. */
export function accessWith(permissions: readonly string[] = [], name = 'Ada'): Access<AuthContext> {
  return {
    userId: 'u1',
    clientId: 'c1',
    grantId: 'g1',
    scope: ['mcp'],
    resource: ENDPOINT,
    expiresAt: 2_000_000_000,
    props: { claims: { sub: 'u1', name }, permissions },
    upstream: noUpstream,
    connect: noUpstream as never,
  };
}

/** What stands beside a request that passed the guard. */
export function contextOf(access: Access<AuthContext>): Context {
  return { waitUntil: () => undefined, auth: access, props: access.props };
}

/** A fetch that goes through the guard's door into the handler; `who` is asked on every request. */
export function doorTo(handler: FetchObject, who: () => Access<AuthContext>): typeof fetch {
  return async (input, init) => handler.fetch(new Request(input as string | URL | Request, init), { colour: 'blue' }, contextOf(who()));
}

export type Line = 'default' | 'auto' | 'old';
export const LINES: readonly Line[] = ['default', 'auto', 'old'];

export interface Answer {
  readonly text: string;
  readonly isError: boolean;
}

export interface Connected {
  readonly era: string | undefined;
  tools(): Promise<string[]>;
  call(name: string, args?: Record<string, unknown>, onprogress?: (progress: number) => void, signal?: AbortSignal): Promise<Answer>;
  /** The error a method ends with. */
  refused(
    method: 'callTool' | 'readResource' | 'getPrompt',
    params: { name?: string; uri?: string },
  ): Promise<{ code?: number; message: string }>;
  close(): Promise<void>;
}

function answerOf(result: { readonly [member: string]: unknown }): Answer {
  const [part] = result['content'] as { text: string }[];
  return { text: part?.text ?? '', isError: result['isError'] === true };
}

/** Connects a client of that line and shows it by one face. */
export async function connect(line: Line, handler: FetchObject, who: () => Access<AuthContext>): Promise<Connected> {
  const url = new URL(ENDPOINT);
  const info = { name: 'test', version: '1.0.0' };
  const door = doorTo(handler, who);
  const client = line === 'old' ? new OldClient(info) : new Client(info, line === 'auto' ? { versionNegotiation: { mode: 'auto' } } : {});
  if (client instanceof OldClient) await client.connect(new OldTransport(url, { fetch: door }) as OldTransportShape);
  else await client.connect(new StreamableHTTPClientTransport(url, { fetch: door }));
  return {
    era: client instanceof OldClient ? undefined : client.getNegotiatedProtocolVersion(),
    tools: async () => (await client.listTools()).tools.map((tool) => tool.name),
    async call(name, args = {}, onprogress, signal) {
      const options = {
        ...(onprogress && { onprogress: ({ progress }: { progress: number }) => onprogress(progress) }),
        ...(signal && { signal }),
      };
      const params = { name, arguments: args };
      return answerOf(await (client instanceof OldClient ? client.callTool(params, undefined, options) : client.callTool(params, options)));
    },
    async refused(method, params) {
      try {
        const result = await (client[method] as (params: unknown) => Promise<unknown>).call(client, params);
        return { message: `not refused: ${JSON.stringify(result)}` };
      } catch (error) {
        return error as { code?: number; message: string };
      }
    },
    close: () => client.close(),
  };
}

/** A tool's result of one line. */
export function text(value: string): { content: { type: 'text'; text: string }[] } {
  return { content: [{ type: 'text', text: value }] };
}

/** A `tools/call` as the clients of 2025 put it on the wire. */
export function callOf(id: number, name: string, args: Record<string, unknown> = {}): string {
  return JSON.stringify({ jsonrpc: '2.0', id, method: 'tools/call', params: { name, arguments: args } });
}

/** One JSON-RPC body as any HTTP client may send it, and the messages that come back, of JSON or of an event stream. */
export async function post(
  handler: FetchObject,
  body: string,
  access: Access<AuthContext>,
): Promise<{ status: number; messages: unknown[] }> {
  const headers = { 'content-type': 'application/json', accept: 'application/json, text/event-stream' };
  const response = await handler.fetch(new Request(ENDPOINT, { method: 'POST', headers, body }), { colour: 'blue' }, contextOf(access));
  const text = await response.text();
  if (!response.headers.get('content-type')?.includes('event-stream')) return { status: response.status, messages: [JSON.parse(text)] };
  const data = text.split('\n').filter((line) => line.startsWith('data: {'));
  return { status: response.status, messages: data.map((line) => JSON.parse(line.slice(6))) };
}
