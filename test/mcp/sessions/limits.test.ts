/** Shares of open streams: no one takes the places of everyone else. */
import { McpServer } from '@modelcontextprotocol/server';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { McpAgent, sessions } from '../../../src/mcp/index.ts';
import { checkTerms, sessionSlotsOf, shares } from '../../../src/mcp/sessions/limits.ts';
import type { Handler } from '../../../src/model/context.ts';
import { ALICE, type App, ISSUER, makeApp, storeNames } from '../../support/app.ts';
import { accessWith, text } from '../clients.ts';
import { ask, type Begun, begun, eventsOf, tokenOf, toolCall } from '../session-client.ts';
import { statesWith } from '../states.ts';

const ada = accessWith();
const bob = { ...ada, userId: 'u2' };
const LIMITS = { session: 2, user: 3, anonymous: 2, all: 6, alone: 2 };

describe('mcp/sessions/limits, shares', () => {
  let over: AbortController;
  beforeEach(() => void (over = new AbortController()));
  afterEach(() => over.abort()); // and no timer is left

  it('gives each session, each user, and all callers without a token together a share of the streams (F-06)', () => {
    const open = shares(LIMITS);
    const { signal } = over;
    const take = (access: typeof ada | null, session?: string): string | null =>
      open.take({ access, ...(session !== undefined && { session }) }, signal);
    expect([take(ada, 'one'), take(ada, 'one'), take(ada, 'one')]).toEqual([null, null, 'streams_of_session']);
    expect([take(ada, 'two'), take(ada, 'three'), take(ada)]).toEqual([null, 'streams_of_user', 'streams_of_user']);
    expect([take(null), take(null), take(null)]).toEqual([null, null, 'streams_of_anonymous']);
    expect([take(bob, 'four'), take(bob, 'four')]).toEqual([null, 'streams']);
  });

  it('tells users of two issuers and of two tenants apart (F-06)', () => {
    const open = shares({ ...LIMITS, user: 1 });
    const { signal } = over;
    const named = [ada, { ...ada, issuer: 'https://elsewhere.example' }, { ...ada, tenant: 't' }];
    expect(named.map((access) => open.take({ access }, signal))).toEqual([null, null, null]);
    expect(named.map((access) => open.take({ access }, signal))).toEqual(Array(3).fill('streams_of_user'));
  });

  it('gives a place back once at the end of its stream, and takes none for what is refused (F-06)', () => {
    const open = shares({ ...LIMITS, session: 1 });
    const first = new AbortController();
    expect(open.take({ access: ada, session: 'one' }, first.signal)).toBeNull();
    for (let tries = 0; tries < 10; tries++) expect(open.take({ access: ada, session: 'one' }, first.signal)).toBe('streams_of_session');
    first.abort();
    const { signal } = over;
    expect(open.take({ access: ada, session: 'one' }, signal)).toBeNull();
    expect([1, 2, 3].map((session) => open.take({ access: ada, session: String(session) }, signal))).toEqual([
      null,
      null,
      'streams_of_user',
    ]);
  });

  it('counts no stream whose client has already disconnected (F-06, F-61)', () => {
    const open = shares(LIMITS);
    for (let tries = 0; tries < 10; tries++) expect(open.take({ access: ada, session: 'one' }, AbortSignal.abort())).toBeNull();
  });

  it('frees the slot of a stream that workerd has ended, and of no running one (F-06, F-61)', () => {
    vi.useFakeTimers();
    const open = shares(LIMITS);
    const goesOn = new AbortController();
    expect(open.take({ access: ada, session: 'one' }, goesOn.signal)).toBeNull();
    // What runs no more: its timers do not either.
    const { setInterval } = globalThis;
    globalThis.setInterval = (() => 0) as never;
    expect(open.take({ access: ada, session: 'one' }, new AbortController().signal)).toBeNull();
    globalThis.setInterval = setInterval;
    const { signal } = goesOn;
    expect(open.take({ access: ada, session: 'one' }, signal)).toBe('streams_of_session');
    vi.advanceTimersByTime(66_000);
    expect([open.take({ access: ada, session: 'one' }, signal), open.take({ access: ada, session: 'one' }, signal)]).toEqual([
      null,
      'streams_of_session',
    ]);
    goesOn.abort();
    expect(vi.getTimerCount()).toBe(0);
    vi.useRealTimers();
  });

  it('ends the first disconnected call if too many of one user run without their client (F-06)', () => {
    const open = shares(LIMITS);
    const [first, second, third, other] = Array.from({ length: 4 }, () => new AbortController()) as [
      AbortController,
      AbortController,
      AbortController,
      AbortController,
    ];
    open.leave(ada, first);
    open.leave(ada, second);
    open.leave(bob, other);
    open.leave(ada, second); // told twice
    expect(first.signal.aborted).toBe(false);
    open.leave(ada, third);
    expect([first, second, third, other].map(({ signal }) => signal.aborted)).toEqual([true, false, false, false]);
  });
});

const BOB = { username: 'bob', password: 'another passphrase' };
const IDLE = 3000;

class Plain extends McpAgent {
  server = new McpServer({ name: 'plain', version: '1.0.0' });
  init(): void {
    this.server.registerTool('hello', {}, () => text('hello'));
  }
}

const serving = (
  store: string,
  more: { readonly most?: number; readonly sse?: boolean; readonly streamCheck?: number } = {},
): Promise<App> => {
  const { streamCheck = 15, ...own } = more;
  const apiHandler = Plain.serve('/mcp', { sessions: sessions({ idle: IDLE, most: 3, ...own }), streamCheck }) as Handler;
  return makeApp(store, { apiHandler, accessTokenTTL: 86_400 });
};
const statusOf = async (app: App, session: Begun): Promise<number> => {
  const response = await ask(app, session, 'POST', toolCall('hello'));
  await response.text();
  return response.status;
};

/** Records of sessions and their places that are there now. */
async function recordsOf(app: App, during: () => Promise<unknown>): Promise<number> {
  const there = new Set<string>();
  const [write, remove] = [app.store.write, app.store.remove];
  app.store.write = async (key, ...rest) => {
    const version = await write(key, ...rest);
    if (version !== null && key.startsWith('mcp:')) there.add(key);
    return version;
  };
  app.store.remove = async (key, ...rest) => (there.delete(key), remove(key, ...rest));
  await during();
  Object.assign(app.store, { write, remove });
  return there.size;
}

describe.each(storeNames)('many sessions on %s', (store) => {
  it('SEC-228: one more than there may be ends the one that was not used for the longest time, and no other', async () => {
    const app = await serving(store);
    const token = await tokenOf(app);
    const first = await begun(app, token);
    app.clock.pass(10);
    const [second, third] = [await begun(app, token), await begun(app, token)];
    app.clock.pass(IDLE / 5);
    expect(await statusOf(app, first)).toBe(200);
    const fourth = await begun(app, token);
    const after = [await statusOf(app, first), await statusOf(app, second), await statusOf(app, third), await statusOf(app, fourth)];
    expect(after).toEqual([200, 404, 200, 200]);
  });

  it('SEC-228: a token that begins sessions without end leaves as many records as there may be sessions, and the list of them', async () => {
    const app = await serving(store);
    const token = await tokenOf(app);
    const rounds = Array.from({ length: 12 }, () => () => begun(app, token));
    expect(await recordsOf(app, async () => {
      for (const round of rounds) await round();
    })).toBe(3 + 1);
  }); // prettier-ignore

  it('SEC-228: of twenty that begin at once as many stay as there may be', async () => {
    const app = await serving(store);
    const token = await tokenOf(app);
    const all = await Promise.all(Array.from({ length: 20 }, () => begun(app, token)));
    const statuses = await Promise.all(all.map((session) => statusOf(app, session)));
    expect(statuses.filter((status) => status === 200)).toHaveLength(3);
  });

  it('counts each user and each client separately', async () => {
    const app = await serving(store);
    await app.provider.helpers(app.env).accounts.create({ ...BOB });
    const own = await begun(app, await tokenOf(app));
    for (const token of [await tokenOf(app, ALICE), await tokenOf(app, BOB)]) for (let at = 0; at < 4; at++) await begun(app, token);
    expect(await statusOf(app, own)).toBe(200);
  });

  it('gives a place back with DELETE, and when its session was not used for long', async () => {
    const app = await serving(store);
    const token = await tokenOf(app);
    const [kept, ended] = [await begun(app, token), await begun(app, token)];
    await begun(app, token);
    expect((await ask(app, ended, 'DELETE')).status).toBe(200);
    await begun(app, token);
    expect(await statusOf(app, kept)).toBe(200);
    app.clock.pass(IDLE / 2);
    expect(await statusOf(app, kept)).toBe(200);
    app.clock.pass(IDLE * 0.8);
    await begun(app, token);
    await begun(app, token);
    expect(await statusOf(app, kept)).toBe(200);
  });

  it('ends the stream of a session that has lost its place', async () => {
    const app = await serving(store, { most: 1, streamCheck: 1 });
    const token = await tokenOf(app);
    const stream = eventsOf(await ask(app, await begun(app, token), 'GET'));
    await stream.next();
    await begun(app, token);
    expect(await stream.next()).toBeNull();
  });

  it('SEC-228: counts clients of 2024-11, who begin one with each stream, and counts none of them twice', async () => {
    const app = await serving(store, { sse: true, most: 2 });
    const token = await tokenOf(app);
    const addresses: string[] = [];
    const streams: ReadableStreamDefaultReader<Uint8Array>[] = [];
    for (let at = 0; at < 3; at++) {
      const reader = ((await ask(app, { token }, 'GET')).body as ReadableStream<Uint8Array>).getReader();
      let read = '';
      while (!read.includes('sessionId')) read += new TextDecoder().decode((await reader.read()).value);
      streams.push(reader);
      addresses.push(/\?sessionId=[\w-]{43}/.exec(read)?.[0] ?? '');
    }
    const headers = { authorization: `Bearer ${token}`, 'content-type': 'application/json' };
    const params = { protocolVersion: '2024-11-05', capabilities: {}, clientInfo: { name: 't', version: '1' } };
    const body = JSON.stringify({ jsonrpc: '2.0', id: 0, method: 'initialize', params });
    const post = async (address: string): Promise<number> =>
      (await app.send(new Request(`${ISSUER}/mcp${address}`, { method: 'POST', headers, body }))).status;
    expect([await post(addresses[0]!), await post(addresses[1]!), await post(addresses[2]!), await post(addresses[1]!)]).toEqual([404, 202, 202, 202]);
    await Promise.all(streams.map((reader) => reader.cancel()));
  }); // prettier-ignore
});

describe('mcp/sessions/limits, slots', () => {
  it('tries again where others write at the same time, and gives up in the end', async () => {
    const ended: string[] = [];
    const take = async (losses: number): Promise<void> =>
      (await sessionSlotsOf(statesWith({ lost: (write) => write < losses }), 'test', 'client', { idle: 60, most: 2 })).take(
        'one',
        async (label) => ended.push(label),
      );
    await take(5);
    expect(ended).toEqual([]);
    await expect(take(1000)).rejects.toMatchObject({ status: 503, reason: 'state_contended' });
    expect(ended).toEqual(['one']); // it has no place, so it is not to stay
  });

  it('keeps a place that is told to be in use, and none that is lost', async () => {
    const places = await sessionSlotsOf(statesWith(), 'test', 'client', { idle: 60, most: 2 });
    const ended: string[] = [];
    const take = (label: string): Promise<void> => places.take(label, async (lost) => ended.push(lost));
    for (const label of ['one', 'two']) await take(label);
    expect(await places.keep('one')).toBe(true);
    await take('three');
    expect(ended).toEqual(['two']);
    expect([await places.keep('two'), await places.keep('one')]).toEqual([false, true]);
    await places.leave('three');
    await places.leave('never there');
    await take('four');
    expect(ended).toEqual(['two']);
  });

  it('ends a session at its next use if it has lost its slot', async () => {
    const app = await serving('memory');
    const token = await tokenOf(app);
    const session = await begun(app, token);
    const { remove } = app.store;
    app.store.remove = async () => false; // as if the process had died before it
    for (let at = 0; at < 3; at++) await begun(app, token);
    Object.assign(app.store, { remove });
    expect(await statusOf(app, session)).toBe(200);
    app.clock.pass(IDLE / 2);
    expect([await statusOf(app, session), await statusOf(app, session)]).toEqual([404, 404]);
  });

  it('refuses a number that makes no sense', () => {
    for (const most of [0, 2001, 1.5]) expect(() => checkTerms('sessions', { idle: 60, most })).toThrow('sessions: `most`');
  });
});
