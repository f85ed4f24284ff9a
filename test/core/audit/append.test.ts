/** Appending to the audit log beside other processes and on a store that is not itself. */
import { describe, expect, it, vi } from 'vitest';
import { appendEvent, observe } from '../../../src/core/audit/append.ts';
import { readBlock, verifyLog } from '../../../src/core/audit/read.ts';
import { metricsText } from '../../../src/core/monitoring.ts';
import type { NewEvent } from '../../../src/model/event.ts';
import type { Store } from '../../../src/model/store.ts';
import { memoryStore } from '../../../src/stores/memory.ts';
import { makeClock } from '../../../src/testing/clock.ts';
import { makeServer } from '../../support/server.ts';

const acted = (target: string): NewEvent => ({ kind: 'admin.acted', act: 'users/disable', by: 'alice', target, outcome: 'done' });

/** Two processes on one store; what the first one writes goes by way of `write`. */
function makeWorld(write: (inner: Store, ...all: Parameters<Store['write']>) => ReturnType<Store['write']>) {
  const clock = makeClock();
  const inner = memoryStore(clock);
  const over = (verb: Store['write']): Store => ({ atomic: true, read: (...all) => inner.read(...all), remove: (...all) => inner.remove(...all), list: (...all) => inner.list(...all), write: verb });
  const settings = { audit: { keep: 1000 } } as never;
  const machine = { pause: () => Promise.resolve() };
  const one = makeServer({ clock, settings, machine, store: over((...all) => write(inner, ...all)) });
  const other = makeServer({ clock, settings, machine, store: over((...all) => inner.write(...all)) });
  const append = (to: typeof one, target: string): Promise<void> => appendEvent(to.as, acted(target), clock.now());
  const targetIn = async (n: number): Promise<unknown> => (await readBlock(one.as, n))?.block?.entries.map((entry) => entry['target']);
  return { clock, inner, one, other, append, targetIn };
} // prettier-ignore

describe('core/audit/append', () => {
  it('keeps an event only with `audit`, and counts it only with `monitoring.scrapeToken`', async () => {
    for (const audit of [null, { keep: 1000 }])
      for (const scrapeToken of [null, 'token']) {
        const { as, store } = makeServer({ settings: { audit, scrapeToken } as never });
        const write = vi.spyOn(store, 'write');
        await observe(as, acted('first'));
        const isKept = write.mock.calls.some(([key]) => key.startsWith('audit-log:'));
        const isCounted = metricsText(as, true).includes('kind="admin.acted"');
        expect([isKept, isCounted]).toEqual([audit !== null, scrapeToken !== null]);
      }
  });

  it('never sets the record of the end back, where another process has written after it', async () => {
    const { inner, one, other, append } = makeWorld(async (store, ...all) => {
      const version = await store.write(...all);
      if (all[0] === 'audit-log:1') await append(other, 'second'); // before the first process notes the end
      return version;
    });
    await append(one, 'first');
    expect((await inner.read('audit-head:all'))?.value).toMatchObject({ n: 2 });
    await inner.remove('audit-log:2'); // and so its removal is found
    expect((await verifyLog(one.as)).problems).toEqual([{ block: 2, what: 'removed' }]);
  });

  it('tries again where a block is neither written nor there', async () => {
    let tries = 0;
    const { one, append, targetIn } = makeWorld(async (store, ...all) => (all[0].startsWith('audit-log:') && ++tries === 1 ? null : store.write(...all)));
    await append(one, 'first');
    expect([tries, await targetIn(1), one.events]).toEqual([2, ['first'], []]);
  }); // prettier-ignore

  it('gives up after many tries, says so, and writes with the next event', async () => {
    let isStuck = true;
    const { one, append, targetIn } = makeWorld(async (store, ...all) => (isStuck && all[0].startsWith('audit-log:') ? null : store.write(...all)));
    await append(one, 'first');
    expect(one.events).toMatchObject([{ kind: 'request.failed', endpoint: 'audit', error: { reason: 'audit_log_contended' } }]);
    isStuck = false;
    await append(one, 'second');
    expect(await targetIn(1)).toEqual(['first', 'second']);
  }); // prettier-ignore
});
