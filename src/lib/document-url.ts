/**
 * Document URL: which addresses that a stranger names may be read at all. Reading them is the part of `safe-fetch.ts`.
 */
import { isSpecialHost } from './special-host.ts';
import { isLoopbackHost, parseLoopback, parseUrl } from './url.ts';

const MAX_LENGTH = 2048;

/**
 * Whether a text may name a document, decided on the text as it came and before any socket: https, a host without a
 * dot at its end that is not special by its text (RFC 6890), a path, no fragment, no user name, and exactly the form that the URL standard gives it, so that
 * nothing is left for a parser to repair (dot segments, `%2e`, TAB, capitals, `:443`, backslashes).
 *
 * @param loopback also plain http on this very computer: for development.
 */
export function isDocumentUrl(text: string, loopback: boolean): boolean {
  const url = text.length <= MAX_LENGTH && !text.includes('#') ? parseUrl(text) : null;
  if (!url || url.href !== text || url.username !== '' || url.password !== '' || url.pathname === '/') return false;
  if (url.protocol === 'https:') return !url.hostname.endsWith('.') && !isSpecialHost(url.hostname);
  return loopback && parseLoopback(text) !== null;
}

/** Whether two hosts (`URL.host`) are one server: the same name, and on loopback, where many servers share a name, the same port. */
export function isSameServer(a: URL, b: URL): boolean {
  if (isLoopbackHost(a.hostname) && isLoopbackHost(b.hostname)) return a.port === b.port;
  return a.hostname === b.hostname;
}
