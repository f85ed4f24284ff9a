/**
 * Strict reading of `application/x-www-form-urlencoded` (WHATWG URL §5), for query strings and bodies alike.
 * Own code, because `formData()` differs between runtimes and hides repeated names.
 */

/** Text without anything to decode: most values of a token request. */
const PLAIN = /^[\w~.:-]*$/;

/** Every name with its values, in order. A map, so that no name can reach a prototype. */
export type Fields = ReadonlyMap<string, readonly string[]>;

/** Parses text; null for a percent sign that does not start a valid UTF-8 sequence, and for a NUL. */
export function parseFields(text: string): Fields | null {
  const fields = new Map<string, string[]>();
  for (const part of text.split('&')) {
    if (part === '') continue;
    const at = part.indexOf('=');
    const name = decode(at < 0 ? part : part.slice(0, at));
    const value = at < 0 ? '' : decode(part.slice(at + 1));
    if (name === null || value === null) return null;
    const values = fields.get(name);
    if (values) values.push(value);
    else fields.set(name, [value]);
  }
  return fields;
}

/** Decodes one name or value; null when it is malformed. */
export function decode(text: string): string | null {
  if (PLAIN.test(text)) return text;
  try {
    const value = decodeURIComponent(text.replaceAll('+', ' '));
    return value.includes('\0') ? null : value;
  } catch {
    return null; // a malformed percent sequence
  }
}
