/**
 * Wraps and unwraps a grant's key for the holder of a token. Separate from `grant-transitions.ts`, because a guarded call needs only this.
 */
import { base64url, fromBase64url, xor } from '../lib/bytes.ts';
import type { Wrapped } from './grant.ts';

/** What the holder of a token can prove: its hash, and the pad that unwraps the grant's key. */
export interface Proof {
  readonly hash: string;
  readonly pad: Uint8Array;
}

/** Wraps the grant's key for the holder of a token. */
export function wrap(key: Uint8Array, { hash, pad }: Proof): Wrapped {
  return { hash, wrappedKey: base64url(xor(key, pad)) };
}

/** Unwraps the grant's key with the pad of a token. */
export function unwrap(wrapped: Wrapped, pad: Uint8Array): Uint8Array<ArrayBuffer> {
  return xor(bytesOf(wrapped.wrappedKey), pad);
}

function bytesOf(text: string): Uint8Array {
  const bytes = fromBase64url(text);
  if (!bytes) throw new TypeError('A stored grant contains a value that is not base64url.');
  return bytes;
}
