/** A client of 2025 by hand: its requests, the session that it begins, and the streams that it reads. */
import { expect } from 'vitest';
import { tokensOf } from '../../src/testing/oauth-client.ts';
import type { Send } from '../../src/testing/browser.ts';
import { ALICE, type App, ISSUER } from '../support/app.ts';

/** A server, or one of several. */
export interface Door {
  readonly send: Send;
}

/** A token of a fresh client for someone. */
export async function tokenOf(app: App, who: { readonly username: string; readonly password: string } = ALICE): Promise<string> {
  const client = await app.client();
  return tokensOf(await client.redeem(await client.signIn(app.browser(), who))).access;
}

/** A fetch of a client that carries a token. */
export function doorTo(app: Door, token: string, seen: string[] = []): typeof fetch {
  return async (input, init) => {
    const request = new Request(input as string | URL | Request, init);
    request.headers.set('authorization', `Bearer ${token}`);
    const response = await app.send(request);
    seen.push(`${request.method} ${response.status}`);
    return response;
  };
}

/** A session, and the token that it was begun with. */
export interface Begun {
  readonly token: string;
  readonly id: string;
}

/** One request. */
export function ask(
  app: Door,
  { token, id }: { token: string; id?: string },
  method: string,
  body?: object,
  more: Record<string, string> = {},
): Promise<Response> {
  const headers = {
    authorization: `Bearer ${token}`,
    'content-type': 'application/json',
    accept: method === 'GET' ? 'text/event-stream' : 'application/json, text/event-stream',
    'mcp-protocol-version': '2025-11-25',
    ...(id === undefined ? {} : { 'mcp-session-id': id }),
    ...more,
  };
  return app.send(new Request(`${ISSUER}/mcp`, { method, headers, ...(body && { body: JSON.stringify(body) }) }));
}

/** Begins a session. */
export async function begun(app: Door, token: string): Promise<Begun> {
  const params = { protocolVersion: '2025-11-25', capabilities: { elicitation: {} }, clientInfo: { name: 't', version: '1' } };
  const response = await ask(app, { token }, 'POST', { jsonrpc: '2.0', id: 0, method: 'initialize', params });
  await response.text();
  const id = response.headers.get('mcp-session-id') ?? '';
  expect(id).toMatch(/^[\w-]{43}$/);
  return { token, id };
}

/** A `tools/call`. */
export const toolCall = (name: string, id: number | string = 1): object => ({
  jsonrpc: '2.0',
  id,
  method: 'tools/call',
  params: { name, arguments: {} },
});

/** Reads a stream event by event. */
export function eventsOf(response: Response): {
  next(): Promise<{ id: string; data: { [member: string]: unknown } } | null>;
  cancel(): Promise<void>;
} {
  const reader = (response.body as ReadableStream<Uint8Array>)
    .pipeThrough(new TextDecoderStream() as never)
    .getReader() as ReadableStreamDefaultReader<string>;
  let read = '';
  return {
    async next() {
      for (;;) {
        const end = read.indexOf('\n\n');
        if (end < 0) {
          const { done, value } = await reader.read();
          if (done) return null;
          read += value;
          continue;
        }
        const lines = read.slice(0, end).split('\n');
        read = read.slice(end + 2);
        const of = (name: string): string => lines.find((line) => line.startsWith(`${name}: `))?.slice(name.length + 2) ?? '';
        if (of('id') !== '' || of('data') !== '')
          return { id: of('id'), data: of('data').trim() === '' ? {} : (JSON.parse(of('data')) as never) };
      }
    },
    cancel: () => reader.cancel(),
  };
}
