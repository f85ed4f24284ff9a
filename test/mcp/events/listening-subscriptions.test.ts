/** What a client of 2025 wants of its session for all that follows: a level of log messages, news of resources. On every store. */
import { Client, StreamableHTTPClientTransport } from '@modelcontextprotocol/client';
import { McpServer as OldServer } from '@modelcontextprotocol/sdk/server/mcp.js';
import { SubscribeRequestSchema } from '@modelcontextprotocol/sdk/types.js';
import { McpServer, ProtocolError } from '@modelcontextprotocol/server';
import { describe, expect, it, vi } from 'vitest';
import { MAX_SUBSCRIPTIONS, subscribedAs, subscriptionIn, subscriptionsAfter } from '../../../src/mcp/events/listening.ts';
import { McpAgent, policy, sessions, userEvents } from '../../../src/mcp/index.ts';
import type { Handler } from '../../../src/model/context.ts';
import { type App, ISSUER, makeApp, storeNames } from '../../support/app.ts';
import { text } from '../clients.ts';
import { ask, type Begun, begun, doorTo, eventsOf, tokenOf, toolCall } from '../session-client.ts';

const CAPABILITIES = { tools: {}, logging: {}, resources: { subscribe: true, listChanged: true } };
const NOTE = 'notes://one';
const news = userEvents();

/** Says something at two levels, once by the SDK's own verb, which knows levels, and once by the one that does not. */
class Talking extends McpAgent {
  server = new McpServer({ name: 'talking', version: '1.0.0' }, { capabilities: CAPABILITIES });
  init(): void {
    this.server.registerTool('talk', {}, async (context) => {
      await context.mcpReq.log('debug', 'small');
      for (const level of ['debug', 'error'])
        await context.mcpReq.notify({ method: 'notifications/message', params: { level, data: `raw ${level}` } } as never);
      return text('talked');
    });
    this.server.registerResource('note', NOTE, {}, () => ({ contents: [{ uri: NOTE, text: 'note' }] }));
  }
}

/** Has a handler of its own for subscriptions, which refuses one of them. */
class Choosy extends Talking {
  override init(): void {
    this.server.server.setRequestHandler('resources/subscribe', ({ params }) => {
      if (params.uri !== NOTE) throw new ProtocolError(-32602, 'No such note.');
      return {};
    });
  }
}

/** Of SDK 1.x. */
class OldTalking extends McpAgent {
  server = new OldServer({ name: 'old', version: '1.0.0' }, { capabilities: CAPABILITIES });
  init(): void {
    this.server.server.setRequestHandler(SubscribeRequestSchema, () => ({}));
    this.server.tool('talk', async (extra) => {
      for (const level of ['debug', 'error'] as const)
        await extra.sendNotification({ method: 'notifications/message', params: { level, data: `raw ${level}` } });
      return text('talked');
    });
  }
}

/** Declares nothing of the kind. */
class Plain extends McpAgent {
  server = new McpServer({ name: 'plain', version: '1.0.0' });
  init(): void {
    this.server.registerResource('note', NOTE, {}, () => ({ contents: [{ uri: NOTE, text: 'note' }] }));
  }
}

const options = { sessions: sessions(), events: news };
const serving = (store: string, Agent: typeof Talking | typeof OldTalking | typeof Plain = Talking, more: object = {}): Promise<App> =>
  makeApp(store, { apiHandler: (Agent as typeof Talking).serve('/mcp', { ...options, ...more }) as Handler, accessTokenTTL: 86_400 });

let count = 10;
/** Asks for a method, and gives the answer. */
async function call(
  app: App,
  session: Begun,
  method: string,
  params: object = {},
): Promise<{ result?: unknown; error?: { code: number } }> {
  const stream = eventsOf(await ask(app, session, 'POST', { jsonrpc: '2.0', id: ++count, method, params }));
  for (;;) {
    const event = await stream.next();
    if (event === null || 'result' in event.data || 'error' in event.data) return (event?.data ?? {}) as never;
  }
}

/** What a call of `talk` says before its answer. */
async function heardOf(app: App, session: Begun): Promise<unknown[]> {
  const stream = eventsOf(await ask(app, session, 'POST', toolCall('talk', ++count)));
  const heard: unknown[] = [];
  for (let event = await stream.next(); event !== null; event = await stream.next())
    if (event.data['method'] === 'notifications/message') heard.push((event.data['params'] as { data: unknown }).data);
  return heard;
}

describe.each(storeNames)('what a client wants of its session, on %s', (store) => {
  it.each([
    ['2.x', Talking, ['small', 'raw debug', 'raw error']],
    ['1.x', OldTalking, ['raw debug', 'raw error']],
  ] as const)('a level of log messages holds for all requests that follow, and for this session alone (SDK %s)', async (_, Agent, all) => {
    const app = await serving(store, Agent);
    const token = await tokenOf(app);
    const [quiet, other] = [await begun(app, token), await begun(app, token)];
    expect(await heardOf(app, quiet)).toEqual(all);
    expect((await call(app, quiet, 'logging/setLevel', { level: 'warning' })).result).toEqual({});
    expect([await heardOf(app, quiet), await heardOf(app, other)]).toEqual([['raw error'], all]);
    await call(app, quiet, 'logging/setLevel', { level: 'debug' });
    expect(await heardOf(app, quiet)).toEqual(all);
  });

  it('a level that there is not is refused, and the one before holds', async () => {
    const app = await serving(store);
    const session = await begun(app, await tokenOf(app));
    await call(app, session, 'logging/setLevel', { level: 'error' });
    expect((await call(app, session, 'logging/setLevel', { level: 'loud' })).error?.code).toBe(-32602);
    expect(await heardOf(app, session)).toEqual(['raw error']);
  });

  it('a subscription reports updates of that resource only, to that session only, until it is cancelled', async () => {
    const app = await serving(store);
    const token = await tokenOf(app);
    const [session, other] = [await begun(app, token), await begun(app, token)];
    const [stream, others] = [eventsOf(await ask(app, session, 'GET')), eventsOf(await ask(app, other, 'GET'))];
    await Promise.all([stream.next(), others.next()]);
    expect((await call(app, session, 'resources/subscribe', { uri: NOTE })).result).toEqual({});
    const user = { userId: app.aliceId };
    await news.publish(user, [{ updated: 'notes://two' }, { updated: NOTE }]);
    expect((await stream.next())?.data).toEqual({ jsonrpc: '2.0', method: 'notifications/resources/updated', params: { uri: NOTE } });
    await news.publish(user, ['updates']);
    expect((await stream.next())?.data['method']).toBe('notifications/resources/updated');
    await call(app, session, 'resources/unsubscribe', { uri: NOTE });
    await news.publish(user, [{ updated: NOTE }, 'updates']);
    await news.publish(user, ['resources']);
    expect((await stream.next())?.data['method']).toBe('notifications/resources/list_changed');
    expect((await others.next())?.data['method']).toBe('notifications/resources/list_changed');
    await Promise.all([stream.cancel(), others.cancel()]);
  });

  it('SEC-191: an update of one user’s resource reaches no other user who has subscribed to it', async () => {
    const app = await serving(store);
    const session = await begun(app, await tokenOf(app));
    await call(app, session, 'resources/subscribe', { uri: NOTE });
    const stream = eventsOf(await ask(app, session, 'GET'));
    await stream.next();
    await news.publish({ userId: 'somebody else' }, [{ updated: NOTE }, 'updates']);
    await news.publish({ userId: app.aliceId }, ['resources']);
    expect((await stream.next())?.data['method']).toBe('notifications/resources/list_changed');
    await stream.cancel();
  });

  it('a client that reconnects to the stream gets an update of every subscription', async () => {
    const app = await serving(store);
    const session = await begun(app, await tokenOf(app));
    await call(app, session, 'resources/subscribe', { uri: NOTE });
    const stream = eventsOf(await ask(app, session, 'GET', undefined, { 'last-event-id': 'news.1' }));
    let event = await stream.next();
    while (event && event.data['params'] === undefined) event = await stream.next(); // lists that may have changed
    expect(event?.data['params']).toEqual({ uri: NOTE });
    await stream.cancel();
  });

  it('a server may refuse a subscription; one that declared none has none', async () => {
    const choosy = await serving(store, Choosy);
    const session = await begun(choosy, await tokenOf(choosy));
    expect((await call(choosy, session, 'resources/subscribe', { uri: 'notes://two' })).error?.code).toBe(-32602);
    expect((await call(choosy, session, 'resources/subscribe', { uri: NOTE })).result).toEqual({});
    const stream = eventsOf(await ask(choosy, session, 'GET'));
    await stream.next();
    await news.publish({ userId: choosy.aliceId }, [{ updated: 'notes://two' }, { updated: NOTE }]);
    expect((await stream.next())?.data['params']).toEqual({ uri: NOTE });
    await stream.cancel();
    const plain = await serving(store, Plain);
    expect((await call(plain, await begun(plain, await tokenOf(plain)), 'resources/subscribe', { uri: NOTE })).error?.code).toBe(-32601);
  });

  it('what a policy denies cannot be subscribed to', async () => {
    const rules = policy({ resources: { [NOTE]: { permissions: ['nobody has this'] } } });
    const app = await serving(store, Talking, { policy: rules });
    const session = await begun(app, await tokenOf(app));
    const answer = await ask(app, session, 'POST', { jsonrpc: '2.0', id: 1, method: 'resources/subscribe', params: { uri: NOTE } });
    expect(await answer.json()).toMatchObject({ error: { code: -32602 } });
  });

  it('twenty subscriptions at once are all remembered', async () => {
    const app = await serving(store);
    const session = await begun(app, await tokenOf(app));
    const uris = Array.from({ length: 20 }, (_, at) => `notes://${at}`);
    await Promise.all(uris.map((uri) => call(app, session, 'resources/subscribe', { uri })));
    const stream = eventsOf(await ask(app, session, 'GET'));
    await stream.next();
    await news.publish({ userId: app.aliceId }, ['updates']);
    const told: string[] = [];
    while (told.length < 20) told.push(JSON.stringify((await stream.next())?.data['params']));
    expect(new Set(told)).toEqual(new Set(uris.map((uri) => JSON.stringify({ uri }))));
    await stream.cancel();
  });

  it('updates of a resource are not for a user who may no longer read it', async () => {
    const OPEN = 'notes://open';
    const now = { rights: ['reader'], asked: 0, isDown: false };
    const permissions = (): readonly string[] => {
      now.asked++;
      if (now.isDown) throw new Error('down');
      return now.rights;
    };
    const rules = policy({ resources: { [NOTE]: { permissions: ['reader'] } } });
    const app = await makeApp(store, { apiHandler: Talking.serve('/mcp', { ...options, policy: rules }) as Handler, permissions });
    const token = await tokenOf(app);
    const session = await begun(app, token);
    for (const uri of [NOTE, OPEN]) await call(app, session, 'resources/subscribe', { uri });
    const stream = eventsOf(await ask(app, session, 'GET'));
    await stream.next();
    const publish = (updated: string): unknown => news.publish({ userId: app.aliceId }, [{ updated }]);
    const next = async (): Promise<unknown> => (await stream.next())?.data['params'];
    await publish(NOTE);
    expect(await next()).toEqual({ uri: NOTE });
    now.rights = [];
    const before = now.asked;
    await publish(NOTE);
    await vi.waitFor(() => expect(now.asked).toBeGreaterThan(before), { timeout: 120_000, interval: 5 });
    for (let times = 0; times < 3; times++) {
      await publish(OPEN);
      expect(await next()).toEqual({ uri: OPEN });
    }
    now.isDown = true; // then it is one of many
    await publish(NOTE);
    expect([await next(), await next()]).toEqual(expect.arrayContaining([{ uri: NOTE }, { uri: OPEN }]));
    await stream.cancel();

    Object.assign(now, { rights: ['reader'], isDown: false });
    const told: string[] = [];
    const client = new Client({ name: 'new', version: '1.0.0' }, { versionNegotiation: { mode: 'auto' } });
    client.setNotificationHandler('notifications/resources/updated', ({ params }) => void told.push(params.uri));
    await client.connect(new StreamableHTTPClientTransport(new URL(`${ISSUER}/mcp`), { fetch: doorTo(app, token) }));
    const listening = await client.listen({ resourceSubscriptions: [NOTE, OPEN] });
    now.rights = [];
    for (const times of [1, 4])
      await vi.waitFor(
        async () => {
          for (const uri of [NOTE, OPEN]) await publish(uri);
          expect(told.length).toBeGreaterThanOrEqual(times);
        },
        { timeout: 120_000, interval: 20 },
      );
    expect(new Set(told)).toEqual(new Set([OPEN]));
    await listening.close();
    await client.close();
  });

  it('a client of 2026-07-28 gets updates of the resources that it listens for', async () => {
    const app = await serving(store);
    const told: string[] = [];
    const client = new Client({ name: 'new', version: '1.0.0' }, { versionNegotiation: { mode: 'auto' } });
    client.setNotificationHandler('notifications/resources/updated', ({ params }) => void told.push(params.uri));
    await client.connect(new StreamableHTTPClientTransport(new URL(`${ISSUER}/mcp`), { fetch: doorTo(app, await tokenOf(app)) }));
    const listening = await client.listen({ resourceSubscriptions: [NOTE] });
    await vi.waitFor(
      async () => {
        await news.publish({ userId: app.aliceId }, [{ updated: 'notes://two' }, { updated: NOTE }]);
        expect(told.length).toBeGreaterThan(0);
      },
      { timeout: 120_000, interval: 20 },
    );
    const before = told.length;
    await news.publish({ userId: app.aliceId }, ['updates']);
    await vi.waitFor(() => expect(told.length).toBeGreaterThan(before), { timeout: 120_000, interval: 5 });
    expect(new Set(told)).toEqual(new Set([NOTE]));
    await listening.close();
    await client.close();
  });
});

describe('mcp/events/listening, subscriptions', () => {
  it('reads a setting, and ignores any other message', () => {
    expect(subscriptionIn({ method: 'logging/setLevel', params: { level: 'info' } })).toEqual({ kind: 'level', level: 'info' });
    expect(subscriptionIn({ method: 'resources/unsubscribe', params: { uri: NOTE } })).toEqual({ kind: 'unsubscribe', uri: NOTE });
    for (const none of [{}, { method: 'logging/setLevel', params: { level: 'loud' } }, { method: 'resources/subscribe', params: { uri: 1 } }, { method: 'ping', params: { uri: NOTE } }])
      expect(subscriptionIn(none)).toBeNull();
  }); // prettier-ignore

  it('remembers so many subscriptions, with URIs of ordinary length, and each once', () => {
    let wished: { level: string | null; subscribed: readonly string[] } = { level: 'info', subscribed: [] };
    for (let at = 0; at < MAX_SUBSCRIPTIONS; at++)
      wished = subscriptionsAfter(wished, { kind: 'subscribe', uri: `notes://${at}` }) ?? wished;
    expect(wished).toMatchObject({ level: 'info' });
    expect(subscriptionsAfter(wished, { kind: 'subscribe', uri: NOTE })).toBeNull();
    expect(subscriptionsAfter(wished, { kind: 'subscribe', uri: 'notes://5' })?.subscribed).toHaveLength(MAX_SUBSCRIPTIONS);
    expect(subscriptionsAfter({ level: null, subscribed: [] }, { kind: 'subscribe', uri: `notes://${'x'.repeat(1000)}` })).toBeNull();
  });

  it('knows a resource by either spelling of its URL, and tells it as the client wrote it', () => {
    expect(subscribedAs({ subscribed: ['HTTPS://Notes.example'] }, 'https://notes.example/')).toBe('HTTPS://Notes.example');
    expect(subscribedAs({ subscribed: [NOTE] }, 'notes://one/two')).toBeNull();
  });
});
