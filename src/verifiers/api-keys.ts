/**
 * API keys and service tokens, for programs that cannot sign in. Keys are looked up by hash, so a stolen database contains no usable key.
 */
import { checkTypes } from '../lib/check-options.ts';
import type { Verifier } from '../guard/token-source.ts';
import { base64url, utf8 } from '../lib/bytes.ts';
import type { Awaitable } from '../model/runtime.ts';
import type { Seconds } from '../model/store.ts';
import { nullWith, refuse, type TokenSource } from './contract.ts';

/** What a key gives access to. Scope and client are required: without them, every check of them would pass, or none. */
export interface KeyHolder {
  readonly userId: string;
  readonly clientId: string;
  readonly scope: readonly string[];
  /** Absent for a key that is valid until it is removed. */
  readonly expiresAt?: Seconds;
  /** Whether the key belongs to a program, and not to a user who made it for their programs. */
  readonly program?: boolean;
  readonly props?: unknown;
}

/** Options of {@link apiKeys}. */
export interface ApiKeyOptions {
  /** Prefix of all keys: `acme_key_`. Distinguishes them from other tokens, and lets scanners find leaked ones. */
  readonly prefix: string;
  /** Finds a key by its hash: SHA-256 of the whole key, base64url. Null for an invalid key. */
  readonly find: (hash: string, resource: string) => Awaitable<KeyHolder | null>;
  /** The current time in seconds; the machine's clock by default. */
  readonly now?: (() => Seconds) | undefined;
}

const MAX_LENGTH = 512;
/** No time in seconds: it would be the year 5138. */
const MILLISECONDS = 1e11;
/** 128 bits in base64url. */
const MIN_SECRET = 22;

/**
 * Your own API keys as a token source.
 *
 * @throws {TypeError} at start-up, naming the option and the fix.
 * @example
 * const keys = new Map([[await hashApiKey('acme_key_…'), { userId: 'ada', clientId: 'nightly', scope: ['read'] }]]);
 * const source = apiKeys({ prefix: 'acme_key_', find: (hash) => keys.get(hash) ?? null });
 * // People sign in, programs have keys.
 * guard({ resource: 'https://mcp.example/mcp', ...anyOf(auth0Tokens({ domain: 'acme.eu.auth0.com' }), source) });
 */
export function apiKeys(options: ApiKeyOptions): TokenSource {
  checkTypes('apiKeys', options ?? null, 'prefix:string find:function now:function');
  const { prefix, find, now = () => Math.floor(Date.now() / 1000) } = options;
  if (!/^[a-z][a-z0-9]*(?:[_-][a-z0-9]+)*[_-]$/.test(prefix ?? ''))
    refuse('apiKeys', 'prefix', 'must be lower-case words that end with "_" or "-", such as "acme_key_"');
  if (!find) refuse('apiKeys', 'find', 'must be a function (hash, resource) → who holds the key, or null');
  const verify: Verifier = async (token, resource, tell) => {
    const reject = nullWith(tell);
    if (!token.startsWith(prefix) || token.length > MAX_LENGTH || token.length < prefix.length + MIN_SECRET)
      return reject('api_key_malformed');
    const hash = await hashApiKey(token);
    const holder = await find(hash, resource);
    if (!holder) return reject('api_key_unknown');
    if (holder.expiresAt !== undefined && !(typeof holder.expiresAt === 'number' && holder.expiresAt < MILLISECONDS))
      throw new TypeError('apiKeys: `expiresAt` of a key must be seconds since 1970; milliseconds and a Date would never pass.');
    if (holder.expiresAt !== undefined && holder.expiresAt <= now()) return reject('api_key_expired');
    const { userId, clientId, scope, program = false, expiresAt = now() + 3600, props = { claims: { sub: userId } } } = holder;
    return { userId, clientId, grantId: `key#${hash}`, ...(program && { program }), scope, resource, expiresAt, props };
  };
  return { authorizationServers: [], verify, own: [{ prefix }] };
}

/**
 * Makes a new key, to show once, and its hash, to store: the prefix and 43 random characters.
 *
 * @param prefix that of {@link apiKeys}.
 * @example
 * const { key, hash } = await makeApiKey('acme_key_');
 */
export async function makeApiKey(prefix: string): Promise<{ readonly key: string; readonly hash: string }> {
  const key = prefix + base64url(crypto.getRandomValues(new Uint8Array(32)));
  return { key, hash: await hashApiKey(key) };
}

/**
 * The hash of an API key that your look-up gets: SHA-256, base64url. Keys are random, so they need no salt.
 *
 * @example
 * await db.insert('api_keys', { hash: await hashApiKey('acme_key_3q2-7w'), userId: 'ada' });
 */
export async function hashApiKey(key: string): Promise<string> {
  return base64url(new Uint8Array(await crypto.subtle.digest('SHA-256', utf8(key))));
}
