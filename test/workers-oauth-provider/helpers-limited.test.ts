/** Lists with a `limit`. */
import { describe, expect, it } from 'vitest';
import { limited } from '../../src/workers-oauth-provider/helpers.ts';
import type { ListOptions, ListResult } from '../../src/workers-oauth-provider/types.ts';

/** A list whose pages have three items. */
function listOf(items: string[]): (options?: ListOptions) => Promise<ListResult<string>> {
  return (options) =>
    limited(
      options,
      (one) => one,
      async (cursor = '') => {
        const page = items.filter((one) => one > cursor).slice(0, 3);
        const last = page.at(-1) ?? '';
        return { items: page, ...(items.some((one) => one > last) ? { next: last } : {}) };
      },
    );
}

async function all(list: ReturnType<typeof listOf>, limit?: number, between: (page: string[]) => void = () => undefined): Promise<string[][]> {
  const pages: string[][] = [];
  let cursor: string | undefined;
  do {
    const page = await list({ ...(limit === undefined ? {} : { limit }), ...(cursor === undefined ? {} : { cursor }) });
    pages.push(page.items);
    between(page.items);
    cursor = page.cursor;
  } while (cursor !== undefined);
  return pages;
} // prettier-ignore

describe('workers-oauth-provider/helpers, lists with a limit', () => {
  it('gives at most `limit` items, each once, across the pages of the core', async () => {
    expect(await all(listOf([...'abcdefgh']), 2)).toEqual([['a', 'b'], ['c'], ['d', 'e'], ['f'], ['g', 'h']]);
    expect(await all(listOf([...'abcd']), 1)).toEqual([['a'], ['b'], ['c'], ['d']]);
    expect(await all(listOf([...'abcd']))).toEqual([['a', 'b', 'c'], ['d']]);
    expect(await all(listOf([]), 2)).toEqual([[]]);
    expect(await listOf(['a'])()).toEqual({ items: ['a'] });
  });

  it('loses no item while those that it gave are deleted', async () => {
    for (const limit of [1, 2, 3, 4]) {
      const items = [...'abcdefgh'];
      const given = await all(listOf(items), limit, (page) => page.forEach((one) => items.splice(items.indexOf(one), 1)));
      expect(given.flat()).toEqual([...'abcdefgh']);
    }
  });

  it('refuses a cursor that it did not give, with what to do', async () => {
    for (const cursor of ['~', '~x', '~{}', '~[1]', '~["a",2]', '~null'])
      await expect(listOf(['a'])({ cursor })).rejects.toMatchObject({
        status: 400,
        message: expect.stringContaining('Start again without one.'),
      });
  });

  it('takes no limit that would give nothing for ever', async () => {
    for (const limit of [0, -1, Number.NaN]) await expect(listOf(['a'])({ limit })).rejects.toThrow('`limit` must be a number');
  });
});
