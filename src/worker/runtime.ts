/**
 * The workerd runtime: Web Crypto, and scrypt from workerd's own `node:crypto`.
 * The module is asked for by name instead of imported, so that a Worker without `nodejs_compat` still starts:
 * it has no scrypt then, and password sign-in says so.
 * Address and place of a client come from Cloudflare's edge.
 */
import * as workers from 'cloudflare:workers';
import { webRuntime } from '../core/web-runtime.ts';
import { isSpecialHost } from '../lib/url.ts';
import type { FetchPublic } from '../lib/safe-fetch.ts';
import type { Place } from '../model/token.ts';
import type { Runtime } from '../model/runtime.ts';
import type { Platform } from '../provider/provider.ts';

/** The one function that is wanted of `node:crypto`. */
interface Scrypt {
  scrypt(
    password: string,
    salt: Uint8Array,
    length: number,
    options: { readonly N: number; readonly r: number; readonly p: number; readonly maxmem: number },
    done: (error: Error | null, key: Uint8Array<ArrayBuffer>) => void,
  ): void;
}

/** A runtime for Cloudflare Workers. */
export function workerRuntime(): Runtime {
  const runtime: Runtime = { ...webRuntime(), waitUntil, ...(isStrictlyPublic() ? { fetchPublic } : {}) };
  const native = nodeCrypto();
  if (native === undefined) return runtime;
  return {
    ...runtime,
    scrypt(password, salt, { ln, r, p }) {
      const N = 2 ** ln;
      const maxmem = 128 * r * (N + p + 2) + 65_536;
      return new Promise((resolve, reject) => {
        native.scrypt(password, salt, 32, { N, r, p, maxmem }, (error, key) => (error ? reject(error) : resolve(new Uint8Array(key))));
      });
    },
  };
}

/** Of the request at hand, whichever that is; a settled one needs nothing. */
function waitUntil(work: Promise<unknown>): void {
  const settled = work.then(
    () => undefined,
    () => undefined,
  );
  (workers as { waitUntil?: (work: Promise<unknown>) => void }).waitUntil?.(settled);
}

/** Cloudflare's own fetch, which reaches public addresses only where the flag says so; without it, it may reach the origin behind. */
const fetchPublic: FetchPublic = async (url, { signal, headers }) => {
  if (isSpecialHost(new URL(url).hostname)) throw new Error('The address is not public.'); // `wrangler dev` would reach it
  return fetch(url, { signal, headers: { ...headers }, redirect: 'manual' });
};

function isStrictlyPublic(): boolean {
  const { Cloudflare } = globalThis as { Cloudflare?: { compatibilityFlags?: Readonly<Record<string, boolean>> } };
  return Cloudflare?.compatibilityFlags?.['global_fetch_strictly_public'] === true;
}

function nodeCrypto(): Scrypt | undefined {
  const { process } = globalThis as { process?: { getBuiltinModule?(name: string): unknown } };
  return process?.getBuiltinModule?.('node:crypto') as Scrypt | undefined;
}

/** The part of `request.cf` that is used. */
interface Whereabouts {
  readonly continent?: unknown;
  readonly country?: unknown;
  readonly colo?: unknown;
  /** Degrees as text. */
  readonly longitude?: unknown;
}

/** The places of a continent: west of a longitude the first one, else the second; without a longitude the one that most requests come from. */
const CONTINENTS: { readonly [continent: string]: readonly [west: Place, limit: number, east: Place, usual: Place] } = {
  NA: ['wnam', -100, 'enam', 'enam'],
  SA: ['sam', 180, 'sam', 'sam'],
  EU: ['weur', 16, 'eeur', 'weur'],
  AF: ['afr', 180, 'afr', 'afr'],
  AS: ['me', 60, 'apac', 'apac'],
  OC: ['oc', 180, 'oc', 'oc'],
};

/** Data centers (IATA codes) and countries of the less usual place of a continent, for requests without a longitude. */
const ELSEWHERE: { readonly [place in 'wnam' | 'eeur' | 'me']: RegExp } = {
  wnam: /^(?:ABQ|ANC|BOI|DEN|GDL|HNL|LAS|LAX|PDX|PHX|SAN|SEA|SFO|SJC|SLC|SMF|TIJ|YVR|YWG|YXE|YYC)$/,
  eeur: /^(?:ATH|BEG|BTS|BUD|HEL|IST|KBP|KIV|OTP|RIX|SKG|SOF|TLL|VNO|WAW|BG|BY|EE|FI|GR|HU|LT|LV|MD|PL|RO|RS|RU|SK|TR|UA)$/,
  me: /^(?:AMM|BAH|BEY|BGW|BSR|DMM|DOH|DXB|EBL|EVN|GYD|HFA|JED|KWI|LLK|MCT|RUH|TBS|TLV|AE|AM|AZ|BH|CY|GE|IL|IQ|IR|JO|KW|LB|OM|PS|QA|SA|SY|YE)$/,
};

/**
 * The place of a request: the continent, and within those that have two places the data center that answers, else the longitude, else the
 * country. Null where Cloudflare does not say, as in local development.
 */
export function placeOfRequest(request: Request): Place | null {
  const { continent, country, colo, longitude } = ((request as { cf?: unknown }).cf ?? {}) as Whereabouts;
  const found = typeof continent === 'string' && Object.hasOwn(CONTINENTS, continent) ? CONTINENTS[continent] : undefined;
  if (!found) return null;
  const [west, limit, east, usual] = found;
  if (west === east) return usual;
  const degrees = typeof longitude === 'string' && longitude.trim() !== '' ? Number(longitude) : NaN;
  const other = usual === west ? east : west;
  const isElsewhere = (name: unknown): boolean =>
    typeof name === 'string' && other in ELSEWHERE && ELSEWHERE[other as keyof typeof ELSEWHERE].test(name);
  if (isElsewhere(colo)) return other; // objects are reached from there
  if (Number.isFinite(degrees)) return degrees < limit ? west : east;
  return isElsewhere(country) ? other : usual;
}

/** The runtime as a provider needs it. */
export const workerPlatform: Platform = {
  runtime: workerRuntime(),
  place: placeOfRequest,
  address: (request) => request.headers.get('cf-connecting-ip') ?? undefined,
};
