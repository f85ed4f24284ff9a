/** URLs as raw text: what counts as loopback, and which form an origin has. */

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
