/**
 * Sessions of 2025 over two server processes of one issuer, on every engine that processes can share, and over two Workers that share their
 * Durable Objects. Behind a load balancer no client comes twice to the same one: here each request goes to the other.
 *
 * In full by `PORTCULLIS_TEST_FULL=1`: a process is killed while its tool asks, which another one takes a minute to notice.
 */
import { Client, StreamableHTTPClientTransport } from '@modelcontextprotocol/client';
import { Client as OldClient } from '@modelcontextprotocol/sdk/client/index.js';
import { StreamableHTTPClientTransport as OldTransport } from '@modelcontextprotocol/sdk/client/streamableHttp.js';
import type { Transport as OldTransportShape } from '@modelcontextprotocol/sdk/shared/transport.js';
import { ElicitRequestSchema } from '@modelcontextprotocol/sdk/types.js';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, inject, it, vi } from 'vitest';
import { makeBrowser, type Send } from '../../src/testing/browser.ts';
import { registerClient, type TestClient, type Tokens, tokensOf } from '../../src/testing/oauth-client.ts';
import { ask, begun, type Door, doorTo, eventsOf, toolCall } from '../mcp/session-client.ts';
import { engineOr } from '../support/engine.ts';
import { type Fleet, FLEET_ISSUER, startFleet } from '../support/fleet.ts';
import { startPostgres } from '../support/postgres.ts';
import { startRedis } from '../support/redis.ts';
import { MAX_COUNT, NOTE, PEOPLE } from '../support/session-agent.ts';

const [ALICE, BOB] = PEOPLE as [(typeof PEOPLE)[number], (typeof PEOPLE)[number]];
const ROME = { action: 'accept' as const, content: { city: 'Rome' } };

const postgres = engineOr('runtimes/sessions', await startPostgres());
const redis = engineOr('runtimes/sessions', await startRedis());
const folder = mkdtempSync(join(tmpdir(), 'portcullis-sessions-'));
afterAll(async () => {
  await postgres?.stop();
  await redis?.stop();
  rmSync(folder, { recursive: true, force: true });
});

/** Where each kind of fleet is, and the doors to two of its members. */
const PLACES: { readonly [name: string]: () => Promise<{ readonly fleet: Fleet; readonly doors: readonly [Door, Door] }> } = {
  SQLite: () => processesOn(mkdtempSync(join(folder, 'sqlite-'))),
  ...(postgres && { PostgreSQL: async () => processesOn(await postgres.freshUrl()) }),
  ...(redis && { Redis: () => processesOn(redis.url) }),
  'Durable Objects': workers,
};

async function processesOn(place: string): Promise<{ readonly fleet: Fleet; readonly doors: readonly [Door, Door] }> {
  const fleet = await startFleet(place, 2, 'session-server.ts');
  return { fleet, doors: fleet.members as unknown as readonly [Door, Door] };
}

async function workers(): Promise<{ readonly fleet: Fleet; readonly doors: readonly [Door, Door] }> {
  const fleet = await startFleet('', 1, 'session-objects-server.ts');
  const [front] = fleet.doors as [Send];
  const doorOf = (name: string): Door => ({
    send(request) {
      request.headers.set('x-member', name);
      return front(request);
    },
  });
  return { fleet, doors: [doorOf('one'), doorOf('two')] };
}

describe.each(Object.keys(PLACES))('sessions over two that share %s', (name) => {
  let fleet: Fleet;
  let here: Door;
  let there: Door;
  /** Each request goes to the other one. */
  let both: Door;
  let alice: { readonly client: TestClient; readonly tokens: Tokens };

  beforeAll(async () => {
    const place = await (PLACES[name] as (typeof PLACES)[string])();
    [fleet, [here, there]] = [place.fleet, place.doors];
    let turn = 0;
    both = { send: (request) => (turn++ % 2 === 0 ? here : there).send(request) };
    alice = await signIn(ALICE);
  });
  afterAll(() => fleet.stop());

  async function signIn(person: (typeof PEOPLE)[number]): Promise<{ readonly client: TestClient; readonly tokens: Tokens }> {
    const client = await registerClient({ send: here.send, issuer: FLEET_ISSUER });
    return { client, tokens: tokensOf(await client.redeem(await client.signIn(makeBrowser(here.send), person))) };
  }
  const wordsOf = (result: unknown): string => (result as { content: { text: string }[] }).content[0]?.text ?? '';

  it('the SDK’s client 2.x uses its session at either process, is asked by one and answers to the other', async () => {
    const client = new Client({ name: 'test', version: '1.0.0' }, { capabilities: { elicitation: {} } });
    client.setRequestHandler('elicitation/create', () => ROME);
    const transport = new StreamableHTTPClientTransport(new URL(`${FLEET_ISSUER}/mcp`), { fetch: doorTo(both, alice.tokens.access) });
    await client.connect(transport);
    const members = new Set<string>();
    for (let at = 0; at < 6; at++) {
      members.add(wordsOf(await client.callTool({ name: 'member', arguments: {} })));
      expect(wordsOf(await client.callTool({ name: 'where', arguments: {} }))).toContain('accept {"city":"Rome"} at ');
    }
    expect(members.size).toBe(2);
    await transport.terminateSession();
    await client.close();
  });

  it('the SDK’s client 1.x does as well', async () => {
    const client = new OldClient({ name: 'test', version: '1.0.0' }, { capabilities: { elicitation: {} } });
    client.setRequestHandler(ElicitRequestSchema, () => ROME);
    const transport = new OldTransport(new URL(`${FLEET_ISSUER}/mcp`), { fetch: doorTo(both, alice.tokens.access) });
    await client.connect(transport as OldTransportShape);
    for (let at = 0; at < 3; at++) {
      await client.listTools();
      expect(wordsOf(await client.callTool({ name: 'where', arguments: {} }))).toContain('Rome');
    }
    await transport.terminateSession();
    await client.close();
  });

  it('a request of one process is answered at the other, and a broken stream resumes there', async () => {
    const session = await begun(here, alice.tokens.access);
    const broken = eventsOf(await ask(here, session, 'POST', toolCall('where')));
    await broken.next();
    const question = await broken.next();
    expect(question?.data['method']).toBe('elicitation/create');
    await broken.cancel();
    const resumed = eventsOf(await ask(there, session, 'GET', undefined, { 'last-event-id': question?.id ?? '' }));
    const answered = await ask(there, session, 'POST', { jsonrpc: '2.0', id: question?.data['id'], result: ROME });
    expect(answered.status).toBe(202);
    expect(JSON.stringify((await resumed.next())?.data['result'])).toContain('Rome');
    expect(await resumed.next()).toBeNull();
    const again = eventsOf(await ask(here, session, 'GET', undefined, { 'last-event-id': question?.id ?? '' }));
    expect(JSON.stringify((await again.next())?.data['result'])).toContain('Rome');
  });

  it('what a client cancels at one ends at the other', async () => {
    const session = await begun(here, alice.tokens.access);
    const stream = eventsOf(await ask(here, session, 'POST', toolCall('where', 'seven')));
    await stream.next();
    await stream.next();
    const cancelled = { jsonrpc: '2.0', method: 'notifications/cancelled', params: { requestId: 'seven' } };
    expect((await ask(there, session, 'POST', cancelled)).status).toBe(202);
    expect(await stream.next()).toBeNull();
  });

  it('a level of log messages that was said to one holds at the other', async () => {
    const session = await begun(here, alice.tokens.access);
    const set = { jsonrpc: '2.0', id: 1, method: 'logging/setLevel', params: { level: 'warning' } };
    await (await ask(here, session, 'POST', set)).text();
    const said = await (await ask(there, session, 'POST', toolCall('talk', 2))).text();
    expect([said.includes('"error"'), said.includes('"debug"'), said.includes('talked')]).toEqual([true, false, true]);
  });

  it('a resource that was subscribed to at one, and is updated there, is told on the stream that the other holds', async () => {
    const session = await begun(here, alice.tokens.access);
    const stream = eventsOf(await ask(here, session, 'GET'));
    await stream.next();
    const subscribe = { jsonrpc: '2.0', id: 1, method: 'resources/subscribe', params: { uri: NOTE } };
    expect(await (await ask(there, session, 'POST', subscribe)).text()).toContain('"result":{}');
    const told = stream.next();
    let isTold = false;
    void told.then(() => (isTold = true));
    // Processes on one file have no engine that carries news; they are told of where they happen.
    const where = name === 'SQLite' ? here : there;
    await vi.waitFor(
      async () => {
        await (await ask(where, session, 'POST', toolCall('touch', 2))).text();
        expect(isTold).toBe(true); // the stream answers before the engine has noted its listener
      },
      { timeout: 120_000, interval: 50 },
    );
    expect((await told)?.data).toMatchObject({ method: 'notifications/resources/updated', params: { uri: NOTE } });
    await stream.cancel();
  });

  it('SEC-189: a session that ended in one process is a 404 in the other, and so is one of another user', async () => {
    const session = await begun(here, alice.tokens.access);
    const { tokens } = await signIn(BOB);
    for (const [door, method] of [[here, 'POST'], [there, 'POST'], [there, 'GET'], [there, 'DELETE']] as const)
      expect((await ask(door, { ...session, token: tokens.access }, method, method === 'POST' ? toolCall('member') : undefined)).status).toBe(404);
    expect((await ask(there, session, 'POST', toolCall('member'))).status).toBe(200);
    expect((await ask(here, session, 'DELETE')).status).toBe(200);
    for (const door of [there, here]) expect((await ask(door, session, 'POST', toolCall('member'))).status).toBe(404);
  }); // prettier-ignore

  it('SEC-190: a grant that is revoked at one is a 401 at both, and its streams end at both', async () => {
    const { client, tokens } = await signIn(ALICE);
    const session = await begun(here, tokens.access);
    const streams = await Promise.all([here, there].map(async (door) => eventsOf(await ask(door, session, 'GET'))));
    const asked = eventsOf(await ask(there, session, 'POST', toolCall('where')));
    for (const stream of [...streams, asked]) await stream.next();
    await asked.next();
    await client.revoke(tokens.refresh);
    for (const door of [here, there]) expect((await ask(door, session, 'POST', toolCall('member'))).status).toBe(401);
    for (const stream of [...streams, asked]) expect(await stream.next()).toBeNull();
  });

  // It takes a minute for each store, so only where someone asks for all of it.
  if (inject('full') && name !== 'Durable Objects')
    it('a process that is killed while its tool asks: a client that reconnects to the other gets an error, and the session continues there', async () => {
      const session = await begun(here, alice.tokens.access);
      const stream = eventsOf(await ask(here, session, 'POST', toolCall('where', 'asked')));
      await stream.next();
      const question = await stream.next();
      await fleet.members[0]?.kill();
      const resumed = eventsOf(await ask(there, session, 'GET', undefined, { 'last-event-id': question?.id ?? '' }));
      expect((await resumed.next())?.data).toMatchObject({ id: 'asked', error: { code: -32000 } });
      expect(await resumed.next()).toBeNull();
      expect((await ask(there, session, 'POST', toolCall('member'))).status).toBe(200);
      await fleet.members[0]?.start();
    });

  it('SEC-228: so many sessions of one user and one client there may be at both together', async () => {
    const { tokens } = await signIn(ALICE);
    const first = await begun(here, tokens.access);
    const others = await Promise.all(Array.from({ length: 2 * MAX_COUNT }, () => begun(both, tokens.access)));
    const statuses = await Promise.all(
      [first, ...others].map(async (session) => (await ask(both, session, 'POST', toolCall('member'))).status),
    );
    expect(statuses.filter((status) => status === 200)).toHaveLength(MAX_COUNT);
  });
});
