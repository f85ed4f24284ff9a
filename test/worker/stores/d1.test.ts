import { env } from 'cloudflare:test';
import { describe, expect, it } from 'vitest';
import { withStoreRetry } from '../../../src/core/store-retry.ts';
import { NothingDone } from '../../../src/model/store.ts';
import { d1Store } from '../../../src/stores/d1.ts';
import { storeSuite } from '../../../src/testing/store-suite.ts';
import { expectKept } from '../../support/store-rules.ts';

type D1Binding = Parameters<typeof d1Store>[0];

const { D1 } = env as unknown as { D1: D1Database };

describe('stores/d1', () => {
  for (const { name, run } of storeSuite) {
    it(name, async () => {
      await expectKept(run, async (now) => {
        const store = d1Store(D1, { now });
        await store.read('a:1');
        await D1.batch(['records', 'entries'].map((table) => D1.prepare(`DELETE FROM portcullis_${table}`)));
        return { store, reopen: async () => d1Store(D1, { now }) };
      });
    });
  }

  it('FLT-22 creates its tables once for any number of simultaneous isolates, and refuses newer tables', async () => {
    await D1.batch(['records', 'entries', 'layout'].map((table) => D1.prepare(`DROP TABLE IF EXISTS portcullis_${table}`)));
    const answers = await Promise.all(Array.from({ length: 6 }, (_, n) => d1Store(D1).write('a:1', n, 'absent')));
    expect(answers.filter((version) => version !== null)).toHaveLength(1);
    await D1.prepare('INSERT INTO portcullis_layout VALUES (99)').run();
    await expect(d1Store(D1).read('a:1')).rejects.toThrow(
      /^The tables portcullis_… were written by a newer version .+ another database\.$/,
    );
    await D1.prepare('DELETE FROM portcullis_layout WHERE layout = 99').run();
    expect(await d1Store(D1).read('a:1')).not.toBeNull();
  });

  it('adds no entry to a list with a refused write', async () => {
    const store = d1Store(D1);
    await store.write('grant:refused', 1, 'any', { index: ['user:kept'] });
    expect(await store.write('grant:refused', 2, 'absent', { index: ['user:refused', 'user:kept'] })).toBeNull();
    const { results } = await D1.prepare("SELECT list FROM portcullis_entries WHERE key = 'grant:refused'").all();
    expect(results).toEqual([{ list: 'user:kept' }]);
  });

  it('leaves a list in the batch that writes the record, and in no other case', async () => {
    let batches = 0;
    const counting = { prepare: D1.prepare.bind(D1), batch: (all: D1PreparedStatement[]) => ((batches += 1), D1.batch(all)) };
    let time = 1000;
    const store = d1Store(counting as unknown as D1Binding, { now: () => time });
    const entries = async (): Promise<unknown[]> => {
      const { results } = await D1.prepare("SELECT list FROM portcullis_entries WHERE key = 'grant:moves' ORDER BY list").all();
      return results.map((row) => row['list']);
    };
    const first = await store.write('grant:moves', 1, 'any', { index: ['user:a', 'user:b'], until: 2000 });
    batches = 0;
    const second = await store.write('grant:moves', 2, first ?? 0, { index: ['user:b', 'user:c'], until: 2000 });
    expect([batches, await entries()]).toEqual([1, ['user:b', 'user:c']]);
    expect(await store.write('grant:moves', 3, first ?? 0, { index: [] })).toBeNull();
    expect(await store.write('grant:moves', 3, 'absent', { index: [] })).toBeNull();
    expect(await entries()).toEqual(['user:b', 'user:c']);
    time = 2000; // it has expired, and is not there for a version any more
    expect(await store.write('grant:moves', 3, second ?? 0, { index: [] })).toBeNull();
    expect(await entries()).toEqual(['user:b', 'user:c']);
    batches = 0;
    await store.write('grant:moves', 3, 'absent', { index: ['user:c'] });
    expect([batches, await entries()]).toEqual([1, ['user:c']]);
    await store.write('grant:moves', 4, 'any', { index: [] });
    expect([batches, await entries()]).toEqual([2, []]);
  });

  it('FLT-15 takes no session, which may read from a replica that lags, and names a missing binding', () => {
    expect(() => d1Store(D1.withSession('first-unconstrained') as unknown as D1Binding)).toThrow('not a session of it');
    expect(() => d1Store(undefined as unknown as D1Binding)).toThrow('the D1 binding is missing');
  });

  it.each([
    'D1_ERROR: Cannot resolve D1 DB due to transient issue on remote node.',
    'D1_ERROR: Internal error while starting up D1 DB storage caused object to be reset; reference = x',
    'D1 DB is overloaded. Requests queued for too long.',
  ])('repeats what D1 did not run, also while it looks for its tables: %s', async (message) => {
    let failures = 0;
    const fail = (): void => {
      if (failures-- > 0) throw new Error(message);
    };
    const failing = {
      prepare(text: string) {
        const { bind, all } = D1.prepare(text) as { bind: (...of: unknown[]) => { all: () => Promise<unknown> }; all: () => unknown };
        const statement = D1.prepare(text);
        return { bind: (...of: unknown[]) => ({ all: async () => (fail(), bind.apply(statement, of).all()) }), all: async () => (fail(), all.apply(statement)) };
      },
    }; // prettier-ignore
    const batching = { ...failing, batch: async (all: D1PreparedStatement[]) => (fail(), D1.batch(all)) } as unknown as D1Binding;
    const key = `grant:${message.length}` as const;
    const store = d1Store(batching);
    failures = 1;
    await expect(store.write(key, 1, 'any')).rejects.toBeInstanceOf(NothingDone);
    failures = 1;
    expect(await withStoreRetry(d1Store(batching)).write(key, 2, 'any')).not.toBeNull();
    await store.read(key);
    failures = 2;
    expect(await withStoreRetry(store).write(key, 3, 'any')).not.toBeNull();
    failures = Infinity;
    await expect(withStoreRetry(store).write(key, 4, 'any')).rejects.toMatchObject({ status: 503 });
    failures = 0;
    expect((await store.read(key))?.value).toBe(3);
  });

  it('does not repeat a write that D1 may have run', async () => {
    for (const message of ['Network connection lost.', 'D1 DB reset because its code was updated.', 'Internal error in D1 DB storage caused object to be reset.']) {
      let writes = 0;
      const statement = { bind: () => ({ all: async () => { writes += 1; throw new Error(message); } }), all: async () => ({ results: [] }) };
      const broken = { prepare: () => statement, batch: async () => [] } as unknown as D1Binding;
      await expect(withStoreRetry(d1Store(broken)).write('grant:once', 1, 'any')).rejects.toMatchObject({ status: 503 });
      expect([message, writes]).toEqual([message, 1]);
    }
  }); // prettier-ignore
});
