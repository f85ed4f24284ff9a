/**
 * The place of a request, from what Cloudflare says of it in `request.cf`: the continent, and within those that have two places the data center
 * that answers, else the longitude, else the country. Where nothing is said, as in local development, there is no place.
 */
import type { Place } from '../model/place.ts';

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

/** Where a request comes from; null if Cloudflare does not say. */
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
