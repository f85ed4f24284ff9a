/** Shares of open streams: no one takes the places of everyone else. */
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { shares } from '../../../src/mcp/sessions/shares.ts';
import { accessWith } from '../clients.ts';

const ada = accessWith();
const bob = { ...ada, userId: 'u2' };
const LIMITS = { session: 2, user: 3, anonymous: 2, all: 6, alone: 2 };

describe('mcp/sessions/shares', () => {
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
