/**
 * JWKS: the public keys that access tokens are signed with (RFC 7517 §5), for resource servers elsewhere. Never a private member.
 */
import { publicKeys } from '../../core/signing-keys.ts';
import { CROSS_ORIGIN } from '../../lib/http.ts';
import type { Call } from '../endpoint.ts';

/** GET and HEAD of the key set. */
export async function jwks({ as, request }: Call): Promise<Response> {
  const text = JSON.stringify({ keys: await publicKeys(as) });
  return new Response(request.method === 'HEAD' ? null : text, {
    headers: { ...CROSS_ORIGIN, 'content-type': 'application/json', 'cache-control': 'public, max-age=300' },
  });
}
