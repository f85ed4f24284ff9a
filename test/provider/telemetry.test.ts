/** Where the server makes spans, on each runtime, with a recorder in place of OpenTelemetry (the real one is in test/node/opentelemetry.test.ts). */
import { McpServer } from '@modelcontextprotocol/server';
import { describe, expect, it, vi } from 'vitest';
import { guard } from '../../src/guard/guard.ts';
import { mcpHandler } from '../../src/mcp/handler.ts';
import type { Checked } from '../../src/model/access.ts';
import type { Store } from '../../src/model/store.ts';
import type { Span, Telemetry } from '../../src/model/event.ts';
import { type App, makeApp, storeNames } from '../support/app.ts';

const apiHandler = mcpHandler(() => {
  const server = new McpServer({ name: 'test', version: '1' });
  server.registerTool('now', {}, () => ({ content: [{ type: 'text' as const, text: 'now' }] }));
  return server;
});

/** Notes what begins, in order. */
function recorder(): { readonly telemetry: Telemetry; readonly begun: string[]; readonly set: Record<string, unknown> } {
  const begun: string[] = [];
  const set: Record<string, unknown> = {};
  const span: Span = { set: (attributes) => void Object.assign(set, attributes), until: () => undefined };
  const of = <T>(name: string, work: (span: Span) => Promise<T>): Promise<T> => (begun.push(name), work(span));
  const telemetry: Telemetry = {
    request: (request, work) => of(`request ${new URL(request.url).pathname}`, work),
    step: (name, work) => of(name, work),
    message: (message, access, work) => of(`${(message as { method: string }).method} of ${access === null ? 'no one' : 'a user'}`, work),
    store: (store): Store => ({ ...bound(store), read: (key, known) => of(`read ${key.split(':')[0]}`, () => store.read(key, known)) }),
    event: ({ kind }) => void begun.push(kind),
  };
  return { telemetry, begun, set };
}

function bound(store: Store): Store {
  return { atomic: true, read: (...all) => store.read(...all), write: (...all) => store.write(...all), remove: (...all) => store.remove(...all), list: (...all) => store.list(...all) }; // prettier-ignore
}

const BODY = JSON.stringify({ jsonrpc: '2.0', id: 1, method: 'tools/call', params: { name: 'now', arguments: {} } });
const headersFor = (token: string): Record<string, string> => {
  return { authorization: `Bearer ${token}`, 'content-type': 'application/json', accept: 'application/json, text/event-stream' };
};

function call(app: App, token: string): Promise<Response> {
  return app.ask('POST', '/mcp', BODY, headersFor(token));
}

describe.each(storeNames)('telemetry on %s', (store) => {
  it('is told of the request, guard, store, gate and message, in this order', async () => {
    const { telemetry, begun, set } = recorder();
    const app = await makeApp(store, { apiHandler, telemetry });
    const { tokens } = await app.signedIn();
    begun.length = 0;
    expect((await call(app, tokens.access)).status).toBe(200);
    expect(begun).toEqual(['request /mcp', 'guard', 'read grant', 'gate', 'call.allowed', 'tools/call of a user']);
    expect(set).toMatchObject({ 'http.route': '/mcp', 'portcullis.guard.status': 200 });
    begun.length = 0;
    expect((await call(app, 'wrong')).status).toBe(401);
    expect(begun).toEqual(['request /mcp', 'guard', 'request.refused']);
    expect(set).toMatchObject({ 'portcullis.guard.status': 401 });
    await app.ask('GET', '/.well-known/oauth-authorization-server');
    expect(set['http.route']).toBe('/.well-known/oauth-authorization-server');
  });

  it('fails no request when an event cannot be counted', async () => {
    const { telemetry } = recorder();
    const printed = vi.spyOn(console, 'error').mockImplementation(() => undefined);
    const event = (): never => {
      throw new Error('the meter is broken');
    };
    const app = await makeApp(store, { apiHandler, telemetry: { ...telemetry, event } });
    const { tokens } = await app.signedIn();
    expect((await call(app, tokens.access)).status).toBe(200);
    expect(printed).toHaveBeenCalledWith('portcullis: `telemetry` failed', expect.objectContaining({ message: 'the meter is broken' }));
    printed.mockRestore();
  });
});

describe('telemetry of a guard alone', () => {
  it('is told of the request, guard, gate and message', async () => {
    const { telemetry, begun, set } = recorder();
    const resource = 'https://mcp.example/notes/mcp';
    const access = { userId: 'u', clientId: 'c', grantId: 'g', scope: [], resource, expiresAt: 2_000_000_000, props: {} };
    const verify = (token: string): Checked | null => (token === 'good' ? access : null);
    const check = guard({ resource, authorizationServers: ['https://as.example'], verify, telemetry, onRefused: () => undefined });
    const handler = check.protect((request, env, ctx) => apiHandler.fetch(request, env, ctx as never));
    const ask = (token: string): Promise<Response> =>
      handler(new Request(resource, { method: 'POST', headers: headersFor(token), body: BODY }));
    expect((await ask('good')).status).toBe(200);
    expect([begun, set['http.route']]).toEqual([['request /notes/mcp', 'guard', 'gate', 'tools/call of a user'], '/notes/mcp']);
    begun.length = 0;
    expect((await ask('wrong')).status).toBe(401);
    expect(begun).toEqual(['request /notes/mcp', 'guard']);
  });
});
