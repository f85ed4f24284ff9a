/**
 * Text from a server, made safe for a terminal: characters that could move the cursor, change colours or reverse the reading direction
 * are shown as codes.
 */

// Controls, format characters (which reorder text, or stand in it unseen: U+061C, U+200B, tags), line and paragraph separators, private
// use, lone surrogates, and all else that shows nothing, but for the variation selectors of emoji (Unicode TR 36 §3.1).
const UNSAFE = /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Co}\p{Cs}]|(?![\ufe0e\ufe0f])\p{Default_Ignorable_Code_Point}/gu;

/** One line of text, safe to print. */
export function printable(text: string): string {
  return text.replace(UNSAFE, escaped);
}

/** Text of several lines, safe to print: line feeds and tabs stay. */
export function printableLines(text: string): string {
  return text.replaceAll('\r\n', '\n').replace(UNSAFE, (sign) => (sign === '\n' || sign === '\t' ? sign : escaped(sign)));
}

/** JSON, safe to print, with the same value: such characters stand inside of its texts alone. */
export function printableJson(json: string): string {
  return json.replace(UNSAFE, (sign) => (sign === '\n' ? sign : sign.split('').map(escaped).join('')));
}

function escaped(sign: string): string {
  const code = (sign.codePointAt(0) ?? 0).toString(16);
  return code.length > 4 ? `\\u{${code}}` : `\\u${code.padStart(4, '0')}`;
}
