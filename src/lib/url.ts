/** URLs as text: which are on loopback, and to which paths of this server a browser may be redirected. */

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
