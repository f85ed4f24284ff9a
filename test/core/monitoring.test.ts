import { describe, expect, it } from 'vitest';
import { memoryStore } from '../../src/stores/memory.ts';
import { faultyStore } from '../../src/testing/faulty-store.ts';
import { type Clock, makeClock } from '../../src/testing/clock.ts';
import { checkHealth } from '../../src/core/monitoring.ts';
import type { AuthServer } from '../../src/core/auth-server.ts';
import { withStoreRetry } from '../../src/core/store-retry.ts';
import { type Key, NothingDone, type Store } from '../../src/model/store.ts';
import { epochStore, tenantStore } from '../../src/stores/prefixed.ts';
import { appOn, storeNames, makeApp } from '../support/app.ts';

describe.each(storeNames)('core/monitoring on %s', (name) => {
  it('reports ok if the store can be written and read, and leaves no record behind', async () => {
    const app = await makeApp(name);
    const before = { ...app.counts };
    expect(await app.provider.helpers(app.env).health()).toEqual({ ok: true });
    expect([app.counts.writes - before.writes, app.counts.removes - before.removes]).toEqual([1, 1]);
  });
});

describe('core/monitoring', () => {
  it('FLT-05 reports failure whichever operation fails, tells the operator why, and reports ok once the store is back', async () => {
    for (const at of [1, 2, 3]) {
      const clock = makeClock();
      const faulty = faultyStore(memoryStore(clock));
      const app = await appOn(faulty.store, clock);
      const health = app.provider.helpers(app.env).health;
      faulty.plan('refuse', at, true);
      expect(await health()).toEqual({ ok: false, reason: 'store_failed', failed: { parts: 1, of: 1 } });
      expect(app.events.at(-1)).toMatchObject({ kind: 'request.failed', endpoint: 'health' });
      faulty.heal();
      expect(await health()).toEqual({ ok: true });
    }
  });

  it('reports failure if a store acknowledges writes and loses them', async () => {
    const clock = makeClock();
    const forgetful = { ...asPlain(memoryStore(clock)), remove: async () => false };
    const app = await appOn(forgetful, clock);
    expect(await app.provider.helpers(app.env).health()).toMatchObject({ ok: false, reason: 'store_wrong' });
  });

  it('checks every part of a store, under its tenant and epoch, and reports how many fail and why (F-70)', async () => {
    const clock = makeClock();
    const inner = memoryStore(clock);
    const partOf = (key: Key): number => key.length % 3;
    const asked = new Set<number>();
    const store: Store = {
      ...asPlain(inner),
      write: (key, ...rest) => {
        asked.add(partOf(key));
        return partOf(key) === 1 ? Promise.reject(new NothingDone('full')) : inner.write(key, ...rest);
      },
      spread: (name) => [0, 1, 2].map((part) => name([...'x'.repeat(300)].findIndex((_, n) => partOf(name(n * n * n)) === part) ** 3)),
    };
    const as = asOver(tenantStore(epochStore(store, '1'), 'acme'), clock);
    expect(await checkHealth(as)).toEqual({ ok: false, reason: 'store_refused', failed: { parts: 1, of: 3 } });
    expect(asked).toEqual(new Set([0, 1, 2]));
  });
});

function asOver(store: Store, clock: Clock): AuthServer {
  const ids = { id: () => 'x' };
  return { store: withStoreRetry(store), secrets: ids, now: clock.now, emit: () => undefined } as unknown as AuthServer;
}

function asPlain(store: ReturnType<typeof memoryStore>): ReturnType<typeof memoryStore> {
  return {
    atomic: true,
    read: (key) => store.read(key),
    write: (...all) => store.write(...all),
    remove: (...all) => store.remove(...all),
    list: (...all) => store.list(...all),
  };
}
