/** Base32 the way back, as an authenticator app reads it. */

/** The bytes of a Base32 text. */
export function fromBase32(text: string): Uint8Array<ArrayBuffer> {
  const bits = [...text].map((sign) => 'ABCDEFGHIJKLMNOPQRSTUVWXYZ234567'.indexOf(sign).toString(2).padStart(5, '0')).join('');
  return Uint8Array.from(bits.match(/.{8}/g) ?? [], (byte) => Number.parseInt(byte, 2));
}
