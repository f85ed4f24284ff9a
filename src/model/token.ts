/**
 * What the text of a token or an id says by itself. A token is `kind_grantId.secret`. The grant's id finds the record that decides; only hashes are
 * stored. A token contains no user, client or scope, and nothing in it is trusted before its hash is found. An access token may also be a signed JWT
 * whose `jti` names the grant; this server only compares the hash of its whole text. From the text its holder also gets the pad that unwraps the grant's key.
 *
 * Or it is an access key (a personal access token or a service key): the one access token of a grant of its own, so that everything that lists,
 * ends, moves or sweeps grants does so with keys. Its text is `pcl_`, the grant's id, a secret of 256 bits, and a checksum, without
 * separators: one pattern for secret scanners, `pcl_[A-Za-z0-9_-]{71}`.
 *
 * The random id of a record says its place, for a store that has parts in several regions of the world: in its last character, in bits that base64url
 * leaves at zero (ids of grants) or that are given up for it (hashes), so that every id keeps its length and an id without a place looks as it always
 * has. A place is a hint about speed: an id whose place was changed names no record.
 */
import { base64url, fromBase64url, xor } from '../lib/bytes.ts';
import { parseJson } from '../lib/json.ts';
import type { Seconds } from './store.ts';

/** Kind of a token; kinds are not interchangeable. */
export type TokenKind = 'code' | 'access' | 'refresh';

/** Length of a grant's id in bytes. */
export const ID_BYTES = 16;
/** Length of the secret part in bytes. */
export const SECRET_BYTES = 32;
/** Length of a refresh token's family in bytes. All refresh tokens of a grant share it, so that a retired one differs from a forged one. */
export const FAMILY_BYTES = 16;

/** Length of a chain of exchanged grants: the first one, and three exchanges. */
export const MAX_LINKS = 4;
/** Length of an id of 16 bytes. Longer ids are chains of them, and the last one says the place. */
const ID_LENGTH = 22;

const SIGNED = /^[\w-]+\.([\w-]+)\.[\w-]+$/;
const TOKEN_ID = /^at_((?:[\w-]{22}){1,4})\.[\w-]{22}$/;
const MAX_SIGNED_LENGTH = 8192;
const MAX_DEPTH = 16;

const SHAPES: { readonly [kind in TokenKind]: RegExp } = {
  code: /^code_([\w-]{22})\.[\w-]{43}$/,
  access: /^access_((?:[\w-]{22}){1,4})\.[\w-]{43}$/,
  refresh: /^refresh_([\w-]{22})\.[\w-]{65}(?:[\w-]{43})?$/, // family, secret, and the masked pad of its predecessor if it has one
};

/** The grant id in a token, or null if the text does not have the format of that kind. */
export function grantIdOf(kind: TokenKind, text: string): string | null {
  const id = SHAPES[kind].exec(text)?.[1];
  if (id !== undefined || kind !== 'access') return id ?? null;
  return isKey(text) ? grantIdOfKey(text) : grantIdOfSigned(text);
}

/** The `jti` of a signed access token. It names the grant and is not secret: only the whole text counts. */
export function formatTokenId(grantId: string, random: string): string {
  return `at_${grantId}.${random}`;
}

function grantIdOfSigned(text: string): string | null {
  const payload = text.length <= MAX_SIGNED_LENGTH ? SIGNED.exec(text)?.[1] : undefined;
  const bytes = payload === undefined ? null : fromBase64url(payload);
  const claims = bytes && parseJson(new TextDecoder().decode(bytes), MAX_DEPTH);
  const id = typeof claims === 'object' && claims !== null ? (claims as { readonly jti?: unknown }).jti : undefined;
  return typeof id === 'string' ? (TOKEN_ID.exec(id)?.[1] ?? null) : null;
}

/**
 * The ids of a grant and of those it was exchanged from, the first one first. A child's id begins with its parent's, so that all can be read
 * in parallel (docs/decisions/0014).
 */
export function linksOf(grantId: string): readonly string[] {
  if (grantId.length <= ID_LENGTH) return [grantId];
  return Array.from({ length: grantId.length / ID_LENGTH }, (_, at) => grantId.slice(0, (at + 1) * ID_LENGTH));
}

/** The kind whose format a text has, or null. */
export function kindOf(text: string): TokenKind | null {
  for (const kind of ['access', 'refresh', 'code'] as const) if (grantIdOf(kind, text) !== null) return kind;
  return null;
}

/** Whether a text is one of our tokens or begins like one: then no other server is asked about it. */
export function isOurs(text: string): boolean {
  return /^(?:access|refresh|code|pcl)_/.test(text) || kindOf(text) !== null;
}

/** Makes a token from base64url parts. */
export function formatToken(kind: TokenKind, grantId: string, secret: string): string {
  return `${kind}_${grantId}.${secret}`;
}

/** The family of a well-formed refresh token. */
export function familyOf(refreshToken: string): string {
  return refreshToken.slice('refresh_'.length + 23, 'refresh_'.length + 45);
}

/** The secret of a refresh token, and the pad of its predecessor masked with it. Null for the first token of its family. */
export function wayBackOf(refreshToken: string): { readonly secret: string; readonly wayBack: string } | null {
  const start = 'refresh_'.length + 45;
  const [secret, wayBack] = [refreshToken.slice(start, start + 43), refreshToken.slice(start + 43)];
  return wayBack === '' ? null : { secret, wayBack };
}

/** What every key begins with. */
const KEY_PREFIX = 'pcl_';
const SHAPE = /^pcl_([\w-]{22})[\w-]{43}[\w-]{6}$/;
const CHECKSUM_LENGTH = 6;

/** The client that a key is for itself: `key:` and the id of its grant. No registered client has a colon in its id. */
export function keyClientId(grantId: string): string {
  return `key:${grantId}`;
}

/** The text of a key. @param secret 43 characters of base64url. */
export function formatKey(grantId: string, secret: string): string {
  const text = KEY_PREFIX + grantId + secret;
  return text + base64url(crc32(text));
}

/** Whether a text is a key, or begins like one. */
export function isKey(text: string): boolean {
  return text.startsWith(KEY_PREFIX);
}

/** The grant of a key; null if the text is not a whole key, which the checksum tells. */
export function grantIdOfKey(text: string): string | null {
  const id = SHAPE.exec(text)?.[1];
  const end = text.length - CHECKSUM_LENGTH;
  return id !== undefined && base64url(crc32(text.slice(0, end))) === text.slice(end) ? id : null;
}

/** What makes a grant a key. */
export type GrantKey = {
  /** A personal key acts for the user who made it, a service key for an organization or the server. */
  readonly kind: 'personal' | 'service';
  /** As its maker called it. */
  readonly name: string;
  /** Accurate to ten minutes; absent if it was never used. */
  readonly lastUsedAt?: Seconds;
};

/** The rules for keys. */
export interface AccessKeyRules {
  /** Whether users make keys on the account page; otherwise there are only service keys. */
  readonly personal: boolean;
  /** The longest life of a key, in seconds. */
  readonly maxTTL: Seconds;
  /** Live personal keys of one user. */
  readonly maxPerUser: number;
}

/** What the name of a key may be: 1 to 64 characters, none of them a control character. */
export function isKeyName(name: unknown): name is string {
  return typeof name === 'string' && /^[^\p{Cc}]{1,64}$/u.test(name) && name.trim() !== '';
}

/** The user that a service key acts as: a program's name, which no user and no client has. */
export function serviceUserId(organization?: { readonly id: string }): string {
  return organization === undefined ? 'client:service:server' : `client:service:organization:${organization.id}`;
}

/**
 * CRC-32 (ISO 3309, as in gzip), for the checksum of access keys: a mistyped or cut-off key is told from a real one without a look at the
 * store, and a secret scanner has fewer false alarms. It protects nothing.
 */
/** For CRC-32 (ISO 3309, as in gzip): it tells a mistyped or cut-off key without a look at the store, and spares secret scanners false alarms. It protects nothing. */
const TABLE = Int32Array.from({ length: 256 }, (_, byte) => {
  let rest = byte;
  for (let bit = 0; bit < 8; bit++) rest = rest & 1 ? (rest >>> 1) ^ 0xedb88320 : rest >>> 1;
  return rest;
});

/** The four bytes of a text's checksum, the highest first. @param text of ASCII characters. */
export function crc32(text: string): Uint8Array<ArrayBuffer> {
  let sum = -1;
  for (let at = 0; at < text.length; at++) sum = (TABLE[(sum ^ text.charCodeAt(at)) & 255] ?? 0) ^ (sum >>> 8);
  const bytes = new Uint8Array(4);
  new DataView(bytes.buffer).setInt32(0, ~sum);
  return bytes;
}

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
  return PLACED_RECORDS.has(placedKindOf(key, end)) ? placeOf(key.slice(end + 1)) : null;
}

/** Whether a list has parts in several places. */
export function isPlacedList(list: string): boolean {
  return PLACED_LISTS.has(placedKindOf(list, list.indexOf(':')));
}

function placedKindOf(name: string, end: number): string {
  return name.slice(Math.max(name.lastIndexOf('/', end), name.lastIndexOf('@', end)) + 1, end);
}

/** A token as the record stores it: its hash, and the grant's key wrapped for the token's holder. */
export type Wrapped = {
  /** SHA-256 of the token's text, base64url. */
  readonly hash: string;
  /** The grant's key XOR a pad that only the token's text gives (docs/decisions/0002). */
  readonly wrappedKey: string;
};

/** What the holder of a token can prove: its hash, and the pad that unwraps the grant's key. */
export interface Proof {
  readonly hash: string;
  readonly pad: Uint8Array;
}

/** Wraps the grant's key for the holder of a token. */
export function wrap(key: Uint8Array, { hash, pad }: Proof): Wrapped {
  return { hash, wrappedKey: base64url(xor(key, pad)) };
}

/** Unwraps the grant's key with the pad of a token. */
export function unwrap(wrapped: Wrapped, pad: Uint8Array): Uint8Array<ArrayBuffer> {
  return xor(bytesOf(wrapped.wrappedKey), pad);
}

function bytesOf(text: string): Uint8Array {
  const bytes = fromBase64url(text);
  if (!bytes) throw new TypeError('A stored grant contains a value that is not base64url.');
  return bytes;
}
