/** URLs as raw text: what counts as loopback, and where a browser may be sent on this site. */

const LOOPBACK_HTTP = /^http:\/\/(localhost|127\.0\.0\.1|\[::1\])(?::(\d{1,5}))?(\/[^?#]*)?(\?[^#]*)?$/;

/** A loopback URL taken apart, exactly as written. */
export interface LoopbackUrl {
  readonly host: string;
  readonly port: string;
  /** Path and query. */
  readonly rest: string;
}

/** The parts of a plain http URL on this very computer, in its three plain spellings; null for all else. */
export function parseLoopback(text: string): LoopbackUrl | null {
  const match = LOOPBACK_HTTP.exec(text);
  if (!match) return null;
  return { host: match[1] ?? '', port: match[2] ?? '', rest: (match[3] ?? '') + (match[4] ?? '') };
}

/** Whether a host name, as `URL.hostname` gives it, means this very computer. */
export function isLoopbackHost(hostname: string): boolean {
  return hostname === 'localhost' || hostname === '127.0.0.1' || hostname === '[::1]';
}

/** Parses, or null. */
export function parseUrl(text: string): URL | null {
  return URL.canParse(text) ? new URL(text) : null;
}

/** Whether a redirect leads to this very computer: any program here could be the one that listens, so nothing is ever passed by (S-048, SEC-101). */
export function isLoopbackRedirect(redirectUri: string): boolean {
  const url = parseUrl(redirectUri);
  return !url || !/^https?:$/.test(url.protocol) || isLoopbackHost(url.hostname);
}

/** Longest path to return to: a whole authorization request fits. */
const MAX_PATH_LENGTH = 8192;

/**
 * The path with its query if it is one of `origin`, else null (CWE-601). Only plain characters: what a browser would repair or decode (`//evil`,
 * `/\evil`, `/%09/evil`) is refused.
 */
export function ownPath(text: string | null | undefined, origin: string): string | null {
  if (text === null || text === undefined || text.length > MAX_PATH_LENGTH) return null;
  if (!/^\/(?![/\\])[\w\-./~]*(\?[\w\-.~=&%+:/?@!$'()*,;]*)?$/.test(text) || /\/\/|\/\.{1,2}(\/|\?|$)/.test(text.split('?', 1)[0] ?? ''))
    return null;
  const url = new URL(text, origin);
  return url.origin === origin && url.pathname + url.search === text ? text : null;
}
