/** A tenant's part of a store keeps every promise of the whole, and nothing leads out of it. */
import { describe, expect, it } from 'vitest';
import { memoryStore } from '../../src/stores/memory.ts';
import { tenantStore } from '../../src/stores/prefixed.ts';
import { storeSuite } from '../../src/testing/store-suite.ts';
import { expectKept } from '../support/store-rules.ts';

describe('stores/prefixed, tenants', () => {
  for (const { name, run } of storeSuite)
    it(name, () => expectKept(run, async (now) => ({ store: tenantStore(memoryStore({ now }), 'acme') })));

  it('SEC-198 separates records and lists of two tenants, and those without a tenant, under the same names', async () => {
    const whole = memoryStore({ now: () => 1000 });
    const [acme, blue] = [tenantStore(whole, 'acme'), tenantStore(whole, 'blue')];
    for (const [store, value] of [[whole, 'w'], [acme, 'a'], [blue, 'b']] as const)
      await store.write('grant:1', value, 'absent', { index: ['user:1', 'user:blue/1'] }); // prettier-ignore
    expect((await Promise.all([whole, acme, blue].map((store) => store.read('grant:1')))).map((one) => one?.value)).toEqual([
      'w',
      'a',
      'b',
    ]);
    expect(await acme.remove('grant:1')).toBe(true);
    expect(await acme.list('user:1')).toEqual({ keys: [] });
    expect(await blue.list('user:1')).toEqual({ keys: ['grant:1'] });
    expect(await whole.list('user:1')).toEqual({ keys: ['grant:1'] });
    expect(await blue.read('acme/grant:1')).toBeNull();
  });

  it('gives its own records alone to a copy, and takes those of a server that was alone', async () => {
    const [from, whole] = [memoryStore({ now: () => 1000 }), memoryStore({ now: () => 1000 })];
    await from.write('grant:1', { n: 1 }, 'absent', { until: 2000, index: ['user:1'] });
    const acme = tenantStore(whole, 'acme');
    for (const { key, value, until, index } of (await from.all?.())?.records ?? [])
      await acme.write(key, value, 'absent', { ...(until === undefined ? {} : { until }), index });
    await tenantStore(whole, 'blue').write('grant:2', { n: 2 }, 'absent');
    expect((await acme.all?.())?.records).toEqual([
      { key: 'grant:1', value: { n: 1 }, until: 2000, index: ['user:1'], version: expect.any(Number) },
    ]);
  });

  it('refuses an id that could be taken for another', () => {
    for (const id of ['', 'A', 'a/b', 'a:b', 'a.b', '-a', 'ä', 'a'.repeat(33)]) {
      expect(() => tenantStore(memoryStore(), id)).toThrow(TypeError);
    }
  });
});
