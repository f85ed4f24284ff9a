/** Fails at start-up, with the fix, if a feature needs the server's secret and none is configured. */
import type { Keyring } from './keyring.ts';

/** The keyring for a feature that cannot work without it. @throws {TypeError} at start-up, naming the feature and the fix. */
export function requireKeyring(keyring: Keyring | null, part: string): Keyring {
  if (keyring) return keyring;
  throw new TypeError(
    `OAuthProvider: ${part} needs a key of the server. Give the option \`secret\`, or set PORTCULLIS_SECRET: 32 random bytes, as from \`openssl rand -base64 32\`.`,
  );
}
