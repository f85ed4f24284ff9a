/**
 * Resource URIs as a policy compares them. The SDK dispatches by the parsed URL, and a handler may read the URI differently: so a
 * URI is compared as received, as parsed, and folded into the simplest spelling of the same resource.
 */

const SCHEME = /^([a-z][a-z\d+.-]*):[/\\]*/i;
/** Maximum levels of percent-encoding that are decoded; no handler decodes more. */
const MAX_ROUNDS = 3;

/** The spellings by which the SDK may find a resource. */
export function spellingsOf(uri: string): readonly string[] {
  const href = URL.canParse(uri) ? new URL(uri).href : uri;
  return href === uri ? [uri] : [uri, href];
}

/** Spellings that a handler may read from the URI, which a low-level server gets as received: with and without query and fragment. */
export function foldedSpellingsOf(uri: string): readonly string[] {
  return [...new Set(spellingsOf(uri).flatMap((one) => [fold(one), fold(one.replace(/[?#].*$/s, ''))]))];
}

/**
 * Folds a URI or a URI template: scheme and authority in lower case (RFC 3986 §6.2.2.1), nothing percent-encoded, no user, no dot segments
 * and no empty ones. The result is not a URI any more.
 */
export function fold(uri: string): string {
  const [prefix, scheme = ''] = SCHEME.exec(uri) ?? [''];
  const segments: string[] = [];
  for (const segment of decoded(uri.slice(prefix.length)).split(/[/\\]/)) {
    if (segment === '..') segments.pop();
    else if (segment !== '' && segment !== '.') segments.push(segment);
  }
  const [authority = '', ...path] = segments;
  return `${scheme.toLowerCase()}://${[authority.replace(/^[^{]*@/, '').toLowerCase(), ...path].join('/')}`;
}

/** Braces stay encoded: in a template they would begin an expression. */
function decoded(text: string): string {
  const once = (run: string): string => {
    try {
      return decodeURIComponent(run).replace(/[{}]/g, encodeURIComponent);
    } catch {
      return run; // not UTF-8
    }
  };
  let [before, after] = ['', text];
  for (let round = 0; round < MAX_ROUNDS && after !== before; round++) [before, after] = [after, after.replace(/(?:%[\da-f]{2})+/gi, once)];
  return after;
}
