/** How a call of a 2025-era client is answered, by the bytes: what the SDK's clients make of it stands in the other tests of this folder. */
import { McpServer as OldMcpServer } from '@modelcontextprotocol/sdk/server/mcp.js';
import { McpServer, requireScopes } from '@modelcontextprotocol/server';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { type AnyServer, mcpHandler } from '../../src/mcp/index.ts';
import { accessWith, contextOf, ENDPOINT, text } from './clients.ts';
import { timersLeft } from '../support/timers.ts';

interface Tools {
  registerTool(name: string, config: object, run: (context: Context) => Promise<object>): unknown;
}
/** As much of a tool's context as both lines have, each by its own name. */
interface Context {
  readonly mcpReq?: { notify(note: object): Promise<void>; readonly signal: AbortSignal };
  readonly sendNotification?: (note: object) => Promise<void>;
  readonly signal?: AbortSignal;
}

const SDKS: readonly (readonly [string, () => AnyServer])[] = [
  ['SDK 2.x', () => new McpServer({ name: 'x', version: '1' })],
  ['SDK 1.x', () => new OldMcpServer({ name: 'x', version: '1' }) as AnyServer],
];

afterEach(() => void vi.useRealTimers());

describe.each(SDKS)('mcp/exchange with a server of %s', (sdk, make) => {
  const seen: { aborted: boolean; closed: number; release: (() => void) | null } = { aborted: false, closed: 0, release: null };
  const handler = mcpHandler(
    () => {
      const server = make();
      const tools = server as unknown as Tools & { server: { onclose?: () => void } };
      tools.server.onclose = () => void (seen.closed += 1);
      tools.registerTool('quick', {}, async () => text('quick'));
      tools.registerTool('chatty', {}, async (context) => {
        const note = { method: 'notifications/progress', params: { progressToken: 't', progress: 1 } };
        await (context.mcpReq ? context.mcpReq.notify(note) : context.sendNotification?.(note));
        return text('done');
      });
      tools.registerTool('slow', {}, async (context) => {
        const signal = context.mcpReq?.signal ?? context.signal;
        signal?.addEventListener('abort', () => void (seen.aborted = true));
        await new Promise<void>((release) => (seen.release = release));
        return text('at last');
      });
      return server;
    },
    { onError: () => undefined },
  );
  const call = async (name: string, { headers = {}, signal }: { headers?: Record<string, string>; signal?: AbortSignal } = {}) => {
    const all = { 'content-type': 'application/json', accept: 'application/json, text/event-stream', 'mcp-protocol-version': '2025-11-25', ...headers };
    const body = JSON.stringify({ jsonrpc: '2.0', id: 7, method: 'tools/call', params: { name, _meta: { progressToken: 't' } } });
    return handler.fetch(new Request(ENDPOINT, { method: 'POST', headers: all, body, ...(signal && { signal }) }), {}, contextOf(accessWith()));
  }; // prettier-ignore

  it('answers with JSON where the answer is all there is, and closes the server', async () => {
    seen.closed = 0;
    const response = await call('quick');
    expect([response.status, response.headers.get('content-type'), response.headers.get('cache-control')]).toEqual([200, 'application/json', 'no-store']);
    expect(await response.json()).toMatchObject({ jsonrpc: '2.0', id: 7, result: text('quick') });
    await vi.waitFor(() => expect(seen.closed).toBe(1), { timeout: 120_000 });
  }); // prettier-ignore

  it('answers with a stream as soon as something is said before the answer', async () => {
    const response = await call('chatty');
    expect(response.headers.get('content-type')).toBe('text/event-stream');
    const said = (await response.text()).split('\n').filter((line) => line.startsWith('data: ')).map((line) => JSON.parse(line.slice(6)) as { method?: string; id?: number }); // prettier-ignore
    expect(said).toMatchObject([{ method: 'notifications/progress' }, { id: 7, result: text('done') }]);
  });

  it('opens a stream where the answer takes long, says that it lives, and gives the answer there', async () => {
    vi.useFakeTimers({ toFake: ['setTimeout', 'setInterval', 'clearTimeout', 'clearInterval'] });
    const answering = call('slow');
    await vi.advanceTimersByTimeAsync(5000);
    const response = await answering;
    expect(response.headers.get('content-type')).toBe('text/event-stream');
    await vi.advanceTimersByTimeAsync(15_000);
    seen.release?.();
    const said = await response.text();
    expect([said.startsWith(': still here\n\n'), said.includes('at last')]).toEqual([true, true]);
    expect(await timersLeft()).toBe(0);
  });

  it('stops a tool whose client hangs up, before the answer and on the stream', async () => {
    [seen.aborted, seen.release] = [false, null];
    const hangUp = new AbortController();
    const answering = call('slow', { signal: hangUp.signal });
    await vi.waitFor(() => expect(seen.release).not.toBeNull(), { timeout: 120_000 });
    hangUp.abort();
    expect((await answering).status).toBe(499);
    await vi.waitFor(() => expect(seen.aborted).toBe(true), { timeout: 120_000 });

    vi.useFakeTimers({ toFake: ['setTimeout', 'setInterval', 'clearTimeout', 'clearInterval'] });
    seen.aborted = false;
    const long = call('slow');
    await vi.advanceTimersByTimeAsync(5000);
    await (await long).body?.cancel();
    await vi.waitFor(() => expect(seen.aborted).toBe(true), { timeout: 120_000 });
    expect(await timersLeft()).toBe(0);
  });

  it('leaves it to the SDK to say no to wrong headers', async () => {
    expect((await call('quick', { headers: { accept: 'text/html' } })).status).toBe(406);
    expect((await call('quick', { headers: { 'content-type': 'text/plain' } })).status).toBe(415);
    expect((await call('quick', { headers: { 'mcp-protocol-version': '1999-01-01' } })).status).toBe(400);
    expect(sdk).toContain('SDK');
  });
});

describe('mcp/response, json-response', () => {
  it("leaves a tool with the SDK's own challenge to the SDK, which asks for it before the handler runs", async () => {
    let ran = false;
    const handler = mcpHandler(
      () => {
        const server = new McpServer({ name: 'x', version: '1' });
        server.registerTool('own', { scopeChallenge: requireScopes('write') }, (() => text(String((ran = true)))) as never);
        return server;
      },
      { onError: () => undefined },
    );
    const headers = { 'content-type': 'application/json', accept: 'application/json, text/event-stream' };
    const body = JSON.stringify({ jsonrpc: '2.0', id: 7, method: 'tools/call', params: { name: 'own' } });
    const response = await handler.fetch(new Request(ENDPOINT, { method: 'POST', headers, body }), {}, contextOf(accessWith()));
    expect([response.status, ran]).toEqual([403, false]);
  });
});
