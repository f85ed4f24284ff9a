/** Own paths: where a browser may be sent after a sign-in. Whatever is not plainly a path of this very site is none. */

/** A whole authorization request may be come back to. */
const MAX_LENGTH = 8192;

/**
 * The path with its query if it is one of `origin`, else null (CWE-601). Only plain characters: what a browser would mend
 * or decode (`//evil`, `/\evil`, `/%09/evil`) is refused, not mended.
 */
export function ownPath(text: string | null | undefined, origin: string): string | null {
  if (text === null || text === undefined || text.length > MAX_LENGTH) return null;
  if (!/^\/(?![/\\])[\w\-./~]*(\?[\w\-.~=&%+:/?@!$'()*,;]*)?$/.test(text) || /\/\/|\/\.{1,2}(\/|\?|$)/.test(text.split('?', 1)[0] ?? ''))
    return null;
  const url = new URL(text, origin);
  return url.origin === origin && url.pathname + url.search === text ? text : null;
}
