/**
 * Protected resource metadata: tells clients which servers issue tokens for this resource (RFC 9728 §2, §3).
 */
import { askedHeaders } from '../lib/http.ts';
import { DPOP_ALGS } from '../model/client.ts';
import { otherSpelling } from '../model/resource.ts';

const WELL_KNOWN = '/.well-known/oauth-protected-resource';

/** The content of the document. */
export interface ResourceDescription {
  /** Canonical identifier of the resource. */
  readonly resource: string;
  /** Issuers, exactly as in their own metadata. */
  readonly authorizationServers: readonly string[];
  /** Scopes for basic use; never all scopes of the server. */
  readonly scopes?: readonly string[] | undefined;
  readonly name?: string | undefined;
  /** Whether DPoP-bound tokens are accepted, with their proof (RFC 9449). */
  readonly provesKeys?: boolean;
}

/** The path of a resource's document: the well-known name, then the resource's own path and query (RFC 9728 §3.1). */
export function metadataPathOf(resource: string): string {
  const { pathname, search } = new URL(resource);
  return WELL_KNOWN + (pathname === '/' ? '' : pathname) + search;
}

/** The documents of a resource, by path, under each of its names, with and without a slash at the end: each contains the requested one (RFC 9728 §3.3). */
export function metadataTexts(description: ResourceDescription, more: readonly string[] = []): ReadonlyMap<string, string> {
  const names = [description.resource, ...more].flatMap((name) => [name, otherSpelling(name)]).filter((name) => name !== null);
  return new Map(names.map((resource) => [metadataPathOf(resource), metadataText({ ...description, resource })]));
}

/** The URL of a resource's document. */
export function metadataUrlOf(resource: string): string {
  return new URL(resource).origin + metadataPathOf(resource);
}

/** The document as JSON, without empty and undefined members (RFC 9728 §3.2). */
export function metadataText({ resource, authorizationServers, scopes = [], name, provesKeys }: ResourceDescription): string {
  return JSON.stringify({
    resource,
    authorization_servers: authorizationServers,
    scopes_supported: scopes.length > 0 ? scopes.filter((scope) => scope !== 'offline_access') : undefined,
    bearer_methods_supported: ['header'],
    dpop_signing_alg_values_supported: provesKeys === true ? DPOP_ALGS : undefined,
    resource_name: name,
  });
}

/** Answers GET, HEAD and a preflight for the document. */
export function metadataAnswer(request: Request, text: string): Response {
  const cors = {
    'access-control-allow-origin': '*',
    'access-control-allow-methods': 'GET, HEAD, OPTIONS',
    'access-control-allow-headers': askedHeaders(request) ?? '*',
  };
  if (request.method === 'OPTIONS') return new Response(null, { status: 204, headers: cors });
  if (request.method !== 'GET' && request.method !== 'HEAD')
    return new Response(null, { status: 405, headers: { allow: 'GET, HEAD, OPTIONS' } });
  const headers = { ...cors, 'content-type': 'application/json', 'cache-control': 'public, max-age=300' };
  return new Response(request.method === 'HEAD' ? null : text, { headers });
}
