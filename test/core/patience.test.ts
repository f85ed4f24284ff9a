/** Deadlines, tries and pile-ups of a store that is slow, hangs, or refuses for a moment; on a timer that the test moves. */
import { describe, expect, it } from 'vitest';
import { type After, withStoreRetry } from '../../src/core/store-retry.ts';
import { NothingDone, type Store } from '../../src/model/store.ts';
import { memoryStore } from '../../src/stores/memory.ts';

const { read, write, remove, list } = asObject(memoryStore());
const UNAVAILABLE = { code: 'temporarily_unavailable', status: 503, headers: { 'retry-after': '2' } };

/** A timer whose time passes when the test says so. */
function makeTimer(): { after: After; pass: (milliseconds: number, step?: number) => Promise<void>; waiting: () => number } {
  let now = 0;
  const due = new Set<{ at: number; run: () => void }>();
  return {
    waiting: () => due.size,
    after(milliseconds, run) {
      const one = { at: now + milliseconds, run };
      due.add(one);
      return () => due.delete(one);
    },
    async pass(milliseconds, step = 10) {
      for (let passed = 0; passed < milliseconds; passed += step) {
        now += step;
        for (const one of due) if (one.at <= now && due.delete(one)) one.run();
        await settled();
      }
    },
  };
}

/** Lets every promise that can settle do so. */
async function settled(): Promise<void> {
  for (let turn = 0; turn < 10; turn++) await Promise.resolve();
}

function asObject(store: Store): Store {
  return {
    atomic: true,
    read: (key) => store.read(key),
    write: (...all) => store.write(...all),
    remove: (...all) => store.remove(...all),
    list: (...all) => store.list(...all),
  };
}

describe('core/store-faults on a store elsewhere', () => {
  it('FLT-06 fails an operation at its deadline with 503, and leaves no timer behind', async () => {
    const timer = makeTimer();
    const store = withStoreRetry(
      { atomic: true, read: () => new Promise(() => undefined), write, remove, list },
      { deadline: 1000, after: timer.after },
    );
    const answer = expect(store.read('a:1')).rejects.toMatchObject({
      ...UNAVAILABLE,
      cause: new Error('The store did not answer within 1000 ms.'),
    });
    await timer.pass(1000);
    await answer;
    expect(await store.write('a:1', 1, 'any')).not.toBeNull();
    expect(timer.waiting()).toBe(0);
  });

  it('FLT-06 takes an answer that arrived while the whole process stood still for longer than the deadline', async () => {
    const timer = makeTimer();
    let answer: (found: null) => void = () => undefined;
    const hanging = (): Promise<null> => new Promise((done) => (answer = done));
    const store = withStoreRetry({ atomic: true, read: hanging, write, remove, list }, { deadline: 1000, after: timer.after });
    const read = store.read('a:1');
    await timer.pass(5000, 5000); // timers run first, then the sockets are read
    answer(null);
    expect(await read).toBeNull();
    expect(timer.waiting()).toBe(0);
  });

  it('FLT-06 sends a hanging store one probe at a time, and resumes once it answers', async () => {
    const timer = makeTimer();
    let asked = 0;
    let hangs = true;
    const hanging = (): Promise<null> => (asked++, hangs ? new Promise<null>(() => undefined) : Promise.resolve(null));
    const store = withStoreRetry({ atomic: true, read: hanging, write, remove, list }, { deadline: 1000, after: timer.after });
    const many = async (count: number): Promise<PromiseSettledResult<unknown>[]> => {
      const all = Promise.allSettled(Array.from({ length: count }, () => store.read('a:1')));
      await timer.pass(1000);
      return all;
    };
    await many(100);
    expect(asked).toBe(100);
    await many(100);
    expect(asked).toBe(101);
    hangs = false;
    const one = store.read('a:1');
    const refused = expect(store.read('a:1')).rejects.toMatchObject(UNAVAILABLE);
    expect(await one).toBeNull();
    await refused;
    expect((await many(50)).every(({ status }) => status === 'fulfilled')).toBe(true);
  });

  it('FLT-10 retries with pauses what certainly did nothing, and then answers 503', async () => {
    const timer = makeTimer();
    let [tries, refusals] = [0, 3];
    const refusing: Store['write'] = async (...all) => {
      tries++;
      if (tries <= refusals) throw new NothingDone('serialization failure');
      return write(...all);
    };
    const store = withStoreRetry({ atomic: true, read, write: refusing, remove, list }, { after: timer.after });
    const written = store.write('a:2', 1, 'absent');
    await settled();
    expect(tries).toBe(1); // the second waits for its pause
    await timer.pass(600);
    expect(await written).not.toBeNull();
    expect(tries).toBe(4);
    [tries, refusals] = [0, Infinity];
    const refused = expect(store.write('a:2', 1, 'any')).rejects.toMatchObject({ ...UNAVAILABLE, cause: expect.any(NothingDone) });
    await timer.pass(600);
    await refused;
    expect(tries).toBe(4);
  });

  it('never repeats what may have happened', async () => {
    let tries = 0;
    const lost: Store['write'] = async (...all) => {
      tries++;
      await write(...all);
      throw new Error('read ECONNRESET');
    };
    await expect(withStoreRetry({ atomic: true, read, write: lost, remove, list }).write('a:3', 1, 'absent')).rejects.toMatchObject(
      UNAVAILABLE,
    );
    expect(tries).toBe(1);
    expect(await read('a:3')).not.toBeNull();
  });

  it('repeats a read once, immediately, after a broken connection (F-70)', async () => {
    let [tries, broken] = [0, 1];
    const breaking: Store['read'] = (...all) => (tries++ < broken ? Promise.reject(new Error('read ECONNRESET')) : read(...all));
    const store = withStoreRetry({
      atomic: true,
      read: breaking,
      write,
      remove,
      list: (...all) => (tries++ < broken ? Promise.reject(new Error('57P01')) : list(...all)),
    });
    expect([await store.read('none:1'), tries]).toEqual([null, 2]);
    tries = 0;
    expect([await store.list('none:1'), tries]).toEqual([{ keys: [] }, 2]);
    [tries, broken] = [0, 2];
    await expect(store.read('none:1')).rejects.toMatchObject(UNAVAILABLE);
    expect(tries).toBe(2);
  });

  it('sets no timer for a store in this very process', async () => {
    const timer = makeTimer();
    const store = withStoreRetry(memoryStore(), { after: () => (expect.unreachable(), () => undefined) });
    await store.write('a:1', 1, 'any');
    expect((await store.read('a:1'))?.value).toBe(1);
    expect(timer.waiting()).toBe(0);
  });
});
