/** News of changed rights over Durable Objects, for streams that the SDK's own client holds open. */
import { env, runInDurableObject } from 'cloudflare:test';
import { Client, StreamableHTTPClientTransport } from '@modelcontextprotocol/client';
import { McpServer } from '@modelcontextprotocol/server';
import { describe, expect, it, vi } from 'vitest';
import { mcpHandler, policy } from '../../src/mcp/index.ts';
import type { UserEvent } from '../../src/mcp/events/user-events.ts';
import type { AuthContext, Access } from '../../src/model/access.ts';
import { keyOf } from '../../src/model/live-permissions.ts';
import { objectEvents, type PortcullisNews } from '../../src/worker/user-objects.ts';
import { accessWith, contextOf, ENDPOINT, text } from '../mcp/clients.ts';

const { NEWS } = env as unknown as { NEWS: DurableObjectNamespace<PortcullisNews> };
const objectOf = (userId: string): DurableObjectStub<PortcullisNews> => NEWS.get(NEWS.idFromName(keyOf(undefined, userId)));
const sockets = (userId: string): Promise<number> =>
  runInDurableObject(
    objectOf(userId),
    (_, state) => state.getWebSockets().filter(({ readyState }) => readyState === WebSocket.OPEN).length,
  );
const until = (what: () => unknown, is: unknown): Promise<void> =>
  vi.waitFor(async () => expect(await what()).toEqual(is), { timeout: 120_000, interval: 10 });
const someone = (): string => crypto.randomUUID();

describe('worker/user-objects, events', () => {
  it('SEC-185 a revoked right ends at the next call, and only the client of that user lists its tools again', async () => {
    // Two handlers with news of their own, as in two isolates: the object is all they share.
    const [here, there] = [objectEvents(NEWS), objectEvents(NEWS)];
    const build = (): McpServer => {
      const server = new McpServer({ name: 'd', version: '1' }, { capabilities: { tools: { listChanged: true } } });
      for (const name of ['look', 'wipe']) server.registerTool(name, {}, () => text(name));
      return server;
    };
    const handler = mcpHandler(build, { policy: policy({ tools: { wipe: { permissions: ['admin'] } } }), events: there });
    const connect = async (who: { access: Access<AuthContext> }): Promise<{ client: Client; seen: string[][] }> => {
      const seen: string[][] = [];
      const onChanged = (_error: unknown, tools: { name: string }[] | null): void => void seen.push((tools ?? []).map(({ name }) => name));
      const client = new Client(
        { name: 't', version: '1' },
        { versionNegotiation: { mode: 'auto' }, listChanged: { tools: { debounceMs: 0, onChanged } } },
      );
      const fetch: typeof globalThis.fetch = async (input, init) =>
        handler.fetch(new Request(input as string, init), {}, contextOf(who.access));
      await client.connect(new StreamableHTTPClientTransport(new URL(ENDPOINT), { fetch }));
      await until(() => sockets(who.access.userId), 1);
      return { client, seen };
    };
    const ada = { access: { ...accessWith(['admin']), userId: someone() } };
    const bob = { access: { ...accessWith([]), userId: someone() } };
    const [one, two] = [await connect(ada), await connect(bob)];
    expect(await one.client.callTool({ name: 'wipe', arguments: {} })).not.toHaveProperty('isError');
    ada.access = { ...ada.access, props: { ...ada.access.props, permissions: [] } };
    expect(await one.client.callTool({ name: 'wipe', arguments: {} })).toMatchObject({ isError: true });
    await here.publish({ userId: ada.access.userId }, ['tools']);
    await until(() => one.seen, [['look']]);
    expect(two.seen).toEqual([]);
    await Promise.all([one.client.close(), two.client.close()]);
    await until(() => sockets(ada.access.userId), 0);
  });

  it('delivers which lists changed, but nothing after the end, nor for the same user id at another issuer', async () => {
    const events = objectEvents(NEWS);
    const userId = someone();
    const heard: UserEvent[] = [];
    const end = events.subscribe({ userId }, (list) => void heard.push(list));
    await until(() => sockets(userId), 1);
    await events.publish({ userId, issuer: 'https://elsewhere.example' });
    await events.publish({ userId }, ['prompts']);
    await until(() => heard, ['prompts']);
    await events.publish({ userId });
    await until(() => heard, ['prompts', 'tools', 'resources', 'prompts']);
    end();
    end();
    await until(() => sockets(userId), 0);
    await events.publish({ userId });
    expect(heard).toHaveLength(4);
  });

  it('reconnects when the object disconnects, and then reports every list as changed', async () => {
    const events = objectEvents(NEWS);
    const userId = someone();
    const heard: UserEvent[] = [];
    const end = events.subscribe({ userId }, (list) => void heard.push(list));
    await until(() => sockets(userId), 1);
    await runInDurableObject(objectOf(userId), (_, state) => state.getWebSockets().forEach((socket) => socket.close(1012, 'moved')));
    await until(() => heard, ['tools', 'resources', 'prompts', 'updates']);
    await events.publish({ userId }, ['tools', { updated: 'notes://1' }]);
    await until(() => heard.slice(4), ['tools', { updated: 'notes://1' }]);
    end();
  });

  it('ends a stream that was given up before its socket came', async () => {
    const userId = someone();
    objectEvents(NEWS).subscribe({ userId }, () => undefined)();
    await until(() => sockets(userId), 0);
  });

  it('tells the operator when the object cannot be reached, and names a missing binding', async () => {
    const errors: unknown[] = [];
    const broken = { idFromName: (name: string) => name, get: () => ({ fetch: () => Promise.reject(new Error('no object')) }) };
    const end = objectEvents(broken, (error) => void errors.push(error)).subscribe({ userId: 'u' }, () => undefined);
    await until(() => errors.length, 1);
    end();
    expect(() => objectEvents(undefined as never)).toThrow(/objectEvents: the Durable Object binding is missing.+PortcullisNews/);
  });

  it('refuses a request without a WebSocket', async () => {
    expect((await objectOf(someone()).fetch('https://news.invalid/')).status).toBe(426);
  });
});
