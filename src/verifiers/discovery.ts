/**
 * Discovery: an authorization server's metadata (RFC 8414), or where that cannot be had its OpenID configuration. Kept for
 * an hour; what it says counts only if it calls itself by the very issuer that was asked for.
 */
import { makeSingleFlight } from '../lib/single-flight.ts';
import type { Seconds } from '../model/store.ts';
import { isSafeUrl, SourceUnavailable } from './contract.ts';
import { fetchJson, type JsonObject } from './fetch-json.ts';

const FRESH: Seconds = 3600;
const COOLDOWN: Seconds = 10;

/** What is read of the metadata. */
export interface Found {
  readonly jwksUri: string | undefined;
  readonly introspectionEndpoint: string | undefined;
}

/** Makes the verb for one issuer. It rejects with `SourceUnavailable`, and after that at once for ten seconds. */
export function makeDiscovery(issuer: string, fetcher: typeof fetch, now: () => Seconds): () => Promise<Found> {
  let kept: { readonly found: Found; readonly at: Seconds } | undefined;
  let failed: { readonly error: unknown; readonly at: Seconds } | undefined;
  const join = makeSingleFlight<Found>();
  const load = async (): Promise<Found> => {
    try {
      const found = await discover(issuer, fetcher);
      kept = { found, at: now() };
      failed = undefined;
      return found;
    } catch (error) {
      failed = { error, at: now() };
      if (kept) return kept.found; // as it was an hour ago; endpoints hardly ever move
      throw error;
    }
  };
  return async () => {
    if (kept && now() - kept.at < FRESH) return kept.found;
    if (failed && now() - failed.at < COOLDOWN) {
      if (kept) return kept.found;
      throw failed.error;
    }
    return join('', load);
  };
}

/** A place that refuses, fails or has another server's document is passed over: the next one may have the right one. */
async function discover(issuer: string, fetcher: typeof fetch): Promise<Found> {
  let failure: unknown;
  for (const url of documentsOf(issuer)) {
    try {
      const document = await fetchJson(fetcher, url, 'discovery');
      if (document) return foundIn(document, issuer);
    } catch (error) {
      failure ??= error;
    }
  }
  throw failure ?? new SourceUnavailable('discovery_not_found');
}

function foundIn(document: JsonObject, issuer: string): Found {
  if (document['issuer'] !== issuer) throw new SourceUnavailable('discovery_other_issuer');
  return { jwksUri: endpoint(document, 'jwks_uri'), introspectionEndpoint: endpoint(document, 'introspection_endpoint') };
}

/** RFC 8414 §3.1 puts the well-known name before the issuer's path, OpenID Connect Discovery §4 behind it. */
function documentsOf(issuer: string): readonly string[] {
  const { origin, pathname } = new URL(issuer);
  const path = pathname.replace(/\/$/, '');
  return [
    `${origin}/.well-known/oauth-authorization-server${path}`,
    `${origin}${path}/.well-known/openid-configuration`,
    ...(path === '' ? [] : [`${origin}/.well-known/openid-configuration${path}`]),
  ];
}

function endpoint(document: JsonObject, name: string): string | undefined {
  const value = document[name];
  if (value === undefined) return undefined;
  if (isSafeUrl(value)) return value;
  throw new SourceUnavailable(`discovery_${name}`);
}
