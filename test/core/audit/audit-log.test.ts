/** The audit log: what is kept, in one chain by all processes at once, what a flood leaves out, and what a verification finds. */
import { makeRuntime } from '#under-test';
import { describe, expect, it } from 'vitest';
import { appendEvent } from '../../../src/core/audit/append.ts';
import type { Block } from '../../../src/core/audit/entry.ts';
import { exportEntries, listEntries, verifyLog } from '../../../src/core/audit/read.ts';
import { coreParts } from '../../../src/core/parts.ts';
import { type AuthServer, makeAuthServer } from '../../../src/core/auth-server.ts';
import type { Event, NewEvent } from '../../../src/model/event.ts';
import { password } from '../../../src/logins/password.ts';
import { type Key, NothingDone, type Store } from '../../../src/model/store.ts';
import { parseOptions } from '../../../src/options/parse.ts';
import { settingsOf } from '../../../src/provider/host.ts';
import { memoryStore } from '../../../src/stores/memory.ts';
import { type Clock, makeClock } from '../../../src/testing/clock.ts';
import { faultyStore } from '../../../src/testing/faulty-store.ts';

const DAY = 86_400;
const failed: NewEvent = { kind: 'login.failed', login: 'password', reason: 'password_wrong', network: '192.0.2.0/24' };
const acted = (target: string): NewEvent => ({ kind: 'admin.acted', act: 'users/disable', by: 'alice', target, outcome: 'done' });

/** A process on a store. */
function make(clock: Clock, store: Store, keep: string | number = '90d'): { as: AuthServer; events: Event[] } {
  const events: Event[] = [];
  const on = (event: Event): void => void events.push(event);
  const parsed = parseOptions({ apiRoute: '/mcp', apiHandler: () => new Response(), logins: [password()], audit: { keep }, on });
  const runtime = {
    ...makeRuntime(),
    now: clock.now,
    pause: () => new Promise<void>((done) => setTimeout(done)),
    waitUntil: () => undefined,
  };
  return { as: makeAuthServer(settingsOf(parsed, { issuer: 'https://mcp.example' }, true, {}), runtime, store, coreParts), events };
}

async function exported(as: AuthServer, after?: number): Promise<readonly Record<string, unknown>[]> {
  const text = await new Response(exportEntries(as, {}, after)).text();
  return text.split('\n').filter((line) => line !== '').map((line) => JSON.parse(line) as Record<string, unknown>); // prettier-ignore
}

describe('the audit log', () => {
  it('keeps events that matter, with all of their members but what an application threw, and not each call', async () => {
    const clock = makeClock();
    const { as } = make(clock, memoryStore(clock));
    const kept: readonly NewEvent[] = [
      { kind: 'login.succeeded', login: 'password', userId: 'u' },
      failed,
      { kind: 'grant.opened', grantId: 'g', clientId: 'c', userId: 'u' },
      { kind: 'grant.ended', grantId: 'g', clientId: 'c', userId: 'u', reason: 'revoked' },
      { kind: 'client.registered', clientId: 'c' },
      { kind: 'factor.changed', factor: 'totp', userId: 'u', what: 'added' },
      { kind: 'consent.denied', clientId: 'c' },
      { kind: 'key.made', keyId: 'k', reason: 'first' },
      { kind: 'upstream.connected', provider: 'github', userId: 'u', clientId: 'c' },
      { kind: 'call.denied', primitive: 'tool', name: 't', reason: 'rule_failed', error: new Error('secret') },
      { kind: 'request.refused', endpoint: 'token', code: 'invalid_client', reason: 'secret_wrong' },
      acted('bob'),
    ];
    const others: readonly NewEvent[] = [
      { kind: 'call.allowed', primitive: 'tool', name: 't' },
      { kind: 'grant.refreshed', grantId: 'g', clientId: 'c' },
      { kind: 'request.refused', endpoint: 'token', code: 'invalid_request', reason: 'media_type' },
      { kind: 'request.failed', endpoint: 'token', requestId: 'r', error: new Error('secret') },
    ];
    for (const event of [...kept, ...others]) await appendEvent(as, event, clock.now());
    const lines = await exported(as);
    const expected = kept.map((event, at) => ({ ...(JSON.parse(JSON.stringify({ ...event, error: undefined })) as object), id: `${at + 1}.0`, at: clock.now() })); // prettier-ignore
    expect(lines).toEqual(expected);
    expect(JSON.stringify(lines)).not.toContain('secret"');
  });

  it('finds entries by kind, act, person, target and time, a page at a time in both directions', async () => {
    const clock = makeClock();
    const { as } = make(clock, memoryStore(clock));
    const began = clock.now();
    for (let at = 0; at < 250; at++) {
      await appendEvent(as, acted(`user-${at}`), clock.now());
      clock.pass(60);
    }
    await appendEvent(as, { kind: 'grant.ended', grantId: 'g', clientId: 'c', userId: 'u', reason: 'revoked' }, clock.now());
    const first = await listEntries(as, { kind: 'admin.' });
    const second = await listEntries(as, { kind: 'admin.' }, first.next);
    const third = await listEntries(as, { kind: 'admin.' }, second.next);
    const all = [first, second, third].flatMap(({ entries }) => entries.map((entry) => entry['target']));
    expect([all, third.next]).toEqual([Array.from({ length: 250 }, (_, at) => `user-${249 - at}`), undefined]);
    const found = async (filter: Parameters<typeof listEntries>[1]): Promise<readonly unknown[]> =>
      (await listEntries(as, filter)).entries.map((entry) => entry['target'] ?? entry['grantId']);
    expect(await found({ target: 'user-7' })).toEqual(['user-7']);
    expect([await found({ target: 'c' }), await found({ target: 'g' }), await found({ by: 'u' }), await found({ kind: 'grant.ended' })]).toEqual([['g'], ['g'], ['g'], ['g']]); // prettier-ignore
    expect([await found({ act: 'users/enable' }), await found({ by: 'bob' }), await found({ kind: 'grant' })]).toEqual([[], [], []]);
    expect(await found({ since: began + 60 * 100, until: began + 60 * 102 })).toEqual(['user-102', 'user-101', 'user-100']);
    const text = await new Response(exportEntries(as, { since: began + 60 * 248 })).text();
    expect(text.trim().split('\n').map((line) => (JSON.parse(line) as { id: string }).id)).toEqual(['249.0', '250.0', '251.0']); // prettier-ignore
    expect((await exported(as, 249)).map((line) => line['id'])).toEqual(['250.0', '251.0']);
    expect(await exported(as, 251)).toEqual([]);
  });

  it('exports a long log in parts, each with a last line that says where to go on', async () => {
    const clock = makeClock();
    const { as } = make(clock, memoryStore(clock));
    for (let at = 0; at < 520; at++) {
      await appendEvent(as, acted(`${at}`), clock.now());
      clock.pass(1);
    }
    const nothing = await listEntries(as, { target: 'none' });
    expect(nothing).toEqual({ entries: [], next: 271 }); // 250 blocks for one page, so that no one waits long
    const part = await exported(as);
    expect([part.length, part.at(-1)]).toEqual([501, { next: 500 }]);
    expect((await exported(as, 500)).map((line) => line['target'])).toEqual(Array.from({ length: 20 }, (_, at) => `${500 + at}`));
    const verdict = await verifyLog(as);
    expect(verdict).toMatchObject({ ok: true, blocks: 500, next: { block: 20 } });
    expect(await verifyLog(as, undefined, verdict.next)).toMatchObject({ ok: true, blocks: 20 });
    expect(await verifyLog(as, undefined, { block: 20, hash: 'another' })).toMatchObject({ ok: false, problems: [{ block: 20, what: 'changed' }] }); // prettier-ignore
  });

  it('is kept within bounds under a flood by all processes together, which hides nothing else, and tells how many entries it left out', async () => {
    const clock = makeClock();
    const store = memoryStore(clock);
    const [one, two] = [make(clock, bound(store)).as, make(clock, bound(store)).as];
    for (let at = 0; at < 100; at++) {
      await appendEvent(at % 2 === 0 ? one : two, failed, clock.now());
      if (at % 10 === 0) clock.pass(1); // within the minute
    }
    await appendEvent(one, acted('bob'), clock.now());
    const kinds = async (): Promise<readonly unknown[]> => (await exported(one)).map(({ kind }) => kind);
    expect((await kinds()).filter((kind) => kind === 'login.failed')).toHaveLength(60);
    expect((await exported(one)).slice(-2)).toEqual([
      expect.objectContaining({ kind: 'audit.left_out', counts: { 'login.failed': 20 } }),
      expect.objectContaining({ kind: 'admin.acted', target: 'bob' }),
    ]);
    clock.pass(60);
    await appendEvent(two, failed, clock.now());
    await appendEvent(two, failed, clock.now());
    const [told, ...rest] = (await exported(one)).slice(-3);
    expect([told?.['counts'], rest.map(({ kind }) => kind)]).toEqual([{ 'login.failed': 20 }, ['login.failed', 'login.failed']]);
    for (let at = 0; at < 700; at++) await appendEvent(one, acted('x'), clock.now());
    await appendEvent(one, { kind: 'grant.opened', grantId: 'g', clientId: 'c' }, clock.now());
    const all = [...(await exported(one)), ...(await exported(one, 500))];
    expect(all.filter(({ kind }) => kind === 'admin.acted')).toHaveLength(601);
    expect(all.at(-1)).toMatchObject({ kind: 'grant.opened' }); // acts of an administrator hide nothing else
    expect(await verifyLog(one)).toMatchObject({ ok: true });
  });

  it('says which block was changed or removed, and which were only removed at the end or rewritten by the hash that was noted', async () => {
    const clock = makeClock();
    const store = memoryStore(clock);
    const { as } = make(clock, store);
    for (let at = 0; at < 8; at++) await appendEvent(as, acted(`${at}`), clock.now());
    const noted = (await verifyLog(as)).head;
    const rewrite = async (n: number, edit: (text: string) => string): Promise<void> => {
      await store.write(`audit-log:${n}`, { v: 1, text: edit(await textOf(store, n)) }, 'any');
    };
    const problems = async (): Promise<readonly unknown[]> => (await verifyLog(make(clock, store).as, noted)).problems;
    expect(await problems()).toEqual([]);
    await rewrite(3, (text) => text.replace('"2"', '"another"'));
    expect(await problems()).toEqual([{ block: 3, what: 'changed' }]);
    await rewrite(3, (text) => text.replace('"another"', '"2"'));
    await rewrite(8, (text) => text.replace('"7"', '"another"'));
    expect(await problems()).toEqual([{ block: 8, what: 'changed' }]); // the newest, which no block follows
    await rewrite(8, (text) => text.replace('"another"', '"7"'));
    await rewrite(6, () => 'no JSON');
    expect(await problems()).toEqual([{ block: 6, what: 'changed' }]);
    await store.remove('audit-log:5');
    await store.remove('audit-log:4');
    expect(await problems()).toEqual([
      { block: 6, what: 'changed' },
      { block: 5, what: 'removed' },
      { block: 4, what: 'removed' },
    ]);
    for (const key of ['audit-log:8', 'audit-log:7', 'audit-head:all'] as Key[]) await store.remove(key);
    expect(await problems()).toContainEqual({ block: 8, what: 'removed' });
  });

  it('finds a removed end without a note, by the record of the end', async () => {
    const clock = makeClock();
    const store = memoryStore(clock);
    const { as } = make(clock, store);
    for (let at = 0; at < 3; at++) await appendEvent(as, acted(`${at}`), clock.now());
    await store.remove('audit-log:3');
    expect((await verifyLog(make(clock, store).as)).problems).toEqual([{ block: 3, what: 'removed' }]);
  });

  it('ends its oldest entries after their time, and the rest still verifies', async () => {
    const clock = makeClock();
    const store = memoryStore(clock);
    const { as } = make(clock, store, '30d');
    for (let day = 0; day < 40; day++) {
      await appendEvent(as, acted(`${day}`), clock.now());
      clock.pass(DAY);
    }
    const lines = await exported(as);
    expect([lines.length, lines[0]?.['target']]).toEqual([29, '11']);
    expect(await verifyLog(as)).toMatchObject({ ok: true, blocks: 29 });
    clock.pass(30 * DAY);
    expect(await verifyLog(as)).toMatchObject({ ok: true, blocks: 0 });
    await appendEvent(make(clock, store).as, acted('later'), clock.now());
    expect((await exported(as)).map((line) => [line['id'], line['target']])).toEqual([['41.0', 'later']]);
    expect(await verifyLog(as)).toMatchObject({ ok: true, blocks: 1 });
  });

  it('keeps waiting entries while the store is down, tells of it once, and writes each once when a response was lost', async () => {
    const clock = makeClock();
    const store = memoryStore(clock);
    let fault: 'down' | 'lost' | null = 'down';
    const faulty: Store = {
      ...bound(store),
      write: async (key, ...rest) => {
        if (fault === 'down') throw new NothingDone('down');
        const version = await store.write(key, ...rest);
        if (fault === 'lost' && key.startsWith('audit-log:')) throw new Error('no response');
        return version;
      },
    };
    const { as, events } = make(clock, faulty);
    for (let at = 0; at < 3; at++) await appendEvent(as, acted(`${at}`), clock.now());
    const told = (): readonly unknown[] => events.map((event) => [event.kind, 'endpoint' in event && event.endpoint]);
    expect(told()).toEqual([['request.failed', 'audit']]);
    fault = 'lost';
    await appendEvent(as, acted('3'), clock.now());
    fault = null;
    await appendEvent(as, acted('4'), clock.now());
    expect((await exported(as)).map((line) => line['target'])).toEqual(['0', '1', '2', '3', '4']);
    fault = 'down';
    await appendEvent(as, acted('5'), clock.now());
    fault = null;
    expect(told()).toEqual([
      ['request.failed', 'audit'],
      ['request.failed', 'audit'],
    ]);
    expect(await verifyLog(as)).toMatchObject({ ok: true });
  });

  it.each(['refuse', 'lose', 'delay'] as const)(
    'keeps each entry once, in a chain that verifies, whichever operation has the fault %s',
    async (fault) => {
      for (let at = 1; at <= 12; at++) {
        const clock = makeClock();
        const inner = memoryStore(clock);
        const [faulty, other] = [faultyStore(inner), make(clock, bound(inner)).as];
        const { as } = make(clock, faulty.store);
        faulty.plan(fault, at);
        for (let n = 0; n < 6; n++)
          await Promise.all([appendEvent(as, acted(`a${n}`), clock.now()), appendEvent(other, acted(`b${n}`), clock.now())]);
        faulty.heal();
        await appendEvent(as, acted('last'), clock.now());
        const targets = (await exported(other)).map((line) => String(line['target']));
        expect([at, targets.toSorted()]).toEqual([at, ['a0', 'a1', 'a2', 'a3', 'a4', 'a5', 'b0', 'b1', 'b2', 'b3', 'b4', 'b5', 'last']]);
        expect([at, await verifyLog(other)]).toEqual([at, expect.objectContaining({ ok: true })]);
      }
    },
  );

  it('verifies, whichever operation kills a process, and other processes go on', async () => {
    for (const fault of ['kill-before', 'kill-after'] as const)
      for (let at = 1; at <= 8; at++) {
        const clock = makeClock();
        const inner = memoryStore(clock);
        const faulty = faultyStore(inner);
        const { as } = make(clock, faulty.store);
        faulty.plan(fault, at);
        const appended = (async (): Promise<void> => {
          for (let n = 0; n < 6; n++) await appendEvent(as, acted(`a${n}`), clock.now());
        })();
        await Promise.race([appended, faulty.killed]);
        const other = make(clock, bound(inner)).as;
        await appendEvent(other, acted('other'), clock.now());
        const targets = (await exported(other)).map((line) => line['target']);
        expect([at, targets]).toEqual([at, [...['a0', 'a1', 'a2', 'a3', 'a4', 'a5'].slice(0, targets.length - 1), 'other']]);
        expect([at, await verifyLog(other)]).toEqual([at, expect.objectContaining({ ok: true })]);
      }
  });

  it('holds at most a thousand entries that wait, half of them of the kinds that anyone can cause, and writes a hundred to a block', async () => {
    const clock = makeClock();
    const store = memoryStore(clock);
    let isDown = true;
    const { as } = make(clock, { ...bound(store), write: (...all) => (isDown ? Promise.reject(new Error('down')) : store.write(...all)) });
    const opened = (n: number): NewEvent => ({ kind: 'grant.opened', grantId: `g${n}`, clientId: 'c' });
    for (let at = 0; at < 700; at++) await appendEvent(as, failed, clock.now());
    for (let at = 0; at < 600; at++) await appendEvent(as, opened(at), clock.now());
    isDown = false;
    await appendEvent(as, acted('bob'), clock.now()); // no room for it either
    const lines = await exported(as);
    const left = lines.filter(({ kind }) => kind === 'audit.left_out').map((line) => line['counts'] as Record<string, number>);
    const sum = (kind: string): number => left.reduce((all, counts) => all + (counts[kind] ?? 0), 0);
    expect([sum('login.failed'), sum('grant.opened'), sum('admin.acted')]).toEqual([640, 100, 1]);
    expect(lines.filter(({ kind }) => kind === 'grant.opened').map((line) => line['grantId'])).toEqual(
      Array.from({ length: 500 }, (_, at) => `g${at}`),
    );
    const sizes = Map.groupBy(lines, ({ id }) => String(id).split('.')[0]);
    expect(Math.max(...[...sizes.values()].map((block) => block.length))).toBe(100);
    expect(await verifyLog(as)).toMatchObject({ ok: true });
  });

  it('appends at the second try after many blocks of other processes', async () => {
    const [clock, tries] = [makeClock(), [] as Key[]];
    const store = memoryStore(clock);
    const write: Store['write'] = (key, ...more) => (tries.push(key), store.write(key, ...more));
    const counting = { ...faultyStore(store).store, write };
    const [one, other] = [make(clock, counting), make(clock, store)];
    await appendEvent(one.as, acted('first'), clock.now());
    for (let at = 0; at < 60; at++) await appendEvent(other.as, acted(`other ${at}`), clock.now());
    tries.length = 0;
    await appendEvent(one.as, acted('last'), clock.now());
    expect(tries.filter((key) => key.startsWith('audit-log:'))).toEqual(['audit-log:2', 'audit-log:62']);
  });

  it('goes on after a writer that was cancelled with its request', async () => {
    const clock = makeClock();
    const store = memoryStore(clock);
    let hangs = true;
    const { as } = make(clock, { ...bound(store), read: (...all) => (hangs ? new Promise(() => undefined) : store.read(...all)) });
    void appendEvent(as, acted('1'), clock.now());
    hangs = false;
    await appendEvent(as, acted('2'), clock.now());
    expect(await exported(as)).toEqual([]);
    clock.pass(30);
    await appendEvent(as, acted('3'), clock.now());
    expect((await exported(as)).map((line) => line['target'])).toEqual(['1', '2', '3']);
  });

  it('holds the hash of the block before in each block', async () => {
    const clock = makeClock();
    const store = memoryStore(clock);
    const { as } = make(clock, store);
    for (let at = 0; at < 2; at++) await appendEvent(as, acted(`${at}`), clock.now());
    const [one, two] = await Promise.all([textOf(store, 1), textOf(store, 2)]);
    const digest = new Uint8Array(await crypto.subtle.digest('SHA-256', new TextEncoder().encode(one)));
    const hash = btoa(String.fromCodePoint(...digest))
      .replaceAll('+', '-')
      .replaceAll('/', '_')
      .replaceAll('=', '');
    expect((JSON.parse(two) as Block).prev).toEqual({ hash, until: clock.now() + 90 * DAY });
    expect((JSON.parse(one) as Block).prev).toBeNull();
  });
});

/** The stored text of a block. */
async function textOf(store: Store, n: number): Promise<string> {
  const stored = await store.read(`audit-log:${n}`);
  return (stored?.value as { text?: string } | undefined)?.text ?? '';
}

/** The verbs of a store as functions of their own: another process. */
function bound(store: Store): Store {
  return { atomic: true, read: (...all) => store.read(...all), write: (...all) => store.write(...all), remove: (...all) => store.remove(...all), list: (...all) => store.list(...all) }; // prettier-ignore
}
