/**
 * Access keys: personal access tokens and service keys. A key is the one access token of a grant of its own, so that everything that lists,
 * ends, moves or sweeps grants does so with keys. Its text is `pcl_`, the grant's id, a secret of 256 bits, and a checksum, without
 * separators: one pattern for secret scanners, `pcl_[A-Za-z0-9_-]{71}`.
 */
import { base64url } from '../lib/bytes.ts';
import { crc32 } from './crc32.ts';
import type { Seconds } from './store.ts';

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
