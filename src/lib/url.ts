/**
 * URLs as text: which are on loopback, to which paths of this server a browser may be redirected, and which untrusted URLs may be fetched at all
 * (IANA IPv4 and IPv6 Special-Purpose Address Registries, RFC 6761). Fetching is in `safe-fetch.ts`; what a name resolves to is checked in
 * `node/fetch-public`.
 */

const LOOPBACK_HTTP = /^http:\/\/(localhost|127\.0\.0\.1|\[::1\])(?::(\d{1,5}))?(\/[^?#]*)?(\?[^#]*)?$/;

/** The parts of a loopback URL, as written. */
export interface LoopbackUrl {
  readonly host: string;
  readonly port: string;
  /** Path and query; the path is `/` if none is written (RFC 3986 §6.2.3). */
  readonly rest: string;
}

/** The parts of an http URL on `localhost`, `127.0.0.1` or `[::1]`; null for any other. */
export function parseLoopback(text: string): LoopbackUrl | null {
  const match = LOOPBACK_HTTP.exec(text);
  if (!match) return null;
  return { host: match[1] ?? '', port: match[2] ?? '', rest: (match[3] ?? '/') + (match[4] ?? '') };
}

/** Whether a host name (`URL.hostname`) is loopback. */
export function isLoopbackHost(hostname: string): boolean {
  return hostname === 'localhost' || hostname === '127.0.0.1' || hostname === '[::1]';
}

/** Parses a URL; null if it is malformed. */
export function parseUrl(text: string): URL | null {
  return URL.canParse(text) ? new URL(text) : null;
}

/** Whether a redirect leads to the user's computer, where any program may listen: then no page is skipped (S-048, SEC-101). */
export function isLoopbackRedirect(redirectUri: string): boolean {
  const url = parseUrl(redirectUri);
  return !url || !/^https?:$/.test(url.protocol) || isLoopbackHost(url.hostname);
}

/** Maximum length of a return path: an authorization request fits. */
const MAX_PATH_LENGTH = 8192;

/**
 * The path and query if the URL is on `origin`, else null (CWE-601). Only plain characters: anything that a browser would repair or decode
 * (`//evil`, `/\evil`, `/%09/evil`) is refused.
 */
export function ownPath(text: string | null | undefined, origin: string): string | null {
  if (text === null || text === undefined || text.length > MAX_PATH_LENGTH) return null;
  if (!/^\/(?![/\\])[\w\-./~]*(\?[\w\-.~=&%+:/?@!$'()*,;]*)?$/.test(text) || /\/\/|\/\.{1,2}(\/|\?|$)/.test(text.split('?', 1)[0] ?? ''))
    return null;
  const url = new URL(text, origin);
  return url.origin === origin && url.pathname + url.search === text ? text : null;
}

/** A path without a slash at its end: `/api/` and `/api` are one route. */
export function withoutSlash(path: string): string {
  return path.length > 1 && path.endsWith('/') ? path.slice(0, -1) : path;
}

const MAX_LENGTH = 2048;

/**
 * Whether a text may be the URL of a document, decided before any connection: https, a host that is not a special address (RFC 6890) and
 * has no dot at its end, a path, no fragment, no user name, and exactly in the form of the URL standard, so that no parser has anything
 * to repair (dot segments, `%2e`, TAB, capitals, `:443`, backslashes).
 *
 * @param loopback also allows plain http on this computer, for development.
 */
export function isDocumentUrl(text: string, loopback: boolean): boolean {
  const url = text.length <= MAX_LENGTH && !text.includes('#') ? parseUrl(text) : null;
  if (!url || url.href !== text || url.username !== '' || url.password !== '' || url.pathname === '/') return false;
  if (url.protocol === 'https:') return !url.hostname.endsWith('.') && !isSpecialHost(url.hostname);
  return loopback && parseLoopback(text) !== null;
}

/** Whether two URLs are on one server: the same host name; on loopback, where servers share a name, the same port. */
export function isSameServer(a: URL, b: URL): boolean {
  if (isLoopbackHost(a.hostname) && isLoopbackHost(b.hostname)) return a.port === b.port;
  return a.hostname === b.hostname;
}

/** Whether a URL is on the server of one of these issuers: the tenants of one process may have hosts of their own. */
export function isOnServerOf(url: string, issuers: readonly string[]): boolean {
  return issuers.some((issuer) => isSameServer(new URL(url), new URL(issuer)));
}

const V4: readonly (readonly [network: string, bits: number])[] = [
  ['0.0.0.0', 8], ['10.0.0.0', 8], ['100.64.0.0', 10], ['127.0.0.0', 8], ['169.254.0.0', 16], ['172.16.0.0', 12], ['192.0.0.0', 24],
  ['192.0.2.0', 24], ['192.31.196.0', 24], ['192.52.193.0', 24], ['192.88.99.0', 24], ['192.168.0.0', 16], ['192.175.48.0', 24],
  ['198.18.0.0', 15], ['198.51.100.0', 24], ['203.0.113.0', 24], ['224.0.0.0', 4], ['240.0.0.0', 4],
]; // prettier-ignore
/** Special networks within 2000::/3, the only public range (RFC 4291 §2.4): the first two groups, and the number of bits. */
const V6: readonly (readonly [first: number, second: number, bits: number])[] = [
  [0x2001, 0, 23], [0x2001, 0xdb8, 32], [0x2002, 0, 16], [0x2620, 0x4f, 32], [0x3fff, 0, 20],
]; // prettier-ignore
const LOCALHOST = /(^|\.)localhost\.?$/;

/** Whether a host (`URL.hostname`) is an address or a name that is not public. What a name resolves to is checked elsewhere. */
export function isSpecialHost(hostname: string): boolean {
  if (hostname.startsWith('[')) return isSpecialV6(hostname.slice(1, -1));
  if (/^\d+\.\d+\.\d+\.\d+$/.test(hostname)) return isSpecialV4(hostname);
  return LOCALHOST.test(hostname);
}

function isSpecialV4(text: string): boolean {
  return V4.some(([network, bits]) => number(text) >>> (32 - bits) === number(network) >>> (32 - bits));
}

function number(text: string): number {
  return text.split('.').reduce((sum, part) => sum * 256 + Number(part), 0) >>> 0;
}

/** The URL standard writes no address without its first group but those that begin with zeros, and none of them is public. */
function isSpecialV6(text: string): boolean {
  const [first = 0, second = 0] = text.split(':').map((group) => Number.parseInt(group || '0', 16));
  const high = ((first << 16) | second) >>> 0;
  return first >>> 13 !== 1 || V6.some(([one, two, bits]) => high >>> (32 - bits) === (((one << 16) | two) >>> 0) >>> (32 - bits));
}
