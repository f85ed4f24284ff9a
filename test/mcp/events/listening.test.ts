/** Streams of changes, with the SDK's own client of 2026-07-28. */
import { type FetchObject, withRequestState } from '../../../src/model/context.ts';
import { Client, StreamableHTTPClientTransport } from '@modelcontextprotocol/client';
import { McpServer } from '@modelcontextprotocol/server';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { mcpHandler, policy, userEvents } from '../../../src/mcp/index.ts';
import type { Access, AuthContext } from '../../../src/model/access.ts';
import { endOf, tellingItsEnd } from '../../../src/mcp/events/listening.ts';
import { eventStream } from '../../../src/mcp/sessions/notifications.ts';
import { signalThatCounts } from '../../support/counting-signal.ts';
import { accessWith, contextOf, ENDPOINT, text } from '../clients.ts';
import { timersLeft } from '../../support/timers.ts';

const admin = policy({ tools: { wipe: { permissions: ['admin'] } } });
const build = (): McpServer => {
  const server = new McpServer({ name: 'd', version: '1' }, { capabilities: { tools: { listChanged: true } } });
  server.registerTool('look', {}, () => text('looked'));
  server.registerTool('wipe', {}, () => text('wiped'));
  return server;
};

interface Person {
  access: Access<AuthContext>;
  good: boolean;
}

/** A client that lists the tools anew whenever it hears that they changed. */
async function listener(handler: FetchObject, who: Person): Promise<{ seen: string[][]; client: Client }> {
  const door: typeof fetch = async (input, init) => {
    const ctx = withRequestState(contextOf(who.access), { stillGood: async () => who.good });
    const response = await handler.fetch(new Request(input as string, init), {}, ctx);
    expect(response.headers.get('cache-control')).toContain('no-store'); // of streams, too (F-46)
    return response;
  };
  const seen: string[][] = [];
  const client = new Client({ name: 't', version: '1' }, {
    versionNegotiation: { mode: 'auto' },
    listChanged: { tools: { debounceMs: 0, onChanged: (_error, tools) => void seen.push((tools ?? []).map(({ name }) => name)) } },
  }); // prettier-ignore
  await client.connect(new StreamableHTTPClientTransport(new URL(ENDPOINT), { fetch: door }));
  return { seen, client };
}

const until = async (what: () => boolean): Promise<void> => vi.waitFor(() => expect(what()).toBe(true), { timeout: 120_000, interval: 10 });

describe('mcp/events/listening', () => {
  it('notifies the user whose rights changed, and no other, so that the client reads the list again', async () => {
    const events = userEvents();
    const handler = mcpHandler(build, { policy: admin, events });
    const ada: Person = { access: accessWith([]), good: true };
    const bob: Person = { access: { ...accessWith([]), userId: 'u2' }, good: true };
    const [one, two] = [await listener(handler, ada), await listener(handler, bob)];
    expect((await one.client.listTools()).tools.map(({ name }) => name)).toEqual(['look']);
    ada.access = accessWith(['admin']);
    await events.publish({ userId: 'u1' });
    await until(() => one.seen.length > 0);
    expect(one.seen.at(-1)).toEqual(['look', 'wipe']);
    ada.access = accessWith([]);
    await events.publish({ userId: 'u1' }, ['tools']);
    await until(() => one.seen.length > 1);
    expect(one.seen.at(-1)).toEqual(['look']);
    expect(two.seen).toEqual([]);
    await events.publish({ userId: 'u1', issuer: 'https://elsewhere.example' });
    await Promise.all([one.client.close(), two.client.close()]);
    expect(one.seen.length).toBe(2);
  });

  it('refuses to look after streams less than every five minutes', () => {
    expect(() => mcpHandler(build, { streamCheck: 301 })).toThrow(/streamCheck/);
  });
});

describe('mcp/events/listening, after the end of a stream', () => {
  const access = { ...accessWith([]), expiresAt: Math.floor(Date.now() / 1000) + 3600 };

  it('leaves no listener on the signal of its client, and no timer (F-61)', () => {
    vi.useFakeTimers();
    const { signal, listeners } = signalThatCounts();
    const ends = [1, 2].map(() => endOf([signal], access, {}, 15));
    expect(listeners()).toBe(2);
    for (const end of ends) end.abort();
    expect([listeners(), vi.getTimerCount()]).toEqual([0, 0]);
    vi.useRealTimers();
  });

  it('is over at once where its client has gone already, and leaves no timer (F-61)', () => {
    vi.useFakeTimers();
    expect(endOf([AbortSignal.abort()], access, {}, 15).signal.aborted).toBe(true);
    expect(vi.getTimerCount()).toBe(0);
    vi.useRealTimers();
  });

  it('ends a stream of events whose client went away before it began (F-61)', async () => {
    vi.useFakeTimers();
    const until = new AbortController();
    until.abort();
    await expect(eventStream(until, () => Promise.resolve()).text()).resolves.not.toContain('data');
    expect(await timersLeft()).toBe(0);
    vi.useRealTimers();
  });

  it('reports the end of a response whose stream fails (F-61)', async () => {
    let overs = 0;
    const body = new ReadableStream({ pull: () => Promise.reject(new Error('broken')) });
    const answer = tellingItsEnd(new Response(body, { headers: { 'content-type': 'text/event-stream' } }), () => void overs++);
    await expect(answer.text()).rejects.toThrow('broken');
    expect(overs).toBe(1);
  });
});

describe('mcp/listening, streams that must end', () => {
  beforeEach(() => void vi.useFakeTimers());
  afterEach(() => void vi.useRealTimers());

  const open = async (who: Person): Promise<{ ended: () => boolean }> => {
    const handler = mcpHandler(build, { streamCheck: 15 });
    const meta = {
      'io.modelcontextprotocol/protocolVersion': '2026-07-28',
      'io.modelcontextprotocol/clientInfo': { name: 't', version: '1' },
      'io.modelcontextprotocol/clientCapabilities': {},
    };
    const body = {
      jsonrpc: '2.0',
      id: 1,
      method: 'subscriptions/listen',
      params: { _meta: meta, notifications: { toolsListChanged: true } },
    };
    const headers = {
      'content-type': 'application/json',
      accept: 'application/json, text/event-stream',
      'mcp-protocol-version': '2026-07-28',
      'mcp-method': 'subscriptions/listen',
    };
    const request = new Request(ENDPOINT, { method: 'POST', headers, body: JSON.stringify(body) });
    const response = await handler.fetch(request, {}, withRequestState(contextOf(who.access), { stillGood: async () => who.good }));
    expect(response.headers.get('content-type')).toContain('event-stream');
    let over = false;
    const reader = response.body?.getReader();
    void (async () => {
      try {
        while (!(await reader?.read())?.done);
      } finally {
        over = true;
      }
    })();
    return { ended: () => over };
  };

  it('SEC-190 ends a stream within fifteen seconds of the revocation of its token', async () => {
    const who: Person = { access: { ...accessWith([]), expiresAt: Math.floor(Date.now() / 1000) + 3600 }, good: true };
    const stream = await open(who);
    await vi.advanceTimersByTimeAsync(60_000);
    expect(stream.ended()).toBe(false);
    who.good = false;
    await vi.advanceTimersByTimeAsync(15_000);
    expect(stream.ended()).toBe(true);
  });

  it.for([1, 15])('SEC-190 ends a stream at most %i s after the revocation, even if a check has just read the store', async (seconds) => {
    let [good, checks] = [true, 0];
    const stillGood = async (): Promise<boolean> => {
      checks++;
      const found = good;
      await new Promise((done) => setTimeout(done, 200)); // a slow store
      return found;
    };
    const end = endOf([], { ...accessWith([]), expiresAt: Math.floor(Date.now() / 1000) + 3600 }, { stillGood }, seconds);
    while (checks < 2) await vi.advanceTimersToNextTimerAsync();
    good = false;
    await vi.advanceTimersByTimeAsync(seconds * 1000);
    expect(end.signal.aborted).toBe(true);
  });

  it('SEC-190 ends a stream when its token ends', async () => {
    const stream = await open({ access: { ...accessWith([]), expiresAt: Math.floor(Date.now() / 1000) + 100 }, good: true });
    await vi.advanceTimersByTimeAsync(98_000);
    expect(stream.ended()).toBe(false);
    await vi.advanceTimersByTimeAsync(3000);
    expect(stream.ended()).toBe(true);
  });

  it('frees the slot of a refused stream, and of one whose reader has disconnected', async () => {
    const { access } = { access: { ...accessWith([]), expiresAt: Math.floor(Date.now() / 1000) + 3600 } };
    const handler = mcpHandler(build, { onError: () => undefined });
    const send = (params: object): Promise<Response> => {
      const headers = {
        'content-type': 'application/json',
        accept: 'application/json, text/event-stream',
        'mcp-protocol-version': '2026-07-28',
        'mcp-method': 'subscriptions/listen',
      };
      const body = JSON.stringify({ jsonrpc: '2.0', id: 1, method: 'subscriptions/listen', params });
      return Promise.resolve(handler.fetch(new Request(ENDPOINT, { method: 'POST', headers, body }), {}, contextOf(access)));
    };
    const meta = {
      'io.modelcontextprotocol/protocolVersion': '2026-07-28',
      'io.modelcontextprotocol/clientInfo': { name: 't', version: '1' },
      'io.modelcontextprotocol/clientCapabilities': {},
    };
    const refused = await send({ _meta: meta, notifications: 'all' });
    expect(refused.headers.get('content-type')).not.toContain('event-stream');
    expect(await timersLeft()).toBe(0);
    const stream = await send({ _meta: meta, notifications: { toolsListChanged: true } });
    expect(vi.getTimerCount()).toBeGreaterThan(0);
    await stream.body?.cancel();
    expect(await timersLeft()).toBe(0);
  });
});
