/**
 * Needed keyring: what parts that cannot do without a key of the server say at start-up where none was given.
 */
import type { Keyring } from './keyring.ts';

/** The keyring, for a part that cannot do without. @throws {TypeError} naming the part and the fix, at start-up. */
export function requireKeyring(keyring: Keyring | null, part: string): Keyring {
  if (keyring) return keyring;
  throw new TypeError(
    `OAuthProvider: ${part} needs a key of the server. Give the option \`secret\`, or set PORTCULLIS_SECRET: 32 random bytes, as from \`openssl rand -base64 32\`.`,
  );
}
