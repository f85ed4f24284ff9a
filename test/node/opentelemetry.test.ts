/** OpenTelemetry with its real API, SDK and exporter, a real MCP client, and a collector that decodes what arrives. */
import { Client, StreamableHTTPClientTransport } from '@modelcontextprotocol/client';
import { McpServer } from '@modelcontextprotocol/server';
import * as api from '@opentelemetry/api';
import { AsyncLocalStorageContextManager } from '@opentelemetry/context-async-hooks';
import { W3CTraceContextPropagator } from '@opentelemetry/core';
import { OTLPTraceExporter } from '@opentelemetry/exporter-trace-otlp-proto';
import { AggregationTemporality, InMemoryMetricExporter, MeterProvider, PeriodicExportingMetricReader } from '@opentelemetry/sdk-metrics';
import { BatchSpanProcessor, TracerProvider } from '@opentelemetry/sdk-trace';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { z } from 'zod';
import { mcpHandler } from '../../src/mcp/handler.ts';
import { policy } from '../../src/mcp/policy/policy.ts';
import { openTelemetry } from '../../src/opentelemetry.ts';
import type { OAuthProviderOptions } from '../../src/options/options.ts';
import { type App, ISSUER, makeApp, RESOURCE } from '../support/app.ts';
import { type Collector, type SentSpan, startCollector } from '../support/collector.ts';

let collector: Collector;
let sdk: TracerProvider;

beforeEach(async () => {
  collector = await startCollector();
  sdk = new TracerProvider({
    spanProcessors: [new BatchSpanProcessor({ exporter: new OTLPTraceExporter({ url: collector.url }) })],
  });
  api.trace.setGlobalTracerProvider(sdk);
  api.context.setGlobalContextManager(new AsyncLocalStorageContextManager().enable());
  api.propagation.setGlobalPropagator(new W3CTraceContextPropagator());
});

afterEach(async () => {
  api.trace.disable();
  api.context.disable();
  api.propagation.disable();
  await sdk.shutdown();
  await collector.stop();
});

/** The tools do something of their own inside the trace, slowly or not at all. */
const apiHandler = mcpHandler(
  () => {
    const server = new McpServer({ name: 'test', version: '1' });
    server.registerTool('add', { inputSchema: z.object({ a: z.number(), secret: z.string() }) }, async ({ a }, { mcpReq }) => {
      const progressToken = mcpReq._meta?.progressToken;
      if (progressToken !== undefined) await mcpReq.notify({ method: 'notifications/progress', params: { progressToken, progress: 1 } });
      await new Promise((done) => setTimeout(done, 5));
      api.trace.getTracer('tool').startSpan('inside the tool').end();
      return { content: [{ type: 'text' as const, text: String(a) }] };
    });
    server.registerTool('fail', {}, () => ({ isError: true, content: [{ type: 'text' as const, text: 'no' }] }));
    return server;
  },
  { policy: policy({ tools: { add: { scopes: ['read'] }, fail: { scopes: ['read'] }, hidden: { permissions: ['root'] } } }) },
);

async function makeTraced(userId = false): Promise<App> {
  return makeApp('memory', { apiHandler, telemetry: openTelemetry(api, { userId }) } as Partial<OAuthProviderOptions>);
}

/** Connects a client of the SDK, whose requests carry the context that is active where they are made. */
async function connect(app: App, access: string): Promise<Client> {
  const client = new Client({ name: 'test', version: '1' });
  const send = async (input: string | URL, init?: RequestInit): Promise<Response> => {
    const headers = new Headers(init?.headers);
    api.propagation.inject(api.context.active(), headers, { set: (carrier, name, value) => carrier.set(name, value) });
    return app.send(new Request(input, { ...init, headers }));
  };
  const requestInit = { headers: { authorization: `Bearer ${access}` } };
  await client.connect(new StreamableHTTPClientTransport(new URL(RESOURCE), { fetch: send as typeof fetch, requestInit }));
  return client;
}

/** Runs work in a span of the client. @returns the id of its trace. */
async function inClientSpan(work: () => Promise<unknown>): Promise<string> {
  return api.trace.getTracer('client').startActiveSpan('call of the client', async (span) => {
    await work();
    span.end();
    return span.spanContext().traceId;
  });
}

/** The spans that have ended. */
async function ended(): Promise<readonly SentSpan[]> {
  await sdk.forceFlush();
  return collector.spans;
}

/** The spans of a trace. */
async function traceOf(traceId: string): Promise<readonly SentSpan[]> {
  return (await ended()).filter((span) => span.traceId === traceId);
}

const pathTo = (spans: readonly SentSpan[], name: string): readonly string[] => {
  const span = spans.find((one) => one.name === name);
  const parent = spans.find((one) => one.spanId === span?.parentId);
  return [...(parent ? pathTo(spans, parent.name) : []), name];
};

describe('opentelemetry', () => {
  it('makes one trace from the client’s call through guard, store, gate and tool', async () => {
    const app = await makeTraced();
    const { tokens } = await app.signedIn();
    const client = await connect(app, tokens.access);
    const traceId = await inClientSpan(() => client.callTool({ name: 'add', arguments: { a: 4711, secret: 'abracadabra' } }));
    const spans = await traceOf(traceId);
    expect(pathTo(spans, 'read grant')).toEqual(['call of the client', 'POST /mcp', 'guard', 'read grant']);
    expect(pathTo(spans, 'gate')).toEqual(['call of the client', 'POST /mcp', 'gate']);
    expect(pathTo(spans, 'inside the tool')).toEqual(['call of the client', 'POST /mcp', 'tools/call add', 'inside the tool']);
    const of = (name: string): SentSpan | undefined => spans.find((span) => span.name === name);
    expect([of('POST /mcp')?.kind, of('POST /mcp')?.attributes]).toEqual([
      2,
      { 'http.request.method': 'POST', 'url.scheme': 'https', 'http.route': '/mcp', 'http.response.status_code': 200 },
    ]);
    expect([of('tools/call add')?.kind, of('tools/call add')?.attributes]).toEqual([
      2,
      { 'mcp.method.name': 'tools/call', 'mcp.tool.name': 'add', 'gen_ai.tool.name': 'add', 'gen_ai.operation.name': 'execute_tool' },
    ]);
    expect(of('read grant')?.attributes).toEqual({
      'db.system.name': 'portcullis',
      'db.operation.name': 'read',
      'db.collection.name': 'grant',
    });
    expect([of('read grant')?.kind, of('guard')?.attributes]).toEqual([3, { 'portcullis.guard.status': 200 }]);
    expect(spans.some(({ isError }) => isError)).toBe(false);
    await client.close();
    const sent = Buffer.concat(collector.bodies).toString('latin1');
    for (const secret of [tokens.access, tokens.refresh, 'abracadabra', '4711', app.aliceId, ...app.events.flatMap((event) => ('grantId' in event ? [event.grantId ?? ''] : []))].filter(Boolean)) expect(sent).not.toContain(secret); // prettier-ignore
  });

  it('joins the trace of `_meta.traceparent`, and links the request of another one', async () => {
    const app = await makeTraced(true);
    const { tokens } = await app.signedIn();
    const client = await connect(app, tokens.access);
    const traceparent = '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01';
    await client.callTool({ name: 'add', arguments: { a: 1, secret: '' }, _meta: { traceparent } });
    const spans = await traceOf('0af7651916cd43dd8448eb211c80319c');
    const tool = spans.find(({ name }) => name === 'tools/call add');
    expect([tool?.parentId, tool?.attributes['enduser.id']]).toEqual(['b7ad6b7169203331', app.aliceId]);
    expect(pathTo(spans, 'inside the tool')).toEqual(['tools/call add', 'inside the tool']);
    const request = collector.spans.find(({ traceId, name }) => traceId === tool?.links[0] && name === 'POST /mcp');
    expect(request?.parentId).toBe('');
    const inside = await inClientSpan(async () => {
      const own: Record<string, string> = {};
      api.propagation.inject(api.context.active(), own);
      await client.callTool({ name: 'add', arguments: { a: 1, secret: '' }, _meta: own });
    });
    expect(pathTo(await traceOf(inside), 'tools/call add')).toEqual(['call of the client', 'POST /mcp', 'tools/call add']);
    await client.close();
  });

  it('marks what failed, and nothing that a caller chose becomes a name or an attribute', async () => {
    const app = await makeTraced();
    const { tokens } = await app.signedIn();
    const client = await connect(app, tokens.access);
    const failed = await traceOf(await inClientSpan(() => client.callTool({ name: 'fail', arguments: {} })));
    const tool = failed.find(({ name }) => name === 'tools/call fail');
    expect([tool?.isError, tool?.attributes['error.type']]).toEqual([true, 'tool_error']);
    await client.close();
    const denied = await traceOf(
      await inClientSpan(async () => {
        const headers: Record<string, string> = { authorization: 'Bearer wrong' };
        api.propagation.inject(api.context.active(), headers);
        expect((await app.ask('POST', '/mcp?q=chosen-text', '{}', headers)).status).toBe(401);
        expect((await app.send(new Request(`${ISSUER}/chosen-text`, { method: 'CHOSEN', headers }))).status).toBe(404);
      }),
    );
    expect(denied.find(({ name }) => name === 'guard')?.attributes).toEqual({ 'portcullis.guard.status': 401 });
    expect(denied.find(({ name }) => name === '_OTHER')?.attributes).toEqual({ 'http.request.method': '_OTHER', 'url.scheme': 'https', 'http.response.status_code': 404 }); // prettier-ignore
    const body = JSON.stringify({ jsonrpc: '2.0', id: 1, method: 'chosen/text', params: { name: 'chosen text' } });
    const headers = {
      authorization: `Bearer ${tokens.access}`,
      'content-type': 'application/json',
      accept: 'application/json, text/event-stream',
    };
    await app.ask('POST', '/mcp', body, headers);
    expect((await ended()).filter(({ name }) => name === '_OTHER')).toHaveLength(2); // the request above, and this method
    expect(Buffer.concat(collector.bodies).toString('latin1')).not.toMatch(/chosen|CHOSEN/);
  });

  it.each([null, [], 'text', 7, { _meta: null }, { _meta: 'text' }, { _meta: { traceparent: 7 } }, { name: { a: 1 } }])(
    'is no worse for parameters such as %j',
    async (params) => {
      const answered = new Response('answered');
      for (const message of [{ method: 'tools/call', params }, [{ method: 'tools/call', params }], params])
        expect(await openTelemetry(api).message(message, null, async () => answered)).toBe(answered);
      expect((await ended()).map(({ name }) => name)).toEqual(['tools/call', '_OTHER', '_OTHER']);
    },
  );

  it('ends the span of a tool with its stream', async () => {
    const app = await makeTraced();
    const { tokens } = await app.signedIn();
    const body = JSON.stringify({ jsonrpc: '2.0', id: 1, method: 'tools/call', params: { name: 'add', arguments: { a: 1, secret: '' }, _meta: { progressToken: 1 } } }); // prettier-ignore
    const headers = { authorization: `Bearer ${tokens.access}`, 'content-type': 'application/json', accept: 'application/json, text/event-stream', 'mcp-protocol-version': '2025-06-18' }; // prettier-ignore
    const response = await app.ask('POST', '/mcp', body, headers);
    expect(response.headers.get('content-type')).toMatch(/^text\/event-stream/);
    expect((await ended()).map(({ name }) => name)).not.toContain('tools/call add');
    await response.text();
    await expect.poll(async () => (await ended()).map(({ name }) => name)).toContain('tools/call add');
  });

  it('sees a request whose process traces HTTP already as a part of that', async () => {
    const app = await makeTraced();
    const traceId = await inClientSpan(() => app.ask('GET', '/.well-known/oauth-authorization-server'));
    expect(pathTo(await traceOf(traceId), 'GET /.well-known/oauth-authorization-server')).toEqual(['call of the client', 'GET /.well-known/oauth-authorization-server']); // prettier-ignore
  });

  it('measures requests and MCP messages by what has few values, and counts events', async () => {
    const exporter = new InMemoryMetricExporter(AggregationTemporality.CUMULATIVE);
    const meters = new MeterProvider({ readers: [new PeriodicExportingMetricReader({ exporter })] });
    api.metrics.setGlobalMeterProvider(meters);
    const app = await makeTraced(true);
    const { tokens } = await app.signedIn();
    const client = await connect(app, tokens.access);
    await client.callTool({ name: 'add', arguments: { a: 1, secret: '' } });
    await client.close();
    await meters.forceFlush();
    const metrics = exporter.getMetrics().flatMap(({ scopeMetrics }) => scopeMetrics.flatMap((scope) => scope.metrics));
    const seen = metrics.flatMap(({ descriptor: { name, unit }, dataPoints }) =>
      dataPoints.map(({ attributes }) => ({ name, unit, ...attributes })),
    );
    expect(seen).toContainEqual({ name: 'http.server.request.duration', unit: 's', 'http.request.method': 'POST', 'url.scheme': 'https', 'http.route': '/mcp', 'http.response.status_code': 200 }); // prettier-ignore
    expect(seen).toContainEqual({ name: 'mcp.server.operation.duration', unit: 's', 'mcp.method.name': 'tools/call' });
    expect(seen).toContainEqual({ name: 'portcullis.events', unit: '', kind: 'login.succeeded' });
    await meters.shutdown();
    api.metrics.disable();
  });

  it('marks what was thrown by its name alone', async () => {
    const telemetry = openTelemetry(api);
    await expect(telemetry.step('thrown', () => Promise.reject(new RangeError('secret text')))).rejects.toThrow('secret text');
    expect((await ended()).find(({ name }) => name === 'thrown')).toMatchObject({ isError: true, attributes: { 'error.type': 'RangeError' } }); // prettier-ignore
    expect(Buffer.concat(collector.bodies).toString('latin1')).not.toContain('secret text');
  });

  it('refuses another value than the package', async () => {
    for (const wrong of [undefined, null, {}, { trace: {} }, { ...api, metrics: undefined }, { ...api, propagation: {} }])
      expect(() => openTelemetry(wrong as never)).toThrow(/give the package itself/);
    expect(() => openTelemetry(api, { user: true } as never)).toThrow(/`user` is not an option; did you mean `userId`/);
    await expect(makeApp('memory', { telemetry: api as never })).rejects.toThrow(/`telemetry` must be what openTelemetry\(api\)/);
  });
});
