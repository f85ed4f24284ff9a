/**
 * What a protected resource answers by itself: errors with `WWW-Authenticate` (RFC 6750 §3, RFC 9728 §5.1, MCP "Protected Resource Metadata
 * Discovery"); the metadata that they lead to, which names the servers that issue tokens (RFC 9728 §2, §3); and, by the `Origin` header, 403 or CORS
 * headers for pages of other origins.
 */
import { askedHeaders, json, quoted } from '../lib/http.ts';
import type { Checked } from '../model/access.ts';
import { DPOP_ALGS } from '../model/client.ts';
import type { ProofProblem } from '../model/dpop.ts';
import { type ErrorCode, GUARD_TEXTS, type GuardErrorCode, type OAuthError } from '../model/error.ts';
import { otherSpelling } from '../model/resource.ts';

const WELL_KNOWN = '/.well-known/oauth-protected-resource';
/** Any page may call: for servers that browser clients of every origin use. The bearer token is then the only guard. */
const ANY = '*';

/** How a token was presented. */
export type Scheme = 'Bearer' | 'DPoP';

/** How a caller with a valid token presented it. */
export function schemeOf(access: Pick<Checked, 'cnf'> | null): Scheme {
  return access?.cnf === undefined ? 'Bearer' : 'DPoP';
}

/** The content of a challenge. */
export interface Challenge {
  /** URL of the resource's metadata. */
  readonly metadataUrl: string;
  /** All scopes that this operation needs. */
  readonly scope: readonly string[];
}

/** 401: no token was sent (no `error` then), or an invalid one. */
export function unauthorized(challenge: Challenge, sent: boolean, scheme: Scheme = 'Bearer', advice?: string): Response {
  const body = sent ? bodyOf('invalid_token', advice) : { error_description: 'This server needs an access token.' };
  return json(body, 401, { 'www-authenticate': headerOf(challenge, sent ? 'invalid_token' : null, scheme) });
}

/** 404, for a path at which nothing is. */
export function notFound(headers: Readonly<Record<string, string>> = {}): Response {
  return new Response('Not found', { status: 404, headers: { 'content-type': 'text/plain', 'cache-control': 'no-store', ...headers } });
}

/** 403: the token is valid but lacks a scope; names every scope of the operation (RFC 6750 §3.1). */
export function insufficientScope(challenge: Challenge, scheme: Scheme = 'Bearer', advice?: string): Response {
  const body = { ...bodyOf('insufficient_scope', advice), scope: challenge.scope.join(' ') };
  return json(body, 403, { 'www-authenticate': headerOf(challenge, 'insufficient_scope', scheme) });
}

/** The response that a verifier chose: its status, code, text and headers, with our challenge unless it has one. */
export function refusedBy(challenge: Challenge, error: OAuthError, scheme: Scheme): Response {
  const { code, message, status, headers, scope = challenge.scope } = error;
  const challenged = status === 401 || status === 403 ? { 'www-authenticate': headerOf({ ...challenge, scope }, code, scheme) } : {};
  const body = { error: code, error_description: message, ...(code === 'insufficient_scope' ? { scope: scope.join(' ') } : {}) };
  return json(body, status, { ...challenged, ...headers });
}

/** Whether a verifier chose a response. Compared by name: the error may come from another copy of the package. */
export function isVerdict(error: unknown): error is OAuthError {
  return error instanceof Error && error.name === 'OAuthError' && 'status' in error && Number(error.status) < 500;
}

/** 401: the token is valid, but its DPoP proof is not (RFC 9449 §7.1, §9). */
export function unproven(challenge: Challenge, { code, headers }: ProofProblem, advice?: string): Response {
  return json(bodyOf(code, advice), 401, { ...headers, 'www-authenticate': headerOf(challenge, code, 'DPoP') });
}

/** 503: the token could not be checked, or a service that the call needs is unavailable. Never 401, because clients then discard their tokens. */
export function unavailable(retryAfter = 2): Response {
  return json(bodyOf('temporarily_unavailable'), 503, { 'retry-after': String(retryAfter) });
}

/** Creates no `Error`: its stack would be unused. @param advice what to do, for callers on loopback. */
function bodyOf(error: GuardErrorCode, advice?: string): { readonly error: GuardErrorCode; readonly error_description: string } {
  const text = GUARD_TEXTS[error];
  return { error, error_description: advice === undefined ? text : `${text} ${advice}` };
}

function headerOf({ metadataUrl, scope }: Challenge, error: ErrorCode | null, scheme: Scheme): string {
  const parameters = [
    error && `error=${quoted(error)}`,
    `resource_metadata=${quoted(metadataUrl)}`,
    scope.length > 0 && `scope=${quoted(scope.join(' '))}`,
    scheme === 'DPoP' && `algs=${quoted(DPOP_ALGS.join(' '))}`,
  ];
  return `${scheme} ${parameters.filter((one) => typeof one === 'string').join(', ')}`;
}

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

/** Whether it is a list of origins as browsers send them, without a path: a text would be searched for `*` and for parts. */
export function areOrigins(list: unknown = []): boolean {
  return Array.isArray(list) && list.every((one) => /^(\*|null|[^:]+:\/\/[^/*A-Z]+)$/.test(one as string));
}

/**
 * Rejects a request from a page of another origin, against DNS rebinding and against pages that call a server on loopback (MCP transports,
 * "Security Warning"). Requests without an `Origin` header do not come from a page and pass: the token decides what they may do.
 *
 * @param allowed further origins as browsers write them (`https://app.example`), or `*` for every one.
 * @param own the address this server is known by. Give the configured one where there is one: `request.url` may be made from
 *   the `Host` header, and with DNS rebinding that names the attacker's page.
 * @returns the 403 to answer with, or null when the request may go on.
 */
export function checkOrigin(request: Request, allowed: readonly string[] = [], own: string = request.url): Response | null {
  if (allowed.includes(ANY)) return null;
  const origin = request.headers.get('origin');
  if (origin === null || allowed.includes(origin) || isAtHome(origin, own)) return null;
  const error = { code: -32000, message: 'This origin may not call this server.' };
  return json({ jsonrpc: '2.0', error, id: null }, 403);
}

function isAtHome(origin: string, own: string): boolean {
  if (!URL.canParse(origin) || !URL.canParse(own)) return false; // "null", and what no browser sends
  const page = new URL(origin);
  const home = new URL(own);
  if (!/^https?:$/.test(page.protocol)) return false;
  return page.origin === home.origin || (isLoopback(page.hostname) && isLoopback(home.hostname));
}

/** `localhost` and its subdomains never leave the machine (RFC 6761 §6.3); of 127/8 only the address people use. */
function isLoopback(hostname: string): boolean {
  return /^(?:(?:.*\.)?localhost|127\.0\.0\.1|\[::1\])$/.test(hostname);
}

/** CORS headers of a response, for pages of an allowed origin. */
export function withCors(request: Request, response: Response): Response {
  const origin = request.headers.get('origin');
  if (origin === null || response.headers.has('access-control-allow-origin')) return response;
  const answer = new Response(response.body, response);
  answer.headers.set('access-control-allow-origin', origin);
  answer.headers.append('vary', 'Origin');
  answer.headers.set('access-control-expose-headers', 'WWW-Authenticate, Mcp-Session-Id, Retry-After, DPoP-Nonce');
  return answer;
}

/** The response to a CORS preflight request, for pages of an allowed origin. */
export function preflight(request: Request): Response {
  const headers = {
    'access-control-allow-methods': 'GET, POST, DELETE, OPTIONS',
    'access-control-allow-headers': askedHeaders(request) ?? 'Authorization, Content-Type',
    'access-control-max-age': '86400',
  };
  return withCors(request, new Response(null, { status: 204, headers }));
}
