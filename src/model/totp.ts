/**
 * TOTP: the second factor with an authenticator app, and its recovery codes. One record for each user, changed by conditional writes, so that
 * a code counts once across processes. The codes are those that every app makes (RFC 6238 over RFC 4226): HMAC-SHA-1, six digits, thirty
 * seconds. SHA-1, because apps support nothing else; its collisions do not affect HMAC.
 */
import type { Seconds } from './store.ts';

/** State of a user's second factor. */
export interface TotpStatus {
  readonly createdAt: Seconds;
  /** Unused recovery codes. */
  readonly recoveryLeft: number;
}

/** A new secret that is not confirmed yet. */
export interface TotpOffer {
  readonly secret: Uint8Array<ArrayBuffer>;
  /** The secret sealed for this user and some minutes, for the form. */
  readonly sealed: string;
}

/** Operations on the second factor. */
export interface Totps {
  /** Null if not set up. */
  statusOf(userId: string): Promise<TotpStatus | null>;
  /** A new secret; nothing is stored. */
  offer(userId: string): Promise<TotpOffer>;
  /** Opens an offer to show it again; null if it has expired or is another user's. */
  openOffer(userId: string, sealed: string): Promise<TotpOffer | null>;
  /** Sets it up if the code matches the offer. @returns recovery codes; null for a wrong code, an expired offer, or if already set up. */
  confirm(userId: string, sealed: string, code: string): Promise<readonly string[] | null>;
  /** Whether a code is right and unused; it then counts as used. */
  useCode(userId: string, code: string): Promise<boolean>;
  /** The same for a recovery code. */
  useRecovery(userId: string, code: string): Promise<boolean>;
  /** Replaces the recovery codes; null if not set up. */
  renewRecovery(userId: string): Promise<readonly string[] | null>;
  /** Removes it. False if there was none. */
  remove(userId: string): Promise<boolean>;
}

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
