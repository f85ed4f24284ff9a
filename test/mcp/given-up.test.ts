/** Calls that are given up, on every store: the operator gets reports of errors to fix, not of cancelled calls and revoked tokens. */
import { McpServer as OldServer } from '@modelcontextprotocol/sdk/server/mcp.js';
import { McpServer } from '@modelcontextprotocol/server';
import { describe, expect, it, vi } from 'vitest';
import { makeElicitor } from '../../src/mcp/elicitation/elicit.ts';
import { McpAgent, sessions, ToolError } from '../../src/mcp/index.ts';
import type { Handler } from '../../src/model/context.ts';
import { type App, makeApp, storeNames } from '../support/app.ts';
import { text } from './clients.ts';
import { ask, type Begun, begun, eventsOf, toolCall } from './session-client.ts';

const CITY = { type: 'object' as const, properties: { city: { type: 'string' as const } } };
const ASKED = { message: 'Which city?', requestedSchema: CITY };
const aborted = (signal: AbortSignal): Promise<void> =>
  new Promise((done) => (signal.aborted ? done() : signal.addEventListener('abort', () => done(), { once: true })));

/** What began, and what came to an end. */
const started: string[] = [];
const ended: string[] = [];
const errors: string[] = [];

/** Tools that wait, each for something else, and say how it ended. */
async function noted<T>(name: string, work: () => Promise<T>): Promise<T> {
  started.push(name);
  try {
    return await work();
  } finally {
    ended.push(name);
  }
}

class Waiting extends McpAgent {
  server = new McpServer({ name: 'waiting', version: '1.0.0' });
  init(): void {
    const { server } = this;
    server.registerTool('asks', {}, () => noted('asks', async () => text((await this.elicit(ASKED)).action)));
    server.registerTool('asks-by-the-sdk', {}, (context) =>
      noted('asks-by-the-sdk', async () => text((await context.mcpReq.elicitInput(ASKED)).action)),
    );
    server.registerTool('asks-afterwards', {}, (context) =>
      noted('asks-afterwards', async () => {
        await aborted(context.mcpReq.signal);
        await new Promise((next) => setTimeout(next));
        return text((await this.elicit(ASKED)).action);
      }),
    );
    server.registerTool('heeds-the-signal', {}, ({ mcpReq: { signal } }) =>
      noted('heeds-the-signal', async () => {
        await aborted(signal);
        signal.throwIfAborted();
        return text('never');
      }),
    );
    server.registerTool('breaks', {}, ({ mcpReq: { signal } }) =>
      noted('breaks', async () => {
        await aborted(signal);
        throw new TypeError('a fault of the tool');
      }),
    );
  }
}

class OldWaiting extends McpAgent {
  server = new OldServer({ name: 'old', version: '1.0.0' });
  init(): void {
    this.server.tool('asks', () => noted('asks', async () => text((await this.server.server.elicitInput(ASKED)).action)));
    this.server.tool('heeds-the-signal', ({ signal }) =>
      noted('heeds-the-signal', async () => {
        await aborted(signal);
        signal.throwIfAborted();
        return text('never');
      }),
    );
  }
}

const AGENTS = { '2.x': Waiting, '1.x': OldWaiting as unknown as typeof Waiting };
const serving = (store: string, line: keyof typeof AGENTS): Promise<App> => {
  errors.length = started.length = ended.length = 0;
  const options = { sessions: sessions(), streamCheck: 1, onError: (error: Error): void => void errors.push(error.message) };
  return makeApp(store, { apiHandler: AGENTS[line].serve('/mcp', options) as Handler, accessTokenTTL: 86_400 });
};

/** Calls a tool, and waits until it is at it. */
async function atIt(app: App, session: Begun, name: string, id: number): Promise<ReturnType<typeof eventsOf>> {
  const stream = eventsOf(await ask(app, session, 'POST', toolCall(name, id)));
  await stream.next();
  await vi.waitFor(() => expect(started).toContain(name), { timeout: 120_000, interval: 1 }); // a call that is given up before is never begun
  if (name.startsWith('asks') && name !== 'asks-afterwards') expect((await stream.next())?.data['method']).toBe('elicitation/create');
  return stream;
}
const cancelled = (requestId: number): object => ({ jsonrpc: '2.0', method: 'notifications/cancelled', params: { requestId } });
const have = (names: readonly string[]): Promise<void> =>
  vi.waitFor(() => expect(ended.toSorted()).toEqual(names.toSorted()), { timeout: 120_000, interval: 10 });

describe.each(storeNames)('calls that are given up, on %s', (store) => {
  it.each([
    ['2.x', ['asks', 'asks-by-the-sdk', 'asks-afterwards', 'heeds-the-signal']],
    ['1.x', ['asks', 'heeds-the-signal']],
  ] as const)('SEC-190: a revoked token ends the call, without a report to the operator (SDK %s)', async (line, names) => {
    const app = await serving(store, line);
    const { client, tokens } = await app.signedIn();
    const session = await begun(app, tokens.access);
    const streams = await Promise.all(names.map((name, at) => atIt(app, session, name, at + 1)));
    await client.revoke(tokens.refresh);
    for (const stream of streams) expect(await stream.next()).toBeNull();
    await have(names);
    expect(errors).toEqual([]);
  });

  it.each([
    ['2.x', ['asks', 'asks-by-the-sdk', 'heeds-the-signal']],
    ['1.x', ['asks', 'heeds-the-signal']],
  ] as const)('a cancellation by the client ends the call, without a report to the operator (SDK %s)', async (line, names) => {
    const app = await serving(store, line);
    const { tokens } = await app.signedIn();
    const session = await begun(app, tokens.access);
    const streams = await Promise.all(names.map((name, at) => atIt(app, session, name, at + 1)));
    for (const [at] of names.entries()) await ask(app, session, 'POST', cancelled(at + 1));
    for (const stream of streams) expect(await stream.next()).toBeNull();
    await have(names);
    expect(errors).toEqual([]);
  });

  it('a fault of the tool itself is reported, also if no client waits for the answer', async () => {
    const app = await serving(store, '2.x');
    const { client, tokens } = await app.signedIn();
    const stream = await atIt(app, await begun(app, tokens.access), 'breaks', 1);
    await client.revoke(tokens.refresh);
    expect(await stream.next()).toBeNull();
    await have(['breaks']);
    await vi.waitFor(() => expect(errors).toEqual(['a fault of the tool']), { timeout: 120_000, interval: 5 });
  });
});

describe('errors that the operator cannot fix', () => {
  it.each(['REQUEST_TIMEOUT', -32001])('a person who does not answer is told to the model, not to the operator (%s)', async (code) => {
    const server = { elicitInput: () => Promise.reject(Object.assign(new Error('Request timed out'), { code })) };
    const asker = makeElicitor(() => server as never, { jsonrpc: '2.0', id: 1, method: 'tools/call', params: {} }, null, true);
    const error = await asker.elicit({ ...ASKED }).catch((thrown: unknown) => thrown);
    expect(error).toBeInstanceOf(ToolError);
    expect((error as Error).message).toBe('Which city? The user has not answered in time.');
  });

  it('invalid parameters are the client’s fault: the client gets an error, and the operator no report', async () => {
    for (const line of ['2.x', '1.x'] as const) {
      const app = await serving('memory', line);
      const { tokens } = await app.signedIn();
      const session = await begun(app, tokens.access);
      const call = { jsonrpc: '2.0', id: 1, method: 'tools/list', params: { cursor: 7 } };
      const stream = eventsOf(await ask(app, session, 'POST', call));
      let event = await stream.next();
      while (event && event.data['error'] === undefined) event = await stream.next();
      expect([line, event?.data['error']]).toEqual([line, { code: -32602, message: 'Invalid params' }]);
      expect(errors).toEqual([]);
    }
  });
});
