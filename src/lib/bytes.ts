/** Bytes and texts: UTF-8, base64url without padding (RFC 4648 §5), comparison in constant time, random numbers. Synchronous and small, because they are on the hot path. */

const encoder = /* @__PURE__ */ new TextEncoder();
const decoder = /* @__PURE__ */ new TextDecoder('utf-8', { fatal: true });

/** The UTF-8 bytes of a text. */
export function utf8(text: string): Uint8Array<ArrayBuffer> {
  return encoder.encode(text);
}

/** The text of UTF-8 bytes. @throws {TypeError} when they are not UTF-8. */
export function fromUtf8(bytes: Uint8Array): string {
  return decoder.decode(bytes);
}

/** Byte-wise exclusive or of two arrays of one length. */
export function xor(a: Uint8Array, b: Uint8Array): Uint8Array<ArrayBuffer> {
  if (a.length !== b.length) throw new TypeError('xor needs two arrays of one length.');
  const bytes = new Uint8Array(a); // `Uint8Array.from` takes forty times as long
  for (let at = 0; at < bytes.length; at++) bytes[at] = (bytes[at] ?? 0) ^ (b[at] ?? 0);
  return bytes;
}

/** Whether two texts are equal, in time that depends on their length only. */
export function equalTexts(a: string, b: string): boolean {
  if (a.length !== b.length) return false;
  let difference = 0;
  for (let at = 0; at < a.length; at++) difference |= a.charCodeAt(at) ^ b.charCodeAt(at);
  return difference === 0;
}

const SIGNS = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_';
/** The value of each ASCII character; -1, for "not there", is 255 in a byte. */
const VALUES = /* @__PURE__ */ Uint8Array.from({ length: 128 }, (_, code) => SIGNS.indexOf(String.fromCharCode(code)));
const FOREIGN = 255;

/** Two characters for each twelve bits: half as many strings to join, which takes most of the time. */
const PAIRS = /* @__PURE__ */ Array.from({ length: 4096 }, (_, bits) => SIGNS.charAt(bits >> 6) + SIGNS.charAt(bits & 63));

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

/** Randomness for many integers: asking for it costs as much as a read and a write in memory. */
const pool = /* @__PURE__ */ new Uint32Array(512);
let left = 0;

/** A random integer of 53 bits. */
export function randomInteger(): number {
  if (left === 0) {
    crypto.getRandomValues(pool);
    left = pool.length;
  }
  return ((pool[--left] ?? 0) >>> 11) * 2 ** 32 + (pool[--left] ?? 0);
}
