/** The usual shares, calls at work, places of the dead, and what is answered where there is no place. */
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { type Full, shares, tooManyOpen } from '../../../src/mcp/sessions/limits.ts';
import { type Context, withRequestState } from '../../../src/model/context.ts';
import { accessWith } from '../clients.ts';

const ada = accessWith();
let over: AbortController;
beforeEach(() => {
  vi.useFakeTimers();
  over = new AbortController();
});
afterEach(() => {
  over.abort(); // and no timer is left
  vi.useRealTimers();
});

/** Runs what workerd ends without a word: its timers never fire. A spy would keep the next files of this process from the real timers. */
function asDead<T>(run: () => T): T {
  const { setInterval } = globalThis;
  globalThis.setInterval = (() => 0) as never;
  const result = run();
  globalThis.setInterval = setInterval;
  return result;
}

describe('mcp/sessions/limits, as they are', () => {
  it('are eight streams of a session, 128 of a user and of all without a token, and 2048 together (F-06)', () => {
    const open = shares();
    const take = (userId: string | null, session?: string): Full | null =>
      open.take({ access: userId === null ? null : { ...ada, userId }, ...(session !== undefined && { session }) }, over.signal);
    const times = (count: number, userId: string | null, session?: string): (Full | null)[] => [
      ...new Set(Array.from({ length: count }, () => take(userId, session))),
    ];
    expect([times(8, 'a', 's'), take('a', 's')]).toEqual([[null], 'streams_of_session']);
    expect([times(120, 'a'), take('a')]).toEqual([[null], 'streams_of_user']);
    expect([times(128, null), take(null)]).toEqual([[null], 'streams_of_anonymous']);
    for (let at = 0; at < 14; at++) expect(times(128, `u${at}`)).toEqual([null]);
    expect(take('z')).toBe('streams');
  });

  it('are of a grant where the token names no user (F-06)', () => {
    const open = shares();
    const take = (grantId: string): Full | null => open.take({ access: { ...ada, userId: '', grantId } }, over.signal);
    for (let at = 0; at < 128; at++) take('g1');
    expect([take('g1'), take('g2')]).toEqual(['streams_of_user', null]);
  });

  it('are 64 calls of a user that continue without their client (F-06)', () => {
    const open = shares();
    const calls = Array.from({ length: 66 }, () => new AbortController());
    for (const call of calls.slice(0, 64)) open.leave(ada, call);
    expect(calls.some(({ signal }) => signal.aborted)).toBe(false);
    for (const call of calls.slice(64)) open.leave(ada, call);
    expect(calls.map(({ signal }) => signal.aborted)).toEqual([true, true, ...Array(64).fill(false)]);
    for (const call of calls) call.abort();
  });
});

describe('mcp/sessions/limits, calls without a client', () => {
  it('free the place of a stream that ended without a signal', () => {
    const open = shares({ session: 9, user: 9, anonymous: 9, all: 9, alone: 2 });
    const [first, second, third, fourth] = Array.from({ length: 4 }, () => new AbortController()) as [AbortController, AbortController, AbortController, AbortController]; // prettier-ignore
    open.leave(ada, first);
    open.leave(ada, second);
    const collected = vi.spyOn(WeakRef.prototype, 'deref').mockReturnValue(undefined);
    open.leave(ada, third); // in the place of the first
    collected.mockRestore();
    open.leave(ada, fourth);
    expect([first, second, third, fourth].map(({ signal }) => signal.aborted)).toEqual([false, true, false, false]);
    for (const call of [first, second, third, fourth]) call.abort();
  });
});

describe('mcp/sessions/limits, calls at work', () => {
  it('are counted until they end, for each session', () => {
    const open = shares();
    const [one, two] = [new AbortController(), new AbortController()];
    open.work('a', one.signal);
    open.work('a', two.signal);
    expect([open.isAtWork('a'), open.isAtWork('b')]).toEqual([true, false]);
    one.abort();
    expect(open.isAtWork('a')).toBe(true);
    two.abort();
    expect(open.isAtWork('a')).toBe(false);
    expect(open.take({ access: ada, session: 'a' }, over.signal)).toBeNull();
    expect(open.isAtWork('a')).toBe(false); // a stream is no call
  });
});

describe('mcp/sessions/limits, places of the dead (F-61)', () => {
  it('are free when nothing was heard of them for 65 seconds, and not before', () => {
    const open = shares({ session: 1, user: 9, anonymous: 9, all: 9, alone: 9 });
    const take = (): Full | null => open.take({ access: ada, session: 's' }, over.signal);
    const dead = new AbortController();
    asDead(() => open.take({ access: ada, session: 's' }, dead.signal));
    vi.advanceTimersByTime(65_000);
    expect(take()).toBe('streams_of_session');
    vi.advanceTimersByTime(1);
    expect(take()).toBeNull();
    expect(() => dead.abort()).not.toThrow(); // its place is gone already
    expect(take()).toBe('streams_of_session');
  });

  it('are looked for among all, where there are many', () => {
    const open = shares();
    asDead(() => open.work('dead', new AbortController().signal));
    vi.advanceTimersByTime(66_000);
    for (let at = 0; at < 4096; at++) open.work(String(at), over.signal);
    expect(open.isAtWork('dead')).toBe(true); // 4,097 keys with it
    open.work('one more', over.signal);
    expect([open.isAtWork('dead'), open.isAtWork('0')]).toEqual([false, true]);
  });

  it('leave those of others alone', () => {
    const open = shares();
    asDead(() => open.work('dead', new AbortController().signal));
    vi.advanceTimersByTime(66_000);
    open.work('alive', over.signal);
    open.work('alive', over.signal);
    expect(open.isAtWork('dead')).toBe(true);
  });
});

describe('mcp/sessions/limits, refusals', () => {
  it.each<[Full, number, string]>([
    ['streams', 503, 'The server holds too many streams open.'],
    ['streams_of_session', 429, 'Too many streams are open: end one first.'],
    ['streams_of_user', 429, 'Too many streams are open: end one first.'],
    ['streams_of_anonymous', 429, 'Too many streams are open: end one first.'],
  ])('of %s are answered with %i, and told', async (full, status, message) => {
    const events: unknown[] = [];
    const ctx = withRequestState({ waitUntil: () => undefined } as Context, { emit: (event: unknown) => void events.push(event) } as never);
    const answer = tooManyOpen(full, ctx, 7);
    expect([answer.status, answer.headers.get('retry-after'), await answer.json()]).toEqual([
      status,
      '30',
      { jsonrpc: '2.0', error: { code: -32000, message }, id: 7 },
    ]);
    expect(events).toEqual([{ kind: 'request.refused', endpoint: 'mcp', code: 'too_many_streams', reason: full }]);
  });

  it('need no listener and no request', async () => {
    expect(await tooManyOpen('streams', { waitUntil: () => undefined } as Context).json()).toMatchObject({ id: null });
  });
});
