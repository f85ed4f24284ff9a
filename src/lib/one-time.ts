/**
 * Time-based one-time codes (RFC 6238 over RFC 4226) as every authenticator app makes them: HMAC-SHA-1, six digits, thirty
 * seconds. SHA-1, because apps support nothing else; its collisions do not affect HMAC.
 */

/** Time step of a code, in seconds. */
export const PERIOD = 30;

const DIGITS = 6;
const SIGNS = 'ABCDEFGHIJKLMNOPQRSTUVWXYZ234567';

/** The code of a time-step: seconds since 1970 divided by {@link PERIOD}, rounded down. */
export async function oneTimeCode(secret: Uint8Array<ArrayBuffer>, step: number): Promise<string> {
  const key = await crypto.subtle.importKey('raw', secret, { name: 'HMAC', hash: 'SHA-1' }, false, ['sign']);
  const counter = new DataView(new ArrayBuffer(8));
  counter.setBigUint64(0, BigInt(step));
  const mac = new DataView(await crypto.subtle.sign('HMAC', key, counter.buffer));
  const offset = mac.getUint8(mac.byteLength - 1) & 0xf; // RFC 4226 §5.3
  return String((mac.getUint32(offset) & 0x7fffffff) % 10 ** DIGITS).padStart(DIGITS, '0');
}

/** Bytes in Base32 without padding (RFC 4648 §6), the form in which users and apps enter such secrets. */
export function base32(bytes: Uint8Array): string {
  let [text, value, bits] = ['', 0, 0];
  for (const byte of bytes) {
    value = ((value << 8) | byte) & 0xfff;
    for (bits += 8; bits >= 5; bits -= 5) text += SIGNS.charAt((value >> (bits - 5)) & 31);
  }
  return bits > 0 ? text + SIGNS.charAt((value << (5 - bits)) & 31) : text;
}

/** The `otpauth:` URI for an authenticator app. @param issuer name of this server. @param account name of the user's account. */
export function oneTimeUri(secret: Uint8Array, issuer: string, account: string): string {
  const label = `${encodeURIComponent(issuer)}:${encodeURIComponent(account)}`;
  return `otpauth://totp/${label}?secret=${base32(secret)}&issuer=${encodeURIComponent(issuer)}&algorithm=SHA1&digits=${DIGITS}&period=${PERIOD}`;
}
