/**
 * Logo endpoint: the image of a client for the consent page. We fetch it, check its bytes and serve it from our own origin, so that the page loads
 * nothing from a client's site and tells it nothing about users (RFC 7591 §5). Raster images only: an SVG can hold scripts and references. It fetches
 * for known clients only, and never a metadata document.
 */
import { findClient } from '../../clients/find.ts';
import type { Call } from '../endpoint.ts';
import type { AuthServer } from '../../core/auth-server.ts';
import { readRecord, versioned } from '../../model/record.ts';
import { base64url, fromBase64url } from '../../lib/bytes.ts';
import { isDocumentUrl, isOnServerOf } from '../../lib/url.ts';
import { makeSingleFlight, type SingleFlight } from '../../lib/single-flight.ts';
import type { Client } from '../../model/client.ts';
import type { Settings } from '../../model/settings.ts';
import type { Key, Seconds } from '../../model/store.ts';
import { problemOf } from '../../clients/client-policy.ts';
import { isAcceptable } from '../../clients/metadata-document.ts';

const HEADERS = {
  'content-security-policy': "default-src 'none'; sandbox",
  'x-content-type-options': 'nosniff',
  'cross-origin-resource-policy': 'same-origin',
};

/** GET of a logo; 404 if there is none to show. */
export async function logo({ as, url, network }: Call): Promise<Response> {
  const client = await findClient(as, url.searchParams.get('client_id') ?? '', true);
  const image = client && (await logoOf(as, client, network));
  if (!image) return new Response(null, { status: 404, headers: { ...HEADERS, 'cache-control': 'private, max-age=300' } });
  return new Response(image.bytes, { headers: { ...HEADERS, 'content-type': image.type, 'cache-control': 'private, max-age=86400' } });
}

const LIMITS = { bytes: 64 * 1024, milliseconds: 5000 };
const FETCHES = 60;
const TARGET_FETCHES = 120;
const WINDOW: Seconds = 600;
const CACHE_TIME: Seconds = 86_400;
/** How long a URL without a usable image is not asked again. */
const RETRY_AFTER_FAILURE: Seconds = 3600;

/** An image. */
interface Logo {
  readonly type: string;
  readonly bytes: Uint8Array<ArrayBuffer>;
}

interface LogoRecord {
  readonly v: 1;
  /** Absent if the URL has no usable image. */
  readonly image?: string;
}

const isLogo = (value: unknown): value is LogoRecord => versioned(value);
const flights = new WeakMap<Settings, SingleFlight<Logo | null>>();

/**
 * The logo of a client; null if it has none that can be shown, or too many were fetched. The host must be one whose metadata documents are
 * accepted, except for clients of the operator.
 *
 * @param network the caller's, for the limit on fetches.
 */
async function logoOf(as: AuthServer, client: Client, network: string): Promise<Logo | null> {
  const { logoUri: url = '', entered } = client;
  if (!isDocumentUrl(url, as.isLoopback) || isOnServerOf(url, as.settings.issuers)) return null;
  if (!entered && !(await isAcceptable(as, url))) return null;
  if (as.settings.clientPolicy !== null && (await problemOf(as, client)) !== null) return null; // nothing is fetched for it
  const key: Key = `logo:${await as.secrets.hash(`logo\n${url}`)}`;
  const stored = await readRecord(as.store, key, isLogo);
  if (stored) return decoded(stored.value.image);
  const flight = flights.get(as.settings) ?? makeSingleFlight<Logo | null>();
  flights.set(as.settings, flight);
  return flight(key, async () => {
    const limits = [as.limit(`logo\n${network}`, FETCHES, WINDOW), as.limit(`logo host\n${new URL(url).hostname}`, TARGET_FETCHES, WINDOW)];
    if ((await Promise.all(limits)).some((wait) => wait !== null)) return null;
    const answer = (await as.fetchImage?.(url, LIMITS)) ?? null;
    const logo = answer && decoded(base64url(answer));
    const record = { v: 1, ...(logo ? { image: base64url(logo.bytes) } : {}) };
    await as.store.write(key, record, 'any', { until: as.now() + (logo ? CACHE_TIME : RETRY_AFTER_FAILURE) });
    return logo;
  });
}

function decoded(image: string | undefined): Logo | null {
  const bytes = image === undefined ? null : fromBase64url(image);
  const type = bytes && typeOf(bytes);
  return bytes && type ? { bytes, type } : null;
}

/** The type of an image by its first bytes, whatever its sender calls it; null for anything else. */
function typeOf(bytes: Uint8Array): string | null {
  const start = String.fromCharCode(...bytes.subarray(0, 12));
  if (start.startsWith('\x89PNG\r\n\x1a\n')) return 'image/png';
  if (start.startsWith('\xff\xd8\xff')) return 'image/jpeg';
  if (/^GIF8[79]a/.test(start)) return 'image/gif';
  return /^RIFF[\s\S]{4}WEBP$/.test(start) ? 'image/webp' : null;
}
