/**
 * Checks which untrusted URLs may be fetched at all, by their text alone (IANA IPv4 and IPv6 Special-Purpose Address Registries,
 * RFC 6761). Fetching is in `safe-fetch.ts`; what a name resolves to is checked in `node/fetch-public`.
 */
import { isLoopbackHost, parseLoopback, parseUrl } from './url.ts';

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
