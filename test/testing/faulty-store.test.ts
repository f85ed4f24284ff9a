import { describe, expect, it } from 'vitest';
import { memoryStore } from '../../src/stores/memory.ts';
import { faultyStore } from '../../src/testing/faulty-store.ts';
import { storeSuite } from '../../src/testing/store-suite.ts';
import { expectKept } from '../support/store-rules.ts';

const SILENT = Symbol('no answer');

/** What an operation comes to, or that it does not answer. */
async function answerOf(operation: Promise<unknown>): Promise<unknown> {
  const silence = (async () => {
    for (let turn = 0; turn < 20; turn++) await new Promise<void>((next) => setTimeout(next));
    return SILENT;
  })();
  return Promise.race([operation.catch((error: unknown) => (error as Error).message), silence]);
}

describe('testing/faulty-store', () => {
  for (const { name, run } of storeSuite) {
    it(`without a plan ${name}`, () => expectKept(run, async (now) => ({ store: faultyStore(memoryStore({ now })).store })));
  }

  it('fails the n-th operation from now and no other, and counts', async () => {
    const { store, plan, heal } = faultyStore(memoryStore());
    plan('refuse', 2);
    expect(await store.write('a:1', 1, 'any')).not.toBeNull();
    await expect(store.write('a:1', 2, 'any')).rejects.toThrow('ECONNREFUSED');
    expect((await store.read('a:1'))?.value).toBe(1);
    expect(heal()).toBe(3);
    plan('refuse', 1, true);
    for (let time = 0; time < 3; time++) await expect(store.read('a:1')).rejects.toThrow('ECONNREFUSED');
    heal();
    expect(await store.read('a:1')).not.toBeNull();
  });

  it('performs an operation whose response it loses', async () => {
    const inner = memoryStore();
    const { store, plan } = faultyStore(inner);
    plan('lose', 1);
    await expect(store.write('a:1', 1, 'any')).rejects.toThrow('ECONNRESET');
    expect((await inner.read('a:1'))?.value).toBe(1);
  });

  it('holds a delayed operation up until the test lets it pass', async () => {
    const inner = memoryStore();
    const gate = Promise.withResolvers<void>();
    const { store, plan } = faultyStore(inner, { pass: () => gate.promise });
    plan('delay', 1);
    const slow = store.write('a:1', 'slow', 'any');
    await store.write('a:1', 'quick', 'any');
    expect((await inner.read('a:1'))?.value).toBe('quick');
    gate.resolve();
    await slow;
    expect((await inner.read('a:1'))?.value).toBe('slow');
  });

  it('kills the process before or after an operation: nothing answers until it is started again', async () => {
    for (const [fault, done] of [
      ['kill-before', null],
      ['kill-after', 1],
      ['hang', null],
    ] as const) {
      const inner = memoryStore();
      const { store, plan, heal, killed } = faultyStore(inner);
      plan(fault, 1);
      expect(await answerOf(store.write('a:1', 1, 'any'))).toBe(SILENT);
      expect((await inner.read('a:1'))?.value ?? null).toBe(done);
      if (fault !== 'hang') {
        await killed;
        expect(await answerOf(store.read('a:1'))).toBe(SILENT);
      }
      heal();
      expect((await store.read('a:1'))?.value ?? null).toBe(done);
    }
  });
});
