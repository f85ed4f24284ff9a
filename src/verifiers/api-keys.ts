/**
 * API keys and service tokens: for programs that cannot sign in. Only a key's hash is looked up, so that what stands in
 * your database opens nothing.
 */
import { checkNames } from '../lib/names.ts';
import type { Verifier } from '../guard/token-source.ts';
import { base64url } from '../lib/base64url.ts';
import { utf8 } from '../lib/bytes.ts';
import type { Awaitable } from '../model/runtime.ts';
import type { Seconds } from '../model/store.ts';
import { nullWith, refuse, type TokenSource } from './contract.ts';

/** What a key is worth. Scopes and client are not optional: a key without them would pass every check of them or none. */
export interface KeyHolder {
  readonly userId: string;
  readonly clientId: string;
  readonly scope: readonly string[];
  /** Absent for a key that lasts until it is taken back. */
  readonly expiresAt?: Seconds;
  /** Whether the key is a program's own, and not one that a person made for programs of theirs. */
  readonly program?: boolean;
  readonly props?: unknown;
}

/** Options of {@link apiKeys}. */
export interface ApiKeyOptions {
  /** What all keys begin with: `acme_key_`. Tells them from other tokens, and lets scanners find leaked ones. */
  readonly prefix: string;
  /** Finds a key by its hash: SHA-256 of the whole key, base64url. Null for a key that is not good. */
  readonly find: (hash: string, resource: string) => Awaitable<KeyHolder | null>;
  /** The present second; the machine's clock unless told. */
  readonly now?: () => Seconds;
}

const MAX_LENGTH = 512;
/** 128 bits in base64url. */
const MIN_SECRET = 22;

/** Keys of your own. @throws {TypeError} at start-up, naming the option and the fix. */
export function apiKeys(options: ApiKeyOptions): TokenSource {
  checkNames('apiKeys', options, 'prefix find now');
  const { prefix, find, now = () => Math.floor(Date.now() / 1000) } = options;
  if (!/^[a-z][a-z0-9]*(?:[_-][a-z0-9]+)*[_-]$/.test(prefix ?? ''))
    refuse('apiKeys', 'prefix', 'must be lower-case words that end with "_" or "-", such as "acme_key_"');
  if (typeof find !== 'function') refuse('apiKeys', 'find', 'must be a function (hash, resource) → who holds the key, or null');
  const verify: Verifier = async (token, resource, tell) => {
    const no = nullWith(tell);
    if (!token.startsWith(prefix) || token.length > MAX_LENGTH || token.length < prefix.length + MIN_SECRET) return no('api_key_malformed');
    const hash = await hashApiKey(token);
    const holder = await find(hash, resource);
    if (!holder) return no('api_key_unknown');
    if (holder.expiresAt !== undefined && holder.expiresAt <= now()) return no('api_key_expired');
    const { userId, clientId, scope, program = false, expiresAt = now() + 3600, props = { claims: { sub: userId } } } = holder;
    return { userId, clientId, grantId: `key#${hash}`, ...(program && { program }), scope, resource, expiresAt, props };
  };
  return { authorizationServers: [], verify, own: [{ prefix }] };
}

/** A new key, to be shown once, and the hash to keep. */
export async function makeApiKey(prefix: string): Promise<{ readonly key: string; readonly hash: string }> {
  const key = prefix + base64url(crypto.getRandomValues(new Uint8Array(32)));
  return { key, hash: await hashApiKey(key) };
}

/** What {@link ApiKeyOptions.find} is asked with. */
export async function hashApiKey(key: string): Promise<string> {
  return base64url(new Uint8Array(await crypto.subtle.digest('SHA-256', utf8(key))));
}
