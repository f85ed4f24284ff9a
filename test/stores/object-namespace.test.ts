import { describe, expect, it } from 'vitest';
import { pageAcross } from '../../src/stores/object-namespace.ts';

/** Parts with so many items each, two on a page. */
function parts(...sizes: number[]): { ask: (part: number, at: number) => Promise<{ items: string[]; next?: number }>; most: () => number } {
  let [now, most] = [0, 0];
  return {
    most: () => most,
    async ask(part, at) {
      most = Math.max(most, ++now);
      await Promise.resolve();
      now--;
      const end = Math.min(at + 2, sizes[part] ?? 0);
      const items = Array.from({ length: end - at }, (_, n) => `${part}.${at + n}`);
      return end < (sizes[part] ?? 0) ? { items, next: end } : { items };
    },
  };
}

async function every(sizes: number[], width: number): Promise<{ pages: string[][]; cursors: string[]; most: number }> {
  const { ask, most } = parts(...sizes);
  const [pages, cursors]: [string[][], string[]] = [[], []];
  let after: string | undefined;
  do {
    const { items, next } = await pageAcross({ parts: sizes.length, width }, after, ask);
    pages.push([...items]);
    if (next !== undefined) cursors.push(next);
    after = next;
  } while (after !== undefined);
  return { pages, cursors, most: most() };
}

describe('stores/object-namespace, pages', () => {
  it('gives every item of every part once, each part in its order', async () => {
    for (const width of [1, 2, 3, 5]) {
      const { pages, most } = await every([3, 0, 5, 1], width);
      expect(pages.flat().toSorted()).toEqual(['0.0', '0.1', '0.2', '2.0', '2.1', '2.2', '2.3', '2.4', '3.0']);
      for (const part of ['0', '2']) {
        const own = pages.flat().filter((item) => item.startsWith(part));
        expect(own).toEqual(own.toSorted());
      }
      expect(most).toBe(Math.min(width, 4));
    }
  });

  it('continues parts that have more before it begins others', async () => {
    const { cursors } = await every([3, 0, 5, 1], 2);
    expect(cursors).toEqual(['0:2,2', '2:2,3', '2:4,4']);
  });

  it('ends without a cursor where nothing is left', async () => {
    expect(await pageAcross({ parts: 2, width: 2 }, undefined, parts(0, 2).ask)).toEqual({ items: ['1.0', '1.1'] });
  });

  it('refuses a cursor of another store, or one that was changed, and asks nothing', async () => {
    const asked: number[] = [];
    const ask = async (part: number): Promise<{ items: [] }> => (asked.push(part), { items: [] });
    for (const after of ['', 'a', '-1', '3', '1.5', '2:0,2', '0:0,1:0,0:0,2', '0,1', '0:,1', '0:0', ',1', '1,', '99999'])
      await expect(pageAcross({ parts: 2, width: 2 }, after, ask)).rejects.toMatchObject({ status: 400, reason: 'cursor_malformed' });
    expect(asked).toEqual([]);
  });
});
