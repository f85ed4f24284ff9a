/**
 * Pages over several parts of a store at once, with a bounded number of parts asked at a time. The cursor says which parts have more, where each
 * goes on, and which part is the next that was not asked yet: `3:120,5:77,9`.
 */
import { badCursor } from '../model/cursor.ts';
import type { Cursor } from '../model/store.ts';

/** One page of one part. `next` where the part has more. */
export interface PartPage<T> {
  readonly items: readonly T[];
  readonly next?: number | Cursor;
}

const CURSOR = /^(?:\d{1,4}:\d{1,15},)*\d{1,4}$/;

/**
 * Asks `width` parts for a page each, unfinished ones first.
 *
 * @param ask also gets how many parts share this page. @throws {OAuthError} if `after` is no cursor of this store.
 */
export async function pageAcross<T>(
  { parts, width }: { readonly parts: number; readonly width: number },
  after: Cursor | undefined,
  ask: (part: number, at: number, parts: number) => Promise<PartPage<T>>,
): Promise<{ readonly items: readonly T[]; readonly next?: Cursor }> {
  if (after !== undefined && !CURSOR.test(after)) throw badCursor();
  const pieces = (after ?? '0').split(',');
  let begun = Number(pieces.pop());
  const open = pieces.map((piece) => piece.split(':').map(Number) as [part: number, at: number]);
  if (begun > parts || open.length > width || open.some(([part]) => part >= parts)) throw badCursor();
  while (open.length < width && begun < parts) open.push([begun++, 0]);
  const pages = await Promise.all(open.map(async ([part, at]) => ask(part, at, open.length)));
  const items = pages.flatMap((page) => page.items);
  const left = open.flatMap(([part], nth) => (pages[nth]?.next === undefined ? [] : [`${part}:${pages[nth].next}`]));
  return left.length === 0 && begun === parts ? { items } : { items, next: [...left, begun].join(',') };
}
