/** Counts of what happened by day and hour: which event counts as what, when they are written, how long they are kept. */
import { describe, expect, it, vi } from 'vitest';
import { adminApi } from '../../src/admin/index.ts';
import { measuresOf } from '../../src/admin/measures.ts';
import { coreParts } from '../../src/core/parts.ts';
import { makeAuthServer, type AuthServer } from '../../src/core/auth-server.ts';
import type { NewEvent } from '../../src/model/event.ts';
import { password } from '../../src/logins/password.ts';
import type { Store } from '../../src/model/store.ts';
import { parseOptions } from '../../src/options/parse.ts';
import { settingsOf } from '../../src/provider/host.ts';
import { memoryStore } from '../../src/stores/memory.ts';
import { type Clock, makeClock } from '../../src/testing/clock.ts';
import { makeRuntime } from '#under-test';

const who = { grantId: 'g', clientId: 'c', userId: 'u' };
const signedIn: NewEvent = { kind: 'login.succeeded', login: 'password', userId: 'u' };
const parsed = parseOptions({
  apiRoute: '/mcp',
  apiHandler: () => new Response(),
  logins: [password()],
  admin: adminApi({ permission: 'admin' }),
  on: () => undefined,
});

/** A server, and a way to let the time before the next write pass. */
function make(
  clock: Clock,
  store: Store = memoryStore(clock),
): { as: AuthServer; store: Store; pass: () => void; behind: Promise<unknown>[] } {
  const waiting: (() => void)[] = [];
  const behind: Promise<unknown>[] = [];
  const pause = (ms: number): Promise<void> => new Promise((done) => (ms === 5000 ? void waiting.push(done) : done()));
  const runtime = { ...makeRuntime(), now: clock.now, pause, waitUntil: (work: Promise<unknown>) => void behind.push(work) };
  const as = makeAuthServer(settingsOf(parsed, { issuer: 'https://mcp.example' }, true, {}), runtime, store, coreParts);
  return { as, store, behind, pass: () => waiting.splice(0).forEach((done) => done()) };
}

describe('measures', () => {
  it('count each event as what the page shows, today and in this hour', async () => {
    const clock = makeClock();
    const { as } = make(clock);
    const events: readonly NewEvent[] = [
      signedIn,
      { kind: 'login.failed', login: 'password', reason: 'x', network: 'n' },
      { kind: 'grant.opened', ...who },
      { kind: 'grant.refreshed', ...who },
      { kind: 'grant.repeated', ...who },
      { kind: 'grant.redeemed', ...who },
      { kind: 'grant.ended', ...who, reason: 'revoked' },
      { kind: 'grant.ended', ...who, reason: 'refresh_reused' },
      { kind: 'grant.ended', ...who, reason: 'code_replayed' },
      { kind: 'consent.denied', clientId: 'c' },
      { kind: 'call.denied', primitive: 'tool', name: 't' },
      { kind: 'call.allowed', primitive: 'tool', name: 't' },
      { kind: 'request.refused', endpoint: 'token', code: 'invalid_grant', reason: 'code_replayed' },
      { kind: 'request.refused', endpoint: 'token', code: 'invalid_dpop_proof', reason: 'proof_replayed' },
      { kind: 'request.failed', endpoint: 'token', requestId: 'r', error: null },
    ];
    for (const event of events) as.emit(event);
    const { days, counts, hours, hourCounts } = await measuresOf(as).read(2);
    const today = new Date(clock.now() * 1000).toISOString();
    expect([days, hours.at(-1), hours.length]).toEqual([[expect.any(String), today.slice(0, 10)], today.slice(0, 13), 48]);
    const expected = { signIns: 1, failedSignIns: 1, grantsOpened: 1, grantsEnded: 3, refreshes: 2, denials: 2, replays: 3, refusals: 2, errors: 1, calls: 1 }; // prettier-ignore
    expect(counts['activeGrants']).toEqual([0, 1]);
    expect(counts).toEqual(Object.fromEntries(Object.entries({ ...expected, activeGrants: 1 }).map(([name, count]) => [name, [0, count]])));
    expect(Object.fromEntries(Object.entries(hourCounts).map(([name, column]) => [name, column.at(-1)]))).toEqual(expected);
  });

  it('are written together, behind the response, once for many events, and by each process beside the others', async () => {
    const clock = makeClock();
    const { as, store, pass, behind } = make(clock);
    const write = vi.spyOn(store, 'write');
    for (let at = 0; at < 100; at++) as.emit(signedIn);
    expect([write.mock.calls.length, behind.length]).toEqual([0, 1]);
    pass();
    await Promise.all(behind);
    expect(write).toHaveBeenCalledTimes(1);
    const other = make(clock, bound(store)).as;
    other.emit(signedIn);
    expect((await measuresOf(other).read(1)).counts['signIns']).toEqual([101]);
    as.emit(signedIn); // begins to wait anew
    expect(behind).toHaveLength(2);
  });

  it('lose none where processes write at once, and keep them while the store is down', async () => {
    const clock = makeClock();
    const shared = memoryStore(clock);
    const servers = [0, 1, 2, 3, 4].map(() => make(clock, bound(shared)).as);
    for (const as of servers) as.emit(signedIn);
    const answers = await Promise.all(servers.map((as) => measuresOf(as).read(1)));
    expect(Math.max(...answers.map(({ counts }) => counts['signIns']?.[0] ?? 0))).toBe(5);
    let isDown = true;
    const { as, pass, behind } = make(clock, { ...bound(shared), write: async (...all) => (isDown ? Promise.reject(new Error('down')) : shared.write(...all)) }); // prettier-ignore
    as.emit(signedIn);
    pass();
    await Promise.all(behind);
    isDown = false;
    expect((await measuresOf(as).read(1)).counts['signIns']).toEqual([6]);
  });

  it('estimate how many grants were in use on a day, whichever process saw them, and keep the number', async () => {
    const clock = makeClock();
    const store = memoryStore(clock);
    const use = async (server: AuthServer, from: number, count: number): Promise<void> => {
      for (let at = from; at < from + count; at++)
        server.emit({ kind: 'grant.refreshed', grantId: btoa(`grant-${at * 7919}`), clientId: 'c' });
      await measuresOf(server).read(1);
    };
    const [one, two] = [make(clock, bound(store)).as, make(clock, bound(store)).as];
    await use(one, 0, 50);
    await use(two, 25, 50);
    await use(one, 0, 50);
    expect((await measuresOf(one).read(1)).counts['activeGrants']).toEqual([
      expect.toSatisfy((count: number) => count >= 71 && count <= 79),
    ]);
    clock.pass(86_400);
    await use(two, 0, 5000);
    const { counts } = await measuresOf(two).read(2);
    const [before = 0, today = 0] = counts['activeGrants'] ?? [];
    expect([before >= 71 && before <= 79, today > 4400 && today < 5600]).toEqual([true, true]);
    for (let day = 0; day < 5; day++) {
      clock.pass(86_400);
      await use(one, 0, 1);
    }
    const record = (await store.read('measures:all'))?.value as { active: object };
    expect(Object.keys(record.active)).toHaveLength(2);
    expect((await measuresOf(one).read(6)).counts['activeGrants']?.[0]).toBe(today);
  });

  it('wait anew when the request that waited was cancelled with its timer', async () => {
    const clock = makeClock();
    const { as, behind } = make(clock);
    as.emit(signedIn);
    clock.pass(29);
    as.emit(signedIn);
    expect(behind).toHaveLength(1);
    clock.pass(1);
    as.emit(signedIn);
    expect(behind).toHaveLength(2);
  });

  it('keep 90 days and 48 hours, and no more', async () => {
    const clock = makeClock();
    const { as, store } = make(clock);
    for (let day = 0; day < 100; day++) {
      as.emit(signedIn);
      await measuresOf(as).read(1);
      clock.pass(86_400);
    }
    as.emit(signedIn);
    const { days, counts } = await measuresOf(as).read(1000);
    expect([days.length, counts['signIns']]).toEqual([90, days.map(() => 1)]);
    const record = (await store.read('measures:all'))?.value as { days: object; hours: object };
    expect([Object.keys(record.days).length, Object.keys(record.hours).length]).toEqual([90, 2]);
    clock.pass(90 * 86_400);
    expect(await store.read('measures:all')).toBeNull();
  });
});

/** The verbs of a store as functions of their own. */
function bound(store: Store): Store {
  return { atomic: true, read: (...all) => store.read(...all), write: (...all) => store.write(...all), remove: (...all) => store.remove(...all), list: (...all) => store.list(...all) }; // prettier-ignore
}
