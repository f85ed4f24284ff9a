/**
 * Key set: a provider's signing keys, kept in memory. `oauth4webapi` asks for them again after five minutes, and for an
 * unknown key once a minute at most; while they cannot be had, those of the last day go on to work (SEC-148).
 */
import type { JWKSCacheInput } from 'oauth4webapi';
import { parseJson } from '../lib/json.ts';
import type { Ask } from './ask.ts';
import { bodyOf, UpstreamError } from './contract.ts';

const LAST_MS = 86_400_000;
const MAX_DEPTH = 8;

/** The keys of one provider. */
export interface KeySet {
  readonly cache: JWKSCacheInput;
  /** The verb by which the key set is fetched. */
  through(ask: Ask): Ask;
}

/** Makes an empty one. */
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
