/**
 * An upstream's signing keys, cached in memory. `oauth4webapi` fetches them again after five minutes, and for an unknown key at most once a
 * minute; while they cannot be fetched, those of the last day are used (SEC-148).
 */
import type { JWKSCacheInput } from 'oauth4webapi';
import { parseJson } from '../lib/json.ts';
import type { Ask } from './ask.ts';
import { bodyOf, UpstreamError } from './contract.ts';

const LAST_MS = 86_400_000;
const MAX_DEPTH = 8;

/** The keys of one upstream. */
export interface KeySet {
  readonly cache: JWKSCacheInput;
  /** Wraps the function that fetches the key set. */
  through(ask: Ask): Ask;
}

/** Makes an empty key set. */
export function makeKeySet(): KeySet {
  let last: { readonly text: string; readonly until: number } | undefined;
  return {
    cache: {},
    through: (ask) => async (url, init) => {
      try {
        const response = await ask(url, init);
        const text = await response.clone().text();
        if (response.status !== 200 || !isKeySet(text)) throw new UpstreamError('broken', 'keys_malformed');
        last = { text, until: Date.now() + LAST_MS };
        return response;
      } catch (error) {
        if (!last || last.until < Date.now()) throw error;
        return new Response(last.text, { headers: { 'content-type': 'application/json' } });
      }
    },
  };
}

function isKeySet(text: string): boolean {
  return Array.isArray(bodyOf(parseJson(text, MAX_DEPTH))['keys']);
}
