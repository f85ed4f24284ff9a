/**
 * Memory: what tokens were worth lately. A token stands in it as a hash, so that an entry is small and opens nothing; the oldest
 * entries give way, and those of bad tokens never push out those of good ones.
 */
import { base64url } from '../lib/base64url.ts';
import { utf8 } from '../lib/bytes.ts';
import type { Checked, Tell } from '../model/access.ts';
import type { Seconds } from '../model/store.ts';

const MAX_GOOD = 4096;
const MAX_BAD = 4096;

/** What is remembered of a token. */
export interface CachedResult {
  /** Null for a token that is not good. */
  readonly access: Checked | null;
  /** Why it is not good. */
  readonly why?: Parameters<Tell>;
  /** Until when that counts. */
  readonly until: Seconds;
}

/** The verbs. */
export interface TokenCache {
  /** What was kept last; it may be over by now. */
  find(hash: string): CachedResult | undefined;
  keep(hash: string, remembered: CachedResult): void;
}

/** An empty one. */
export function makeTokenCache(): TokenCache {
  const good = new Map<string, CachedResult>();
  const bad = new Map<string, CachedResult>();
  return {
    find: (hash) => good.get(hash) ?? bad.get(hash),
    keep(hash, remembered) {
      const [into, most] = remembered.access ? [good, MAX_GOOD] : [bad, MAX_BAD];
      good.delete(hash); // the newest stands last
      bad.delete(hash);
      const [oldest] = into.size >= most ? into.keys() : [];
      if (oldest !== undefined) into.delete(oldest);
      into.set(hash, remembered);
    },
  };
}

/** By which a token is found at a resource. */
export async function tokenHash(token: string, resource: string): Promise<string> {
  return base64url(new Uint8Array(await crypto.subtle.digest('SHA-256', utf8(`${resource}\n${token}`))));
}
