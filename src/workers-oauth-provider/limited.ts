/** Lists with a `limit`, over those of the core, whose pages have a size of their own. */
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
  const [at, ...given]: [string | null, ...string[]] = cursor?.startsWith(MARK)
    ? (JSON.parse(cursor.slice(1)) as [string | null, ...string[]])
    : [cursor ?? null];
  const page = await list(at ?? undefined);
  const rest = page.items.filter((one) => !given.includes(idOf(one)));
  const items = rest.slice(0, limit);
  const next = items.length < rest.length ? MARK + JSON.stringify([at, ...given, ...items.map(idOf)]) : page.next;
  return next === undefined ? { items } : { items, cursor: next };
}
