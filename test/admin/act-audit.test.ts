/** The entry of a change is written before the change and gets its outcome after it, and is kept for 90 days. */
import { describe, expect, it } from 'vitest';
import { audited, listAudit } from '../../src/admin/act.ts';
import { OAuthError } from '../../src/model/error.ts';
import type { Store } from '../../src/model/store.ts';
import { memoryStore } from '../../src/stores/memory.ts';
import { makeClock } from '../../src/testing/clock.ts';
import { makeServer } from '../support/server.ts';

const CHANGE = { act: 'users/disable', by: 'alice', target: 'bob' };
const DAY = 86_400;

/** A server whose writes to the audit fail from the one with this number on. */
function makeWorld({ brokenFrom = Infinity } = {}) {
  const clock = makeClock();
  const inner = memoryStore(clock);
  let writes = 0;
  const store: Store = {
    atomic: true,
    read: (...all) => inner.read(...all),
    remove: (...all) => inner.remove(...all),
    list: (...all) => inner.list(...all),
    write: (...all) => (++writes >= brokenFrom ? Promise.reject(new Error('disk full')) : inner.write(...all)),
  };
  const { as, events } = makeServer({ clock, store });
  const entries = async (): Promise<readonly object[]> => (await listAudit(as)).entries;
  return { as, clock, inner, events, entries };
}

describe('admin/act, audit', () => {
  it('writes the entry before the change, and its outcome with an event after it', async () => {
    const { as, clock, events, entries } = makeWorld();
    const at = clock.now();
    const during = await audited(as, CHANGE, async () => {
      clock.pass(5);
      return [await entries(), [...events]];
    });
    expect(during).toEqual([[{ at, ...CHANGE }], []]);
    expect(await entries()).toEqual([{ at, ...CHANGE, outcome: 'done' }]);
    expect(events).toMatchObject([{ kind: 'admin.acted', ...CHANGE, outcome: 'done' }]);
  });

  it('notes the id of what was made, and of nothing else', async () => {
    const { as, events, entries } = makeWorld();
    const results = [
      { user: { id: 'u' } },
      { client: { id: 'c' } },
      { key: 'pcl_x', info: { id: 'k' } },
      { id: 'x' },
      { user: { id: 7 } },
      null,
    ];
    for (const result of results) expect(await audited(as, CHANGE, async () => result)).toBe(result);
    const made = ['u', 'c', 'k', undefined, undefined, undefined];
    expect(events.map((event) => ('made' in event ? event.made : undefined))).toEqual(made);
    const kept = (await entries()) as readonly { made?: string }[];
    expect(kept.flatMap((entry) => ('made' in entry ? [entry.made] : [])).toSorted()).toEqual(['c', 'k', 'u']);
  });

  it('tells a refusal from a failure, and throws what the change threw', async () => {
    const { as, events, entries } = makeWorld();
    const errors = [
      new OAuthError('invalid_request', 'x'),
      new TypeError('taken'),
      new OAuthError('server_error', 'x', { status: 500 }),
      new OAuthError('temporarily_unavailable', 'x'),
      new Error('down'),
    ] as const;
    for (const error of errors) await expect(audited(as, CHANGE, () => Promise.reject(error))).rejects.toBe(error);
    const outcomes = ['refused', 'refused', 'failed', 'failed', 'failed'];
    expect(events.map((event) => 'outcome' in event && event.outcome)).toEqual(outcomes);
    const kept = (await entries()) as readonly { outcome?: string }[];
    expect(kept.map(({ outcome = '' }) => outcome).toSorted()).toEqual(outcomes.toSorted());
  });

  it('keeps only the beginning of the hash of a target that is unknown or malformed, which may be a secret of another server', async () => {
    const { as, events, entries } = makeWorld();
    const refuse = (error: unknown, change: object = CHANGE): Promise<unknown> =>
      audited(as, change as typeof CHANGE, () => Promise.reject(error)).catch(() => undefined);
    const told = (): unknown => events.map((event) => ('target' in event ? event.target : undefined));
    for (const reason of ['admin_target_unknown', 'admin_input']) await refuse(new OAuthError('invalid_request', reason));
    await refuse(new TypeError('taken'));
    const hashed = `sha256:${(await as.secrets.hash('bob')).slice(0, 12)}`;
    expect([told(), JSON.stringify(await entries()).includes('"bob"')]).toEqual([[hashed, hashed, hashed], false]);
    events.length = 0;
    for (const error of [new OAuthError('access_denied', 'admin_own_account'), new Error('down')]) await refuse(error);
    expect(told(), 'of a known one').toEqual(['bob', 'bob']);
    events.length = 0;
    await refuse(new TypeError('taken'), { act: 'sweep', by: 'alice' });
    expect(events).toMatchObject([{ act: 'sweep', outcome: 'refused' }]);
    expect(told()).toEqual([undefined]);
  });

  it('makes no change whose entry cannot be written', async () => {
    const { as, events } = makeWorld({ brokenFrom: 1 });
    let isDone = false;
    await expect(audited(as, CHANGE, async () => void (isDone = true))).rejects.toThrow('disk full');
    expect([isDone, events]).toEqual([false, []]);
  });

  it('leaves the entry without an outcome where that cannot be written, and tells of the change all the same', async () => {
    const { as, events, entries } = makeWorld({ brokenFrom: 2 });
    expect(await audited(as, CHANGE, async () => 'made')).toBe('made');
    expect(await entries()).toEqual([{ at: as.now(), ...CHANGE }]);
    expect(events).toMatchObject([{ outcome: 'done' }]);
  });

  it('keeps an entry for 90 days, each under a key of its own', async () => {
    const { as, clock, entries } = makeWorld();
    await audited(as, CHANGE, async () => undefined);
    await audited(as, { act: 'sweep', by: 'alice' }, async () => undefined);
    clock.pass(90 * DAY - 1);
    expect(await entries()).toHaveLength(2);
    clock.pass(1);
    expect(await entries()).toEqual([]);
  });

  it('lists a page of whole entries, without the number of their format, and says where it goes on', async () => {
    const { as, inner } = makeWorld();
    const odd = [{ v: 2, at: 1, act: 'x', by: 'y' }, { v: 1, act: 'x', by: 'y' }, { v: 1, at: 1, by: 'y' }, { v: 1, at: 1, act: 'x' }, { v: 1, at: 1, act: 'x', by: 'y' }];
    for (const [at, value] of odd.entries()) await inner.write(`audit:${at}`, value as never, 'absent', { index: ['audit:all'] });
    expect(await listAudit(as)).toEqual({ entries: [{ at: 1, act: 'x', by: 'y' }] });
    const asked: unknown[] = [];
    const paged = { ...as, store: { ...as.store, list: async (...all: unknown[]) => (asked.push(all), { keys: ['audit:4'], next: 'more' }) } };
    expect(await listAudit(paged as never, 'here')).toEqual({ entries: [{ at: 1, act: 'x', by: 'y' }], next: 'more' });
    expect(asked).toEqual([['audit:all', 'here', true]]);
  }); // prettier-ignore
});
