/**
 * Checks the `Origin` header in front of an MCP endpoint: a request from a page of another origin gets 403.
 * Protects against DNS rebinding and against pages that call a server on loopback (MCP transports, "Security Warning").
 * Requests without an `Origin` header do not come from a page and pass: the token decides what they may do.
 */
import { askedHeaders } from '../lib/http.ts';

/** Any page may call: for servers that browser clients of every origin use. The bearer token is then the only guard. */
const ANY = '*';

/** Whether it is a list of origins as browsers send them, without a path: a text would be searched for `*` and for parts. */
export function areOrigins(list: unknown = []): boolean {
  return Array.isArray(list) && list.every((one) => /^(\*|null|[^:]+:\/\/[^/*A-Z]+)$/.test(one as string));
}

/**
 * Rejects a request from a page of another origin.
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
  return Response.json({ jsonrpc: '2.0', error, id: null }, { status: 403, headers: { 'cache-control': 'no-store' } });
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
  return hostname === 'localhost' || hostname.endsWith('.localhost') || hostname === '127.0.0.1' || hostname === '[::1]';
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
