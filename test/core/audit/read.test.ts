/** Reading the audit log, block by block: what a page, an export and a verification take, and where they end. */
import { describe, expect, it } from 'vitest';
import { type AuditEntry, type Block, hashOf } from '../../../src/core/audit/entry.ts';
import { type AuditFilter, exportEntries, lastAfter, listEntries, readBlock, readTail, verifyLog } from '../../../src/core/audit/read.ts';
import { makeServer } from '../../support/server.ts';

/** What an export gives, which ends after at most ten parts. */
async function textOf(stream: ReadableStream<Uint8Array>): Promise<string> {
  const [reader, decoder] = [stream.getReader(), new TextDecoder()];
  let text = '';
  for (let parts = 0; parts <= 20; parts++) {
    const { done, value } = await reader.read();
    if (done) return text;
    text += decoder.decode(value, { stream: true });
  }
  await reader.cancel();
  throw new Error('It does not end.');
}

const SKEW = 300;
type Part = Partial<Block>;

/** A log made by hand: `chain` writes blocks that follow each other, each with one entry unless told otherwise. */
function makeWorld() {
  const { as, clock, store } = makeServer();
  const now = clock.now();
  const hashes: string[] = [];
  const put = async (n: number, block: object | string): Promise<string> => {
    const text = typeof block === 'string' ? block : JSON.stringify(block);
    await store.write(`audit-log:${n}`, { v: 1, text }, 'any');
    return (hashes[n] = await hashOf(as, text));
  };
  const head = (n: number, more: object = {}) => store.write('audit-head:all', { v: 1, n, hash: hashes[n] ?? '', until: now + 1000, minute: 0, spent: [], ...more }, 'any');
  const chain = async (count: number, each: (n: number) => Part = () => ({})): Promise<void> => {
    let prev: Block['prev'] = null;
    for (let n = 1; n <= count; n++) {
      const block: Block = { n, id: `${n}`, until: now + 1000, minute: n, spent: [n], prev, entries: [{ at: now, kind: 'k', target: `${n}` }], ...each(n) };
      prev = { hash: await put(n, block), until: block.until };
    }
    await head(count);
  };
  const remove = async (...numbers: number[]): Promise<void> => {
    for (const n of numbers) await store.remove(`audit-log:${n}`);
  };
  const listed = async (filter: AuditFilter = {}, before?: number) => {
    const { entries, next } = await listEntries(as, filter, before);
    return [entries.map(({ id }) => id), next];
  };
  const exported = async (filter: AuditFilter = {}, after?: number): Promise<readonly unknown[]> => {
    const lines = (await textOf(exportEntries(as, filter, after))).split('\n').slice(0, -1);
    return lines.map((line) => JSON.parse(line) as { id?: string; next?: number }).map(({ id, next }) => id ?? next);
  };
  return { as, clock, store, now, hashes, put, head, chain, remove, listed, exported };
} // prettier-ignore
const at = (...times: number[]): readonly AuditEntry[] => times.map((time) => ({ at: time, kind: 'k' }));

describe('core/audit/read, the end of the chain', () => {
  it('is where the record of it says, or where blocks after it lead', async () => {
    const { as, chain, head, hashes, now, put, store } = makeWorld();
    expect(await readTail(as)).toEqual({ n: 0, hash: '', until: 0, minute: 0, spent: [] });
    await chain(3);
    expect(await readTail(as)).toEqual({ n: 3, hash: hashes[3], until: now + 1000, minute: 0, spent: [] }); // as the record says
    for (const late of [() => head(1), () => store.remove('audit-head:all')]) {
      await late();
      expect(await readTail(as)).toEqual({ n: 3, hash: hashes[3], until: now + 1000, minute: 3, spent: [3] });
    }
    await put(4, 'no block');
    const last = { n: 4, hash: String(hashes[4]), until: 0, minute: 0, spent: [] };
    expect([await readTail(as), await lastAfter(as, { ...last, n: 3 })]).toEqual([last, last]);
  });

  it('reads a block under its number alone', async () => {
    const { as, chain, put, store } = makeWorld();
    await chain(2);
    expect((await readBlock(as, 2))?.block?.id).toBe('2');
    const { text } = (await readBlock(as, 2))!;
    await put(3, text); // a copy of the one before
    expect(await readBlock(as, 3)).toEqual({ n: 3, text, block: null });
    await store.write('audit-log:4', { v: 2, text } as never, 'any');
    expect([await readBlock(as, 4), await readBlock(as, 5)]).toEqual([null, null]);
  });
});

describe('core/audit/read, a page', () => {
  it('is of 100 entries, newest first, and says where it goes on', async () => {
    const { chain, listed, now } = makeWorld();
    await chain(60, () => ({ entries: at(now, now) }));
    const [first, next] = await listed();
    expect([(first as string[]).length, (first as string[]).slice(0, 3), next]).toEqual([100, ['60.1', '60.0', '59.1'], 11]);
    const [second, end] = await listed({}, 11);
    expect([(second as string[]).length, (second as string[]).at(-1), end]).toEqual([20, '1.0', undefined]);
    await expect(listed({}, 1)).resolves.toEqual([[], undefined]);
  });

  it('that ends with the first block leads nowhere', async () => {
    const { chain, listed } = makeWorld();
    await chain(100);
    expect((await listed())[1]).toBeUndefined();
  });

  it('is looked for in 250 blocks, so that no one waits long', async () => {
    const { chain, listed } = makeWorld();
    await chain(520);
    expect([await listed({ target: 'none' }), await listed({ target: '30' }, 271)]).toEqual([
      [[], 271],
      [['30.0'], 21],
    ]);
    expect(await listed({ target: '7' }, 100)).toEqual([['7.0'], undefined]);
  });

  it('leads nowhere where all that is older has expired', async () => {
    const { chain, listed, remove } = makeWorld();
    await chain(310);
    await remove(...Array.from({ length: 300 }, (_, index) => index + 1));
    const [ids, next] = await listed();
    expect([(ids as string[]).length, next]).toEqual([10, undefined]);
  });

  it('ends where nothing is left, and passes over a block that is gone or no block', async () => {
    const { chain, listed, put, remove } = makeWorld();
    await chain(120);
    await put(119, 'no block');
    await remove(118, ...Array.from({ length: 69 }, (_, index) => index + 1));
    const [ids, next] = await listed();
    expect([(ids as string[]).slice(0, 2), (ids as string[]).at(-1), next]).toEqual([['120.0', '117.0'], '70.0', undefined]);
  });

  it('ends at a time, with room for clocks that differ by five minutes', async () => {
    const { chain, listed, now } = makeWorld();
    const times = [now - 1000, now, now - SKEW - 1, now - SKEW, now];
    await chain(5, (n) => ({ entries: at(times[n - 1] ?? 0) }));
    expect(await listed({ since: now })).toEqual([['5.0'], undefined]); // block 3 ends it: older than any clock could be off
    expect(await listed({ since: now - 1 })).toEqual([['5.0', '2.0'], undefined]);
    expect(await listed({ since: now - SKEW })).toEqual([['5.0', '4.0', '2.0'], undefined]);
    expect(await listed({ since: now - 1000, until: now - 1 })).toEqual([['4.0', '3.0', '1.0'], undefined]);
  });

  it('is judged by each member', async () => {
    const { chain, listed, now } = makeWorld();
    const entries: readonly AuditEntry[] = [
      { at: now, kind: 'grant.opened', userId: 'ada', clientId: 'c', grantId: 'g' },
      { at: now, kind: 'admin.acted', act: 'users/disable', by: 'root', target: 'ada', userId: 'x' },
      { at: now, kind: 'grants' },
      { at: now, kind: 'whole', target: 'a', made: 'm', userId: 'b', clientId: 'd', grantId: 'e' },
    ];
    await chain(1, () => ({ entries }));
    const found = async (filter: AuditFilter) => (await listed(filter))[0];
    expect(await found({})).toEqual(['1.3', '1.2', '1.1', '1.0']);
    expect([await found({ kind: 'grant.' }), await found({ kind: 'grant' }), await found({ kind: 'grant.opened' }), await found({ kind: 'admin' })]).toEqual([['1.0'], [], ['1.0'], []]);
    expect([await found({ by: 'ada' }), await found({ by: 'root' }), await found({ by: 'x' }), await found({ act: 'users/disable' })]).toEqual([['1.0'], ['1.1'], [], ['1.1']]);
    expect([await found({ target: 'ada' }), await found({ target: 'c' }), await found({ target: 'g' }), await found({ target: 'm' }), await found({ target: 'root' })]).toEqual([['1.1', '1.0'], ['1.0'], ['1.0'], ['1.3'], []]);
  }); // prettier-ignore
});

describe('core/audit/read, an export', () => {
  it('begins with the first block of its time that is there, oldest first, and ends with the log', async () => {
    const { chain, exported, now, remove } = makeWorld();
    await chain(9, (n) => ({ entries: at(now + n * SKEW, now + n * SKEW) }));
    await remove(1, 2);
    expect(await exported()).toEqual(['3.0', '3.1', '4.0', '4.1', '5.0', '5.1', '6.0', '6.1', '7.0', '7.1', '8.0', '8.1', '9.0', '9.1']);
    expect(await exported({ since: now + 8 * SKEW })).toEqual(['8.0', '8.1', '9.0', '9.1']);
    expect(await exported({ until: now + 4 * SKEW })).toEqual(['3.0', '3.1', '4.0', '4.1']);
    expect([await exported({}, 8), await exported({}, 0), await exported({}, 9)]).toEqual([['9.0', '9.1'], expect.arrayContaining(['3.0', '9.1']), []]);
  }); // prettier-ignore

  it('passes over what has expired and what is too early, without reading it', async () => {
    const { chain, exported, now, remove, put } = makeWorld();
    await chain(600, (n) => ({ entries: at(now + n * SKEW) }));
    expect(await exported({ since: now + 598 * SKEW })).toEqual(['598.0', '599.0', '600.0']);
    await remove(...Array.from({ length: 590 }, (_, index) => index + 1), 595);
    await put(596, 'no block');
    expect(await exported()).toEqual(['591.0', '592.0', '593.0', '594.0', '597.0', '598.0', '599.0', '600.0']);
  });

  it('ends with the log as it was when it began', async () => {
    const { as, chain, store } = makeWorld();
    await chain(120);
    const reads: string[] = [];
    const counted = { ...as, store: { ...store, read: async (key: never) => (reads.push(key), store.read(key)) } } as unknown as typeof as;
    await textOf(exportEntries(counted, {}));
    expect(reads.filter((key) => key === 'audit-head:all')).toHaveLength(1);
  });

  it('goes on behind entries whose clock was fast by five minutes', async () => {
    const { chain, exported, now } = makeWorld();
    await chain(51, (n) => ({ entries: at(n === 51 ? now : now + SKEW) }));
    expect(await exported({ until: now })).toEqual(['51.0']);
  });

  it('takes an entry whose clock was late by five minutes, and stops after its time', async () => {
    const { chain, exported, now, store, as } = makeWorld();
    await chain(60, (n) => ({ entries: at(n === 1 ? now - SKEW : n === 2 ? now : now + SKEW + 1) }));
    expect(await exported({ since: now })).toContain('2.0');
    const reads: string[] = [];
    const read = store.read.bind(store);
    const counted = { ...as, store: { ...store, read: async (key: never) => (reads.push(key), read(key)) } } as unknown as typeof as;
    expect(await textOf(exportEntries(counted, { until: now }))).toContain('"2.0"');
    expect(reads).not.toContain('audit-log:51'); // the first batch was enough
  });

  it('is of 500 blocks, and says where it goes on if there are more', async () => {
    const { chain, exported } = makeWorld();
    await chain(501);
    const first = await exported();
    expect([first.length, first[0], first.at(-1)]).toEqual([501, '1.0', 500]);
    expect([await exported({}, 500), (await exported({}, 1)).length]).toEqual([['501.0'], 500]);
  });
});

describe('core/audit/read, a verification', () => {
  it('counts blocks and entries, and tells the end', async () => {
    const { as, chain, hashes, now } = makeWorld();
    expect(await verifyLog(as)).toEqual({ ok: true, problems: [], head: { block: 0, hash: '' }, blocks: 0, entries: 0 });
    await chain(3, (n) => ({ entries: at(...Array.from({ length: n }, () => now)) }));
    expect(await verifyLog(as)).toEqual({ ok: true, problems: [], head: { block: 3, hash: hashes[3] }, blocks: 3, entries: 6 });
  });

  it('finds a change by the block after it, by the record of the end and by a note', async () => {
    const { as, chain, hashes, put, store } = makeWorld();
    await chain(4);
    const [first, fourth] = [await readBlock(as, 1), await readBlock(as, 4)];
    const noted = { block: 4, hash: hashes[4]! };
    await put(1, first!.text.replace('"1"', '"x"'));
    expect(await verifyLog(as)).toMatchObject({ ok: false, problems: [{ block: 1, what: 'changed' }] });
    await put(1, first!.text);
    await put(4, fourth!.text.replace('"4"', '"x"'));
    expect((await verifyLog(as)).problems).toEqual([{ block: 4, what: 'changed' }]);
    await store.remove('audit-head:all');
    expect([(await verifyLog(as)).ok, (await verifyLog(as, noted)).problems, (await verifyLog(as, { block: 4 })).ok]).toEqual([true, [{ block: 4, what: 'changed' }], true]);
  }); // prettier-ignore

  it('believes nothing that a changed block says of the one before', async () => {
    const { as, chain, put } = makeWorld();
    await chain(3);
    const second = (await readBlock(as, 2))!;
    await put(2, second.text.replace(/"hash":"[^"]+"/, '"hash":"forged"'));
    const verdict = await verifyLog(as);
    expect([verdict.problems, verdict.blocks, verdict.entries]).toEqual([[{ block: 2, what: 'changed' }], 3, 3]);
    await chain(3);
    await put(3, 'no block');
    expect(await verifyLog(as)).toMatchObject({ problems: [{ block: 3, what: 'changed' }], entries: 2 });
  });

  it('tells what was removed from what has expired, with room for clocks that differ', async () => {
    const { as, chain, now, remove } = makeWorld();
    await chain(4, (n) => ({ until: n === 2 ? now + SKEW : now + 1000 }));
    await remove(2);
    expect((await verifyLog(as)).problems).toEqual([{ block: 2, what: 'removed' }]); // it lives for five minutes more
    await chain(4, (n) => ({ until: n === 2 ? now + SKEW - 1 : now + 1000 }));
    await remove(2);
    expect(await verifyLog(as)).toMatchObject({ ok: true, blocks: 2 });
  });

  it('finds a gap of several blocks once something is there below it', async () => {
    const { as, chain, remove } = makeWorld();
    await chain(8);
    await remove(6, 5, 4);
    expect((await verifyLog(as)).problems).toEqual([6, 5, 4].map((block) => ({ block, what: 'removed' })));
    await remove(3, 2, 1);
    expect((await verifyLog(as)).problems).toEqual([{ block: 6, what: 'removed' }]); // below it all may have expired
    await remove(8, 7);
    expect((await verifyLog(as)).problems).toEqual([{ block: 8, what: 'removed' }]);
  });

  it('goes on behind a gap, but for one of a whole batch, below which all may have expired', async () => {
    const { as, chain, remove } = makeWorld();
    await chain(120);
    await remove(100);
    expect(await verifyLog(as)).toMatchObject({ problems: [{ block: 100, what: 'removed' }], blocks: 119 });
    await remove(...Array.from({ length: 99 }, (_, index) => index + 21));
    expect(await verifyLog(as)).toMatchObject({ problems: [{ block: 119, what: 'removed' }], blocks: 1 });
  });

  it('finds by a note that the end was removed, and only beyond the end', async () => {
    const { as, chain, hashes } = makeWorld();
    await chain(2);
    expect((await verifyLog(as, { block: 3, hash: 'x' })).problems).toEqual([{ block: 3, what: 'removed' }]);
    expect((await verifyLog(as, { block: 2, hash: hashes[2]! })).ok).toBe(true);
  });

  it('stops at 100 problems', async () => {
    const { as, chain, put } = makeWorld();
    await chain(200);
    for (let n = 1; n <= 200; n++) await put(n, 'no block');
    const { problems, next } = await verifyLog(as);
    expect([problems.length, next]).toEqual([100, undefined]);
  });

  it('goes on where it was after 500 blocks, with the hash that the block before must have', async () => {
    const { as, chain, hashes, put } = makeWorld();
    await chain(502);
    const first = await verifyLog(as);
    expect([first.blocks, first.next]).toEqual([500, { block: 2, hash: hashes[2] }]);
    expect(await verifyLog(as, undefined, first.next)).toMatchObject({ ok: true, blocks: 2 });
    const [second, third] = [(await readBlock(as, 2))!.text, (await readBlock(as, 3))!.text];
    await put(2, second.replace('"2"', '"x"'));
    expect((await verifyLog(as, undefined, first.next)).problems).toEqual([{ block: 2, what: 'changed' }]);
    await put(3, third.replace('"3"', '"x"'));
    const unsure = await verifyLog(as);
    expect([unsure.problems, unsure.next]).toEqual([[{ block: 3, what: 'changed' }], { block: 2 }]);
  });
});
