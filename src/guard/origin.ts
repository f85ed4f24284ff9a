/**
 * The Origin check in front of an MCP endpoint: browsers say which page sends a request, and a page that is not ours gets 403.
 * It stands against DNS rebinding and against pages that reach for a server on loopback (MCP transports, "Security Warning").
 * Requests without an `Origin` header come from no page and pass: what they may do is the token's matter.
 */

/** Any page may call: for servers that browser clients of every origin use. The bearer token is then the only guard. */
const ANY = '*';

/**
 * Says no to a request that comes from a foreign page.
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
  if (page.protocol !== 'http:' && page.protocol !== 'https:') return false;
  return page.origin === home.origin || (isLoopback(page.hostname) && isLoopback(home.hostname));
}

/** `localhost` and its subdomains never leave the machine (RFC 6761 §6.3); of 127/8 only the address people use. */
function isLoopback(hostname: string): boolean {
  return hostname === 'localhost' || hostname.endsWith('.localhost') || hostname === '127.0.0.1' || hostname === '[::1]';
}
