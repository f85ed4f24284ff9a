/**
 * Logo endpoint: the image of a client for the consent page. It fetches for known clients only, and never a metadata document.
 */
import { findClient } from '../../clients/find.ts';
import { logoOf } from '../../clients/logo.ts';
import type { Call } from '../endpoint.ts';

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
