/**
 * Cache of verification results. Tokens are stored as hashes, so an entry is small and gives no access. The oldest entries are dropped, and
 * those of invalid tokens never displace those of valid ones.
 */
import { base64url, utf8 } from '../lib/bytes.ts';
import type { Checked, Tell } from '../model/access.ts';
import type { Seconds } from '../model/store.ts';

const MAX_GOOD = 4096;
const MAX_BAD = 4096;

/** The cached result for a token. */
export interface CachedResult {
  /** Null for an invalid token. */
  readonly access: Checked | null;
  /** Why it is invalid. */
  readonly why?: Parameters<Tell>;
  /** Until when the result may be used. */
  readonly until: Seconds;
}

/** Operations of the cache. */
export interface TokenCache {
  /** The last result; may be outdated. */
  find(hash: string): CachedResult | undefined;
  keep(hash: string, remembered: CachedResult): void;
}

/** Makes an empty cache. */
export function makeTokenCache(): TokenCache {
  const good = new Map<string, CachedResult>();
  const bad = new Map<string, CachedResult>();
  return {
    find: (hash) => good.get(hash) ?? bad.get(hash),
    keep(hash, remembered) {
      const [target, most] = remembered.access ? [good, MAX_GOOD] : [bad, MAX_BAD];
      good.delete(hash); // keeps the newest last
      bad.delete(hash);
      const [oldest] = target.size >= most ? target.keys() : [];
      if (oldest !== undefined) target.delete(oldest);
      target.set(hash, remembered);
    },
  };
}

/** Cache key of a token at a resource. */
export async function tokenHash(token: string, resource: string): Promise<string> {
  return base64url(new Uint8Array(await crypto.subtle.digest('SHA-256', utf8(`${resource}\n${token}`))));
}
