/**
 * Discovery: where an OpenID Connect provider's endpoints are, as it publishes them (OpenID Connect Discovery §4).
 * One document for each provider, kept for an hour in memory: bounded by construction.
 */
import * as oauth from 'oauth4webapi';
import { parseJson } from '../lib/json.ts';
import { isLoopbackHost } from '../lib/url.ts';
import { bodyOf, type Endpoints, UpstreamError } from './contract.ts';
import type { Ask } from './ask.ts';

const FRESH_MS = 3_600_000;
const MAX_DEPTH = 32;
const NEEDED = ['authorization_endpoint', 'token_endpoint', 'jwks_uri'] as const;
const OPTIONAL = ['userinfo_endpoint', 'revocation_endpoint'] as const;

/** Finds the endpoints. @throws {UpstreamError} `unavailable` when nobody answers, `broken` when the document is not one to go by. */
export type Discover = (ask: Ask) => Promise<Endpoints>;

/** Makes the verb for one provider. */
export function makeDiscover(server: Endpoints | { readonly discover: string }): Discover {
  if (!('discover' in server)) return async () => server;
  let kept: { readonly found: Endpoints; readonly until: number } | undefined;
  return async (ask) => {
    if (kept && kept.until > Date.now()) return kept.found;
    const found = await discover(server.discover, ask);
    kept = { found, until: Date.now() + FRESH_MS };
    return found;
  };
}

async function discover(issuer: string, ask: Ask): Promise<Endpoints> {
  const url = new URL(issuer);
  const response = await oauth.discoveryRequest(url, {
    algorithm: 'oidc',
    [oauth.allowInsecureRequests]: isLoopbackHost(url.hostname),
    [oauth.customFetch]: ask,
  });
  await sameIssuer(issuer, response.clone());
  const found = await oauth.processDiscoveryResponse(url, response);
  for (const name of NEEDED) if (!isSafe(found[name], url, true)) throw new UpstreamError('broken', `discovery_${name}`);
  for (const name of OPTIONAL) if (!isSafe(found[name], url, false)) throw new UpstreamError('broken', `discovery_${name}`);
  return found as Endpoints;
}

/** A slash too many or too few is a mistake of the operator's, who is told what to write (OpenID Connect Discovery §4.3). */
async function sameIssuer(given: string, response: Response): Promise<void> {
  const { issuer } = bodyOf(parseJson(await response.text(), MAX_DEPTH));
  if (typeof issuer !== 'string' || issuer === given || response.status !== 200) return;
  if (URL.canParse(issuer) && new URL(issuer).href === new URL(given).href) return; // which is compared so
  throw new UpstreamError('broken', 'discovery_other_issuer', { hint: `the issuer says ${shortened(issuer)}, you gave ${given}` });
}

function shortened(text: string): string {
  return JSON.stringify(text.slice(0, 200));
}

/** An endpoint on another origin is common, one without TLS or within our own network is a mistake or an attack (SEC-110). */
function isSafe(endpoint: string | undefined, issuer: URL, needed: boolean): boolean {
  if (endpoint === undefined) return !needed;
  const url = URL.canParse(endpoint) ? new URL(endpoint) : null;
  if (!url) return false;
  if (url.origin === issuer.origin) return true;
  return url.protocol === 'https:' && !/^\[|^[\d.]+$|^localhost$|\.(localhost|local|internal|home\.arpa)$/.test(url.hostname);
}
