/**
 * Text from a server, made fit for a terminal: what could move the cursor, change colours or turn the reading direction
 * is shown as its code instead of done.
 */

// C0 and C1 controls, DEL, line and paragraph separators, and the signs that reorder bidirectional text (Unicode TR 36 §3.1).
// oxlint-disable-next-line no-control-regex -- they are what is looked for
const UNSAFE = /[\u0000-\u001f\u007f-\u009f\u200e\u200f\u2028-\u202e\u2066-\u2069\ufeff]/g;

/** One line of text, safe to print. */
export function printable(text: string): string {
  return text.replace(UNSAFE, escaped);
}

/** Text of several lines, safe to print: line feeds and tabs stay. */
export function printableLines(text: string): string {
  return text.replaceAll('\r\n', '\n').replace(UNSAFE, (sign) => (sign === '\n' || sign === '\t' ? sign : escaped(sign)));
}

function escaped(sign: string): string {
  return `\\u${sign.charCodeAt(0).toString(16).padStart(4, '0')}`;
}
