/** Lists with a `limit`, over those of the core, whose pages have a size of their own. */
import { badCursor } from '../model/store.ts';
import type { ListOptions, ListResult } from './types.ts';

const MARK = '~';

/**
 * At most `limit` items. The cursor names those of the core's page that were given: what is deleted between two calls moves no other item
 * out of sight, as a position would.
 */
export async function limited<T>(
  { limit = Infinity, cursor }: ListOptions = {},
  idOf: (item: T) => string,
  list: (cursor?: string) => Promise<{ items: T[]; next?: string | undefined }>,
): Promise<ListResult<T>> {
  if (!(limit >= 1)) throw new TypeError('`limit` must be a number, at least 1.');
  const [at, ...given] = cursor?.startsWith(MARK) ? partsOf(cursor.slice(1)) : [cursor ?? null];
  const page = await list(at ?? undefined);
  const rest = page.items.filter((one) => !given.includes(idOf(one)));
  const items = rest.slice(0, limit);
  const next = items.length < rest.length ? MARK + JSON.stringify([at, ...given, ...items.map(idOf)]) : page.next;
  return next === undefined ? { items } : { items, cursor: next };
}

function partsOf(text: string): [at: string | null, ...given: string[]] {
  try {
    const [at, ...given] = JSON.parse(text) as [string | null, ...string[]];
    if ([at ?? '', ...given].every((one) => typeof one === 'string')) return [at ?? null, ...given];
  } catch {
    // refused below
  }
  throw badCursor();
}
