/**
 * OpenID Connect Discovery (§4): the endpoints that an upstream publishes. One document for each upstream, cached in memory for an hour.
 */
import * as oauth from 'oauth4webapi';
import { parseJson } from '../lib/json.ts';
import { isLoopbackHost } from '../lib/url.ts';
import { type Body, bodyOf, type Discovered, type Endpoints, UpstreamError } from './contract.ts';
import type { Ask } from './ask.ts';

const FRESH_MS = 3_600_000;
const MAX_DEPTH = 32;
const NEEDED = ['authorization_endpoint', 'token_endpoint', 'jwks_uri'] as const;
const OPTIONAL = ['userinfo_endpoint', 'revocation_endpoint'] as const;

/** Finds the endpoints. @throws {UpstreamError} `unavailable` without a response, `broken` if the document is not acceptable. */
export type Discover = (ask: Ask) => Promise<Endpoints>;

/** Makes the function for one upstream. */
export function makeDiscover(server: Endpoints | Discovered): Discover {
  if (!('discover' in server)) return async () => server;
  let cached: { readonly found: Endpoints; readonly until: number } | undefined;
  return async (ask) => {
    if (cached && cached.until > Date.now()) return cached.found;
    const found = await discover(server, ask);
    cached = { found, until: Date.now() + FRESH_MS };
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
