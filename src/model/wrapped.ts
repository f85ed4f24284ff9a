/**
 * Wrapped: the key of a grant, as it is kept for the holder of a token. A guarded call needs this much of what `grant-transitions.ts` builds on it.
 */
import { base64url, fromBase64url } from '../lib/base64url.ts';
import { xor } from '../lib/bytes.ts';
import type { Wrapped } from './grant.ts';

/** What the holder of a secret can show: its hash, and the pad that unwraps the grant's key. */
export interface Proof {
  readonly hash: string;
  readonly pad: Uint8Array;
}

/** Wraps the grant's key for the holder of a token. */
export function wrap(key: Uint8Array, { hash, pad }: Proof): Wrapped {
  return { hash, wrappedKey: base64url(xor(key, pad)) };
}

/** The grant's key, from a wrapped one and the pad of its token. */
export function unwrap(held: Wrapped, pad: Uint8Array): Uint8Array<ArrayBuffer> {
  return xor(bytesOf(held.wrappedKey), pad);
}

function bytesOf(text: string): Uint8Array {
  const bytes = fromBase64url(text);
  if (!bytes) throw new TypeError('A stored grant holds something that is not base64url.');
  return bytes;
}
