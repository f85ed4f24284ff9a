/**
 * Metadata of an authorization server (RFC 8414), or else its OpenID configuration. Cached for an hour; used only if its `issuer` is exactly
 * the one that was requested.
 */
import { makeSingleFlight } from '../lib/single-flight.ts';
import type { Seconds } from '../model/store.ts';
import { isSafeUrl, SourceUnavailable } from './contract.ts';
import { fetchJson, type JsonObject } from './fetch-json.ts';

const FRESH: Seconds = 3600;
const COOLDOWN: Seconds = 10;

/** The members that are used. */
export interface Found {
  readonly jwksUri: string | undefined;
  readonly introspectionEndpoint: string | undefined;
}

/** Makes the function for one issuer. It rejects with `SourceUnavailable`, and for the next ten seconds immediately. */
export function makeDiscovery(issuer: string, fetcher: typeof fetch, now: () => Seconds): () => Promise<Found> {
  let cached: { readonly found: Found; readonly at: Seconds } | undefined;
  let failed: { readonly error: unknown; readonly at: Seconds } | undefined;
  const flight = makeSingleFlight<Found>();
  const load = async (): Promise<Found> => {
    try {
      const found = await discover(issuer, fetcher);
      cached = { found, at: now() };
      failed = undefined;
      return found;
    } catch (error) {
      failed = { error, at: now() };
      if (cached) return cached.found; // outdated, but endpoints rarely change
      throw error;
    }
  };
  return async () => {
    if (cached && now() - cached.at < FRESH) return cached.found;
    if (failed && now() - failed.at < COOLDOWN) {
      if (cached) return cached.found;
      throw failed.error;
    }
    return flight('', load);
  };
}

/** Skips a location that refuses, fails or has another server's document: the next one may be right. */
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
  const named = document['issuer'];
  if (named !== issuer) {
    const cause = `the issuer calls itself ${JSON.stringify(String(named).slice(0, 200))}, the option says ${issuer}`;
    throw new SourceUnavailable('discovery_other_issuer', { cause });
  }
  return { jwksUri: endpoint(document, 'jwks_uri'), introspectionEndpoint: endpoint(document, 'introspection_endpoint') };
}

/** RFC 8414 §3.1 puts the well-known part before the issuer's path, OpenID Connect Discovery §4 after it. */
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
