/**
 * Runtime on Web Crypto: what workerd, Deno, Bun and browsers have in common. Web Crypto has no scrypt; `worker/runtime` adds it. Keys are
 * imported on every call: nearly every key seals one record, so a cache would hold secrets and save nothing.
 */
import type { Runtime } from '../model/runtime.ts';

/** Length of the nonce before a ciphertext and of the tag after it, in bytes (NIST SP 800-38D §8.2.1). */
const NONCE = 12;
const TAG = 16;

const encoder = new TextEncoder();

/** A runtime on Web Crypto alone. */
export function webRuntime(): Runtime {
  return {
    now() {
      return Math.floor(Date.now() / 1000);
    },
    random(length) {
      return crypto.getRandomValues(new Uint8Array(length));
    },
    async digest(data) {
      return new Uint8Array(await crypto.subtle.digest('SHA-256', typeof data === 'string' ? encoder.encode(data) : data));
    },
    async seal(key, plain, bound) {
      const nonce = crypto.getRandomValues(new Uint8Array(NONCE));
      const aes = await importAes(key, 'encrypt');
      const sealed = new Uint8Array(await crypto.subtle.encrypt(gcm(nonce, bound), aes, plain));
      const all = new Uint8Array(NONCE + sealed.length);
      all.set(nonce);
      all.set(sealed, NONCE);
      return all;
    },
    async open(key, sealed, bound) {
      const aes = await importAes(key, 'decrypt');
      if (sealed.length < NONCE + TAG) return null;
      try {
        return new Uint8Array(await crypto.subtle.decrypt(gcm(sealed.subarray(0, NONCE), bound), aes, sealed.subarray(NONCE)));
      } catch (error) {
        // Web Crypto's only name for a tag mismatch; any other error is a bug here.
        if (error instanceof Error && error.name === 'OperationError') return null;
        throw error;
      }
    },
  };
}

/** AES-256 only: Web Crypto would also accept a 128-bit key, which the Node runtime refuses. */
function importAes(key: Uint8Array<ArrayBuffer>, usage: 'encrypt' | 'decrypt'): Promise<CryptoKey> {
  if (key.length !== 32) throw new TypeError('An AES-256 key has 32 bytes.');
  return crypto.subtle.importKey('raw', key, 'AES-GCM', false, [usage]);
}

function gcm(iv: Uint8Array<ArrayBuffer>, bound: string): AesGcmParams {
  return { name: 'AES-GCM', iv, additionalData: encoder.encode(bound), tagLength: TAG * 8 };
}
