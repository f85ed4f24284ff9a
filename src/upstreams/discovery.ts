/**
 * What an upstream publishes: its endpoints (OpenID Connect Discovery §4), cached in memory for an hour, and its signing keys, cached for
 * five minutes, with the check of an ID token's signature.
 */
import { compactVerify, importJWK, type JWK } from 'jose';
import * as oauth from 'oauth4webapi';
import { isAhead } from '../lib/clock.ts';
import { parseJson } from '../lib/json.ts';
import { isLoopbackHost } from '../lib/url.ts';
import type { Ask } from './ask.ts';
import { type Body, bodyOf, type Discovered, type Endpoints, UpstreamError } from './contract.ts';

const FRESH_MS = 3_600_000;
const MAX_DEPTH = 32;
const NEEDED = ['authorization_endpoint', 'token_endpoint', 'jwks_uri'] as const;
const OPTIONAL = ['userinfo_endpoint', 'revocation_endpoint'] as const;

/** Finds the endpoints. @throws {UpstreamError} `unavailable` without a response, `broken` if the document is not acceptable. */
export type Discover = (ask: Ask) => Promise<Endpoints>;

/** Makes the function for one upstream, without a document. */
export function makeDiscover(server: Discovered): Discover {
  let cached: { readonly found: Endpoints; readonly at: number } | undefined;
  return async (ask) => {
    if (cached && isAhead(cached.at + FRESH_MS, FRESH_MS, Date.now())) return cached.found;
    const found = await discover(server, ask);
    cached = { found, at: Date.now() };
    return found;
  };
}

async function discover({ discover: issuer, at }: Discovered, ask: Ask): Promise<Endpoints> {
  const url = new URL(issuer);
  const response = await oauth.discoveryRequest(url, {
    algorithm: 'oidc',
    [oauth.allowInsecureRequests]: isLoopbackHost(url.hostname),
    [oauth.customFetch]: (below, sent) => ask(at ?? below, sent),
  });
  const document = bodyOf(parseJson(await response.clone().text(), MAX_DEPTH));
  if (response.status === 200) sameIssuer(issuer, document);
  const given = Object.entries(document).filter(([name, value]) =>
    name.endsWith('_supported') ? Array.isArray(value) || typeof value === 'boolean' : value !== null && value !== '',
  );
  const found = await oauth.processDiscoveryResponse(
    url,
    given.length === 0 ? response : Response.json(Object.fromEntries(given), response),
  );
  if (given.length === 0) throw new UpstreamError('broken', 'discovery_malformed'); // JSON with a name twice, or too deep
  for (const name of NEEDED) if (!isSafe(found[name], url, true)) throw new UpstreamError('broken', `discovery_${name}`);
  for (const name of OPTIONAL) if (!isSafe(found[name], url, false)) throw new UpstreamError('broken', `discovery_${name}`);
  return found as Endpoints;
}

/** An issuer with a slash too many or too few is the operator's mistake: the error says what to write (OpenID Connect Discovery §4.3). */
function sameIssuer(given: string, { issuer }: Body): void {
  if (typeof issuer !== 'string' || issuer === given) return;
  if (URL.canParse(issuer) && new URL(issuer).href === new URL(given).href) return; // the comparison ignores that
  throw new UpstreamError('broken', 'discovery_other_issuer', {
    hint: `the issuer calls itself ${shortened(issuer)}, the option says ${given}`,
  });
}

function shortened(text: string): string {
  return JSON.stringify(text.slice(0, 200));
}

/** Endpoints on another origin are common. Without TLS or in a private network they are a mistake or an attack (SEC-110). */
function isSafe(endpoint: string | undefined, issuer: URL, needed: boolean): boolean {
  if (endpoint === undefined) return !needed;
  const url = typeof endpoint === 'string' && URL.canParse(endpoint) ? new URL(endpoint) : null;
  if (!url) return false;
  if (url.origin === issuer.origin) return true;
  return (
    url.protocol === 'https:' && !/^\[|^[\d.]+$|^localhost$|\.(localhost|local|internal|home\.arpa)$/.test(url.hostname.replace(/\.$/, ''))
  );
}

/** Signature algorithms with public keys. An upstream's own list is not used: it may be too short, and must never allow `none` or our secret. */
export const ALGORITHMS: string[] = 'RS256 RS384 RS512 PS256 PS384 PS512 ES256 ES384 ES512 EdDSA Ed25519'.split(' ');

const KEYS_FRESH_MS = 300_000;
const COOLDOWN_MS = 60_000;
const LAST_MS = 86_400_000;
const MAX_KEYS_DEPTH = 8;
const MAX_TRIED = 16;

/** Verifies the signature of a compact JWS with the keys at a URL. @throws {UpstreamError} */
type VerifySignature = (token: string, header: Body, url: string, ask: Ask) => Promise<void>;

/**
 * Makes the function for one upstream, without keys. Sites publish keys without `kid`, `alg` or `use`, one key twice, or a new key under the
 * old `kid`: every key that may have signed is tried, and if none did, the keys are fetched again, at most once a minute. While they cannot be
 * fetched, those of the last day are used (SEC-148).
 */
export function makeKeySet(): VerifySignature {
  let cached: { readonly keys: readonly Body[]; readonly at: number } | undefined;
  let [askedAt, retriedAt] = [0, 0];
  const load = async (url: string, ask: Ask): Promise<readonly Body[]> => {
    try {
      const response = await ask(url);
      const { keys } = bodyOf(parseJson(await response.text(), MAX_KEYS_DEPTH));
      if (response.status !== 200 || !Array.isArray(keys)) throw new UpstreamError('broken', 'keys_malformed');
      cached = { keys: keys.map(bodyOf), at: Date.now() };
    } catch (error) {
      if (!cached || cached.at + LAST_MS < Date.now()) throw error;
    }
    askedAt = Date.now();
    return cached.keys;
  };
  return async (token, header, url, ask) => {
    const isCached = cached !== undefined && isAhead(askedAt + KEYS_FRESH_MS, KEYS_FRESH_MS, Date.now());
    let fitting = fittingIn(isCached && cached ? cached.keys : await load(url, ask), header);
    if (await isSignedByOne(token, header, fitting)) return;
    // An unknown key: was one added? A known one: was it replaced under its name?
    if (isCached && !isAhead((fitting.length === 0 ? askedAt : retriedAt) + COOLDOWN_MS, COOLDOWN_MS, Date.now())) {
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
