/**
 * An upstream's signing keys, cached in memory for five minutes, and the check of an ID token's signature with them. Sites publish keys
 * without `kid`, `alg` or `use`, one key twice, or a new key under the old `kid`: every key that may have signed is tried, and if none did, the
 * keys are fetched again, at most once a minute. While they cannot be fetched, those of the last day are used (SEC-148).
 */
import { compactVerify, importJWK, type JWK } from 'jose';
import { parseJson } from '../lib/json.ts';
import type { Ask } from './ask.ts';
import { type Body, bodyOf, UpstreamError } from './contract.ts';

/** Signature algorithms with public keys. An upstream's own list is not used: it may be too short, and must never allow `none` or our secret. */
export const ALGORITHMS: string[] = 'RS256 RS384 RS512 PS256 PS384 PS512 ES256 ES384 ES512 EdDSA Ed25519'.split(' ');

const FRESH_MS = 300_000;
const COOLDOWN_MS = 60_000;
const LAST_MS = 86_400_000;
const MAX_DEPTH = 8;
const MAX_TRIED = 16;

/** Verifies the signature of a compact JWS with the keys at a URL. @throws {UpstreamError} */
export type VerifySignature = (token: string, header: Body, url: string, ask: Ask) => Promise<void>;

/** Makes the function for one upstream, without keys. */
export function makeKeySet(): VerifySignature {
  let cached: { readonly keys: readonly Body[]; readonly at: number } | undefined;
  let [askedAt, retriedAt] = [0, 0];
  const load = async (url: string, ask: Ask): Promise<readonly Body[]> => {
    try {
      const response = await ask(url);
      const { keys } = bodyOf(parseJson(await response.text(), MAX_DEPTH));
      if (response.status !== 200 || !Array.isArray(keys)) throw new UpstreamError('broken', 'keys_malformed');
      cached = { keys: keys.map(bodyOf), at: Date.now() };
    } catch (error) {
      if (!cached || cached.at + LAST_MS < Date.now()) throw error;
    }
    askedAt = Date.now();
    return cached.keys;
  };
  return async (token, header, url, ask) => {
    const isCached = cached !== undefined && askedAt + FRESH_MS > Date.now();
    let fitting = fittingIn(isCached && cached ? cached.keys : await load(url, ask), header);
    if (await isSignedByOne(token, header, fitting)) return;
    // An unknown key: was one added? A known one: was it replaced under its name?
    if (isCached && (fitting.length === 0 ? askedAt : retriedAt) + COOLDOWN_MS <= Date.now()) {
      retriedAt = Date.now();
      fitting = fittingIn(await load(url, ask), header);
      if (await isSignedByOne(token, header, fitting)) return;
    }
    throw new UpstreamError('broken', fitting.length === 0 ? 'oauth_key_selection_failed' : 'oauth_invalid_response');
  };
}

/** The keys that may have signed. A key that names no id fits every id. */
function fittingIn(keys: readonly Body[], { alg, kid }: Body): readonly Body[] {
  return keys
    .filter((key) => {
      const isOurs = kid === undefined || key['kid'] === undefined || key['kid'] === kid;
      return (
        isOurs &&
        [undefined, alg, alg === 'EdDSA' && 'Ed25519', alg === 'Ed25519' && 'EdDSA'].includes(key['alg']) &&
        key['use'] !== 'enc' &&
        key['kty'] === kindOf(alg)
      );
    })
    .slice(0, MAX_TRIED);
}

function kindOf(alg: unknown): string {
  return /^[RP]S/.test(String(alg)) ? 'RSA' : String(alg).startsWith('ES') ? 'EC' : 'OKP';
}

async function isSignedByOne(token: string, { alg }: Body, keys: readonly Body[]): Promise<boolean> {
  for (const { kty, n, e, crv, x, y } of keys) {
    try {
      const key = await importJWK({ kty, n, e, crv, x, y } as JWK, String(alg));
      await compactVerify(token, key, { algorithms: ALGORITHMS });
      return true;
    } catch {
      // not this one, or not usable: the library has many kinds of errors for it
    }
  }
  return false;
}
