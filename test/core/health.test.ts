import { describe, expect, it } from 'vitest';
import { memoryStore } from '../../src/stores/memory.ts';
import { faultyStore } from '../../src/testing/faulty-store.ts';
import { makeClock } from '../../src/testing/clock.ts';
import { appOn, storeNames, makeApp } from '../support/app.ts';

describe.each(storeNames)('core/health on %s', (name) => {
  it('says yes where the store can be written and read, and leaves nothing behind', async () => {
    const app = await makeApp(name);
    const before = { ...app.counts };
    expect(await app.provider.helpers(app.env).health()).toEqual({ ok: true });
    expect([app.counts.writes - before.writes, app.counts.removes - before.removes]).toEqual([1, 1]);
  });
});

describe('core/health', () => {
  it('FLT-05 says no at whichever operation the store fails, tells the operator why, and says yes again once it is back', async () => {
    for (const at of [1, 2, 3]) {
      const clock = makeClock();
      const faulty = faultyStore(memoryStore(clock));
      const app = await appOn(faulty.store, clock);
      const health = app.provider.helpers(app.env).health;
      faulty.plan('refuse', at);
      expect(await health()).toEqual({ ok: false });
      expect(app.events.at(-1)).toMatchObject({ kind: 'request.failed', endpoint: 'health' });
      expect(await health()).toEqual({ ok: true });
    }
  });

  it('says no where a store takes writes and forgets them', async () => {
    const clock = makeClock();
    const forgetful = { ...asPlain(memoryStore(clock)), remove: async () => false };
    const app = await appOn(forgetful, clock);
    expect(await app.provider.helpers(app.env).health()).toEqual({ ok: false });
  });
});

function asPlain(store: ReturnType<typeof memoryStore>): ReturnType<typeof memoryStore> {
  return {
    atomic: true,
    read: (key) => store.read(key),
    write: (...all) => store.write(...all),
    remove: (...all) => store.remove(...all),
    list: (...all) => store.list(...all),
  };
}
