/**
 * The code that a terminal and a page both show, so that a person sees that they belong together. Letters without vowels, as RFC 8628 §6.1
 * advises. It follows from the PKCE challenge and proves nothing by itself.
 */
import { fromBase64url } from '../lib/bytes.ts';

const LETTERS = 'BCDFGHJKLMNPQRSTVWXZ';

/** The code of a challenge: `WDJB-MJHT`. */
export function compareCode(challenge: string): string {
  const letters = Array.from((fromBase64url(challenge) ?? new Uint8Array(8)).subarray(0, 8), (byte) => LETTERS[byte % LETTERS.length]);
  return `${letters.slice(0, 4).join('')}-${letters.slice(4).join('')}`;
}
