/**
 * Base64url without padding (RFC 4648 §5), both ways, on bytes. Synchronous and small, because it is on the hot path.
 */
const SIGNS = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_';
/** The value of each ASCII character; -1, for "not there", is 255 in a byte. */
const VALUES = Uint8Array.from({ length: 128 }, (_, code) => SIGNS.indexOf(String.fromCharCode(code)));
const FOREIGN = 255;

/** Two characters for each twelve bits: half as many strings to join, which takes most of the time. */
const PAIRS = Array.from({ length: 4096 }, (_, bits) => SIGNS.charAt(bits >> 6) + SIGNS.charAt(bits & 63));

/** Bytes as base64url text. */
export function base64url(bytes: Uint8Array): string {
  let text = '';
  for (let at = 0; at < bytes.length; at += 3) {
    const bits = ((bytes[at] ?? 0) << 16) | ((bytes[at + 1] ?? 0) << 8) | (bytes[at + 2] ?? 0);
    const last = PAIRS[bits & 4095] ?? '';
    const left = bytes.length - at;
    text += PAIRS[bits >> 12] ?? '';
    text += left > 2 ? last : last.slice(0, left - 1);
  }
  return text;
}

/**
 * The bytes of a base64url text; null for an invalid character or length, or for bits beyond the last byte (RFC 4648 §3.5): each value
 * has one spelling, so that a one-time value cannot be used again in another spelling.
 */
export function fromBase64url(text: string): Uint8Array<ArrayBuffer> | null {
  if (text.length % 4 === 1) return null;
  const bytes = new Uint8Array(Math.floor((text.length * 3) / 4));
  let [bits, count, at] = [0, 0, 0];
  for (let index = 0; index < text.length; index++) {
    const value = VALUES[text.charCodeAt(index)] ?? FOREIGN;
    if (value === FOREIGN) return null;
    bits = ((bits << 6) | value) & 0xffff;
    count += 6;
    if (count >= 8) bytes[at++] = (bits >> (count -= 8)) & 255;
  }
  return (bits & ((1 << count) - 1)) === 0 ? bytes : null;
}
