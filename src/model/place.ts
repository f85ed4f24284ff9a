/**
 * Places: where a record is kept, for a store that has parts in several regions of the world. The random id of a record says its place in its
 * last character, in bits that base64url leaves at zero (ids of grants) or that are given up for it (hashes), so that every id keeps its
 * length and an id without a place looks as it always has. A place is a hint about speed: an id whose place was changed names no record.
 */
const SIGNS = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_';

/** All places, under the names of Cloudflare's location hints. Only ever append: ids hold the position. */
export const PLACES = ['wnam', 'enam', 'sam', 'weur', 'eeur', 'apac', 'oc', 'afr', 'me'] as const;

/** A region of the world. */
export type Place = (typeof PLACES)[number];

/** Kinds of records that are kept near their caller, if their id says where; all others are kept in the home region. */
const PLACED_RECORDS: ReadonlySet<string> = new Set([
  'answered',
  'approved',
  'client',
  'grant',
  'health',
  'limit',
  'pending',
  'replay',
  'session',
  'step',
  'upstream-state',
]);
/** Lists of such records: each place has a part of them. */
const PLACED_LISTS: ReadonlySet<string> = new Set(['client', 'clients', 'keys', 'sessions', 'user']);

/** Length of an id of 16 bytes. Longer ids are chains of them, and the last one says the place. */
const ID_LENGTH = 22;
/** Length of a secret or a hash of 32 bytes. */
const HASH_LENGTH = 43;

/** Whether a text is the name of a place. */
export function isPlace(text: unknown): text is Place {
  return (PLACES as readonly unknown[]).includes(text);
}

/** A random id, secret or hash with a place in its last character; unchanged for null. */
export function withPlace(id: string, place: Place | null): string {
  if (place === null) return id;
  const number = PLACES.indexOf(place) + 1;
  return id.slice(0, -1) + SIGNS.charAt(id.length === HASH_LENGTH ? number * 4 + 1 : (SIGNS.indexOf(id.slice(-1)) & 48) | number);
}

/** The id of a grant as it would be without a place: the same for all ids that the grant has had. */
export function withoutPlace(id: string): string {
  if (id.length === 0 || id.length % ID_LENGTH !== 0) return id;
  return id.slice(0, -1) + SIGNS.charAt(SIGNS.indexOf(id.slice(-1)) & 48);
}

/** The place that an id names; null if it names none, or one that does not exist. */
export function placeOf(id: string): Place | null {
  const last = SIGNS.indexOf(id.slice(-1));
  if (id.length === HASH_LENGTH) return (last & 3) === 1 ? (PLACES[(last >> 2) - 1] ?? null) : null;
  return id.length > 0 && id.length % ID_LENGTH === 0 ? (PLACES[(last & 15) - 1] ?? null) : null;
}

/** The place of a record's key, with or without the prefixes of a tenant and an epoch; null for the home region. */
export function placeOfKey(key: string): Place | null {
  const end = key.indexOf(':');
  return PLACED_RECORDS.has(kindOf(key, end)) ? placeOf(key.slice(end + 1)) : null;
}

/** Whether a list has parts in several places. */
export function isPlacedList(list: string): boolean {
  return PLACED_LISTS.has(kindOf(list, list.indexOf(':')));
}

function kindOf(name: string, end: number): string {
  return name.slice(Math.max(name.lastIndexOf('/', end), name.lastIndexOf('@', end)) + 1, end);
}
