/**
 * The guarantees of a store as a list of cases for any test runner: an adapter that passes them may store grants. Each case makes its own
 * store, on a clock that it moves. No test runner is imported; a case fails by throwing.
 */
import type { Json, Key } from '../model/store.ts';
import {
  check,
  countRules,
  equal,
  keysOf,
  pagesIn,
  pagesOf,
  race,
  racers,
  raise,
  rule,
  type StoreCase,
  versionRules,
  written,
} from './store-case.ts';

export type { MakeStore, StoreCase, StoreUnderTest } from './store-case.ts';

/**
 * The cases, independent of each other.
 *
 * @example
 * for (const { name, run } of storeSuite) it(name, () => run(async (now) => ({ store: memoryStore({ now }) })));
 */
export const storeSuite: readonly StoreCase[] = [
  rule('reads what was written, and null where nothing was', async ({ store }) => {
    equal(await store.read('a:1'), null);
    const version = await store.write('a:1', { n: 1 }, 'any');
    equal(await store.read('a:1'), { value: { n: 1 }, version });
    equal(await store.read('a:2'), null);
  }),
  rule('writes with "any" whatever stood there, and gives another version each time', async ({ store }) => {
    const first = await written(store, 'a:1', 1, 'any');
    const second = await written(store, 'a:1', 2, 'any');
    check(first !== second, 'the version stayed the same');
    equal((await store.read('a:1'))?.value, 2);
  }),
  rule('writes with "absent" only where no record stands', async ({ store }) => {
    await written(store, 'a:1', 1, 'absent');
    equal(await store.write('a:1', 2, 'absent'), null);
    equal((await store.read('a:1'))?.value, 1);
  }),
  rule('writes with a version only on that very state', async ({ store }) => {
    const first = await written(store, 'a:1', 1, 'any');
    equal(await store.write('a:1', 9, first + 1), null);
    const second = await written(store, 'a:1', 2, first);
    equal(await store.write('a:1', 9, first), null);
    equal(await store.read('a:1'), { value: 2, version: second });
    equal(await store.write('a:2', 9, first), null);
    equal(await store.read('a:2'), null);
  }),
  race('lets exactly one of many parallel writers with one version win', async ({ store }) => {
    const version = await written(store, 'a:1', 'start', 'any');
    const answers = await Promise.all(racers(50, (n) => store.write('a:1', n, version)));
    const winners = answers.flatMap((answer, n) => (answer === null ? [] : [n]));
    equal(winners.length, 1);
    equal((await store.read('a:1'))?.value, winners[0]);
  }),
  race('lets exactly one of many parallel writers with "absent" win', async ({ store }) => {
    const answers = await Promise.all(racers(50, (n) => store.write('a:1', n, 'absent')));
    equal(answers.filter((answer) => answer !== null).length, 1);
  }),
  race('loses no step of a counter that many raise by reading, adding and writing on condition', async ({ store }) => {
    await written(store, 'count:1', 0, 'absent');
    await Promise.all(racers(20, () => raise(store, 'count:1')));
    equal((await store.read('count:1'))?.value, 20);
  }),
  ...countRules,
  ...versionRules,
  race('removes once, however many ask at once', async ({ store }) => {
    await written(store, 'a:1', 1, 'any');
    const answers = await Promise.all(racers(50, () => store.remove('a:1')));
    equal(answers.filter(Boolean).length, 1);
    equal(await store.read('a:1'), null);
    equal(await store.remove('a:1'), false);
  }),
  rule('removes with a version only that very state', async ({ store }) => {
    const first = await written(store, 'a:1', 1, 'any');
    const second = await written(store, 'a:1', 2, first);
    equal(await store.remove('a:1', first), false);
    equal(await store.remove('a:1', second), true);
    equal(await store.read('a:1'), null);
  }),
  rule('shows a record until the second before its end, and not from its end on', async ({ store, clock }) => {
    const end = clock.time + 60;
    await written(store, 'a:1', 1, 'any', { until: end });
    clock.time = end - 1;
    equal((await store.read('a:1'))?.value, 1);
    for (clock.time = end; clock.time <= end + 1; clock.time++) {
      equal(await store.read('a:1'), null);
      equal(await store.remove('a:1'), false);
    }
  }),
  rule('moves the end with each write, and has none where a write names none', async ({ store, clock }) => {
    const end = clock.time + 60;
    const version = await written(store, 'a:1', 1, 'any', { until: end });
    await written(store, 'a:1', 2, version, { until: end + 60 });
    clock.time = end + 59;
    equal((await store.read('a:1'))?.value, 2);
    await written(store, 'a:1', 3, 'any');
    clock.time += 10 ** 9;
    equal((await store.read('a:1'))?.value, 3);
  }),
  rule('takes an expired record for absent when it writes', async ({ store, clock }) => {
    const version = await written(store, 'a:1', 1, 'any', { until: clock.time + 60 });
    clock.time += 60;
    equal(await store.write('a:1', 2, version), null);
    equal(await store.remove('a:1', version), false);
    const next = await written(store, 'a:1', 3, 'absent');
    check(next !== version, 'the version of the expired record came back');
    equal(await store.read('a:1'), { value: 3, version: next });
  }),
  race('lets exactly one of many "absent" writers take the place of an expired record', async ({ store, clock }) => {
    await written(store, 'a:1', 1, 'any', { until: clock.time });
    const answers = await Promise.all(racers(50, (n) => store.write('a:1', n, 'absent', { until: clock.time + 9 })));
    equal(answers.filter((answer) => answer !== null).length, 1);
  }),
  rule('lists keys oldest first over several pages, none twice', async ({ store }) => {
    const keys = Array.from({ length: 450 }, (_, n): Key => `grant:${(n * 7919) % 450}`);
    for (const key of keys) await written(store, key, null, 'any', { index: ['user:1'] });
    const pages = await pagesOf(store, 'user:1');
    check(pages.length > 1, 'all 450 keys came on one page');
    equal(
      pages.flatMap((page) => page.keys),
      keys,
    );
  }),
  rule('gives an empty page for a list without entries', async ({ store }) => {
    equal(await store.list('user:1'), { keys: [] });
  }),
  rule('keeps lists apart, and a key in all that its write names', async ({ store }) => {
    await written(store, 'grant:1', 1, 'any', { index: ['user:1', 'client:1'] });
    await written(store, 'grant:2', 1, 'any', { index: ['user:1'] });
    equal(await keysOf(store, 'user:1'), ['grant:1', 'grant:2']);
    equal(await keysOf(store, 'client:1'), ['grant:1']);
    equal(await keysOf(store, 'client:2'), []);
  }),
  rule('leaves lists as they are when a write names none, and replaces them when it does', async ({ store }) => {
    const first = await written(store, 'grant:1', 1, 'any', { index: ['user:1', 'client:1'] });
    const second = await written(store, 'grant:1', 2, first);
    await written(store, 'grant:1', 3, 'any');
    equal(await keysOf(store, 'user:1'), ['grant:1']);
    equal(await store.write('grant:1', 9, second, { index: ['user:9'] }), null);
    equal(await keysOf(store, 'user:9'), []);
    await written(store, 'grant:1', 4, 'any', { index: ['client:1', 'user:2'] });
    equal(await keysOf(store, 'user:1'), []);
    equal(await keysOf(store, 'user:2'), ['grant:1']);
    equal(await keysOf(store, 'client:1'), ['grant:1']);
    await written(store, 'grant:1', 5, 'any', { index: [] });
    equal(await keysOf(store, 'user:2'), []);
  }),
  rule('keeps a key at its place in a list that it was in before', async ({ store }) => {
    for (const key of ['grant:1', 'grant:2'] as const) await written(store, key, 1, 'any', { index: ['user:1'] });
    await written(store, 'grant:1', 2, 'any', { index: ['user:1'] });
    equal(await keysOf(store, 'user:1'), ['grant:1', 'grant:2']);
  }),
  rule('gives with the keys their records as they are, if it gives them', async ({ store, clock }) => {
    const version = await written(store, 'grant:1', { n: 1 }, 'any', { index: ['user:1'], until: clock.time + 60 });
    await written(store, 'grant:2', { n: 2 }, 'any', { index: ['user:1'] });
    await written(store, 'grant:3', { n: 3 }, 'any', { index: ['user:1'] });
    await store.remove('grant:3');
    await written(store, 'grant:1', { n: 4 }, version);
    const { keys, records } = await store.list('user:1', undefined, true);
    equal(keys, ['grant:1', 'grant:2']);
    if (!records) return;
    equal([...records.keys()].toSorted(), keys);
    for (const key of keys) equal(records.get(key), await store.read(key));
  }),
  rule('lists no removed and no expired record, nor one that came after it without a list', async ({ store, clock }) => {
    await written(store, 'grant:1', 1, 'any', { index: ['user:1'] });
    await written(store, 'grant:2', 1, 'any', { index: ['user:1'], until: clock.time + 60 });
    equal(await keysOf(store, 'user:1'), ['grant:1', 'grant:2']);
    await store.remove('grant:1');
    equal(await keysOf(store, 'user:1'), ['grant:2']);
    clock.time += 60;
    equal(await keysOf(store, 'user:1'), []);
    for (const key of ['grant:1', 'grant:2'] as const) await written(store, key, 2, 'any');
    equal(await keysOf(store, 'user:1'), []);
  }),
  rule('goes on with a listing while listed keys vanish', async ({ store }) => {
    const keys = Array.from({ length: 450 }, (_, n): Key => `grant:${n}`);
    for (const key of keys) await written(store, key, null, 'any', { index: ['user:1'] });
    const left: Key[] = [];
    for await (const page of pagesIn((after) => store.list('user:1', after))) {
      left.push(...page.keys);
      await Promise.all(page.keys.map((key) => store.remove(key)));
    }
    equal(left, keys);
    equal(await keysOf(store, 'user:1'), []);
  }),
  rule('gives every JSON value back unchanged', async ({ store }) => {
    for (const value of VALUES) {
      await written(store, 'a:1', value, 'any');
      equal((await store.read('a:1'))?.value, value);
    }
  }),
  rule('keeps keys apart that differ in one sign, in case or in script', async ({ store }) => {
    const keys: Key[] = ['a:b', 'a:B', 'a:b ', 'a:b%', 'a:b_', "a:'b", 'a:b:c', 'a:ä', 'a:a\u0308', 'a:🔑', 'a:', '__proto__:x'];
    for (const [n, key] of keys.entries()) await written(store, key, n, 'absent');
    for (const [n, key] of keys.entries()) equal((await store.read(key))?.value, n);
  }),
  rule('treats "__proto__" in a value as data', async ({ store }) => {
    await written(store, 'a:1', JSON.parse('{"__proto__":{"admin":true}}') as Json, 'any');
    const value = (await store.read('a:1'))?.value as { admin?: unknown };
    check(value.admin === undefined, 'a value from the store has a prototype of its own');
    equal(Object.keys(value), ['__proto__']);
  }),
  rule('hands out copies: what a caller changes stays with the caller', async ({ store }) => {
    const mine = { list: [1, 2] };
    await written(store, 'a:1', mine, 'any');
    mine.list.push(3);
    const read = (await store.read('a:1'))?.value as { list: number[] };
    read.list.push(4);
    equal((await store.read('a:1'))?.value, { list: [1, 2] });
  }),
  rule('lists every live record once for a copy, with its expiry and its lists, if it can', async ({ store, clock }) => {
    if (!store.all) return;
    const wanted = new Map<Key, unknown>();
    for (let n = 0; n < 420; n++) {
      const options = n % 3 === 0 ? {} : { until: clock.time + 60, index: [`user:${n % 5}` as const, 'client:1' as const] };
      const version = await written(store, `grant:${n}`, { n }, 'any', options);
      wanted.set(`grant:${n}`, { key: `grant:${n}`, value: { n }, version, until: options.until ?? null, index: options.index ?? [] });
    }
    await written(store, 'ended:1', 1, 'any', { until: clock.time });
    await store.remove('grant:7');
    wanted.delete('grant:7');
    for await (const { records } of pagesIn(async (after) => (await store.all?.(after)) ?? { records: [] }))
      for (const { key, value, version, until = null, index } of records) {
        equal({ key, value, version, until, index }, wanted.get(key));
        wanted.delete(key);
      }
    equal([...wanted.keys()], []);
  }),
  rule('sweeps expired records and leaves the live ones, if it has to be told to', async ({ store, clock }) => {
    if (!store.sweep) return;
    for (let n = 0; n < 60; n++)
      await written(store, `a:${n}`, n, 'any', { until: clock.time + (n % 2 === 0 ? 10 : 900), index: ['user:1'] });
    clock.time += 500;
    let swept = 0;
    for (let round = 0; round < 12; round++) swept += await store.sweep(10);
    equal(swept, 30);
    equal((await keysOf(store, 'user:1')).length, 30);
    for (let n = 1; n < 60; n += 2) equal((await store.read(`a:${n}`))?.value, n);
  }),
  rule('sweeps no record that a machine whose clock is behind still has to find', async ({ store, clock }) => {
    if (!store.sweep) return;
    await written(store, 'replay:1', 1, 'absent', { until: clock.time + 60 });
    clock.time += 60 + 120;
    for (let round = 0; round < 4; round++) equal(await store.sweep(1000), 0);
    clock.time -= 121;
    equal((await store.read('replay:1'))?.value, 1);
    equal(await store.write('replay:1', 1, 'absent'), null);
  }),
  {
    name: 'still has everything after it was closed and opened again, if the engine survives its process',
    run: async (make) => {
      const { store, reopen } = await make(() => 1000);
      if (!reopen) return;
      const version = await written(store, 'grant:1', { n: 1 }, 'any', { until: 2000, index: ['user:1'] });
      const again = await reopen();
      equal(await again.read('grant:1'), { value: { n: 1 }, version });
      equal(await keysOf(again, 'user:1'), ['grant:1']);
      await written(again, 'grant:1', { n: 2 }, version);
    },
  },
];

const VALUES: readonly Json[] = [
  null,
  false,
  0,
  -1.5,
  Number.MAX_SAFE_INTEGER,
  '',
  'null',
  'Zażółć gęślą jaźń 日本語 🔑 \u0000 \u2028 \ud800 \\ " \'',
  [],
  {},
  [[[]], { '': { ' ': [null] } }],
  { constructor: 1, toString: 2, hasOwnProperty: 3 },
  Array.from({ length: 200 }).reduce<Json>((inner) => ({ inner: [inner] }), 'deep'),
  'x'.repeat(100_000),
];
