/**
 * Client places: where hosted clients call from. A client on a server (claude.ai, ChatGPT) does not call from where the person's browser is, so a new
 * grant for it is kept where its last token request came from. Noted for each host of redirect URIs, since such a client registers many times. A hint about
 * speed: a wrong one makes calls slow until the grant moves at the next refresh.
 */
import { isLoopbackRedirect } from '../../lib/url.ts';
import { isPlace, type Place } from '../../model/token.ts';
import type { Runtime } from '../../model/runtime.ts';
import type { Key, Seconds, Store } from '../../model/store.ts';
import { has, readRecord } from '../../model/record.ts';
import type { Secrets } from './secrets.ts';

/** How long a place is remembered after it was last noted. */
const TTL: Seconds = 30 * 86_400;
/** How long this process trusts what it has read or noted: a hosted client may call from several places in turn. */
const FRESH: Seconds = 600;
/** Hosts that this process remembers; the oldest is dropped. */
const MAX_HOSTS = 1000;

/** Operations on client places. */
export interface ClientPlaces {
  /** Where a grant is to be kept. @param here where the browser is. */
  find(redirectUri: string, here: Place | null): Promise<Place | null>;
  /** Notes where a token request came from, behind the answer. Never rejects. */
  note(redirectUri: string | undefined, here: Place | null): Promise<void>;
}

/** Makes the operations, for a store with several places. */
export function makeClientPlaces(store: Store, secrets: Secrets, runtime: Runtime): ClientPlaces {
  const known = new Map<string, { readonly place: Place | null; readonly until: Seconds }>();
  const keyOf = async (host: string): Promise<Key> => `place:${await secrets.hash(`place\n${host}`)}`;
  const remember = (host: string, place: Place | null): Place | null => {
    known.delete(host);
    if (known.size >= MAX_HOSTS) known.delete(known.keys().next().value ?? '');
    known.set(host, { place, until: runtime.now() + FRESH });
    return place;
  };
  const fresh = (host: string): Place | null | undefined => {
    const one = known.get(host);
    return one && one.until > runtime.now() ? one.place : undefined;
  };
  const isHosted = (redirectUri: string, here: Place | null): here is Place => here !== null && !isLoopbackRedirect(redirectUri);
  return {
    async find(redirectUri, here) {
      if (!isHosted(redirectUri, here)) return here;
      const { host } = new URL(redirectUri);
      const seen = fresh(host);
      return (
        (seen === undefined ? remember(host, (await readRecord(store, await keyOf(host), isNoted))?.value.place ?? null) : seen) ?? here
      );
    },
    async note(redirectUri, here) {
      if (redirectUri === undefined || !isHosted(redirectUri, here)) return;
      const { host } = new URL(redirectUri);
      if (fresh(host) === here) return;
      remember(host, here);
      const noted = keyOf(host)
        .then((key) => store.write(key, { v: 1, place: here }, 'any', { until: runtime.now() + TTL }))
        .catch(() => null); // noted at another request
      runtime.waitUntil?.(noted);
      await noted;
    },
  };
}

const isNoted = (value: unknown): value is { readonly place: Place } => has(value, 'place') && isPlace((value as { place: unknown }).place);
