/**
 * Untrusted texts where people read them: as a name on a page, as a value in a log line.
 */

const UNSEEN = /[\p{C}\p{Zl}\p{Zp}\p{Default_Ignorable_Code_Point}\u2800]/u;
/** Joiners where they have a meaning: between and after emoji, and between letters of scripts that join or stack. */
const JOINED = /(?<=[\p{Extended_Pictographic}\p{Emoji_Modifier}])[\ufe0e\ufe0f]|(?<=[\p{Extended_Pictographic}\p{Emoji_Modifier}\ufe0f])\u200d(?=\p{Extended_Pictographic})|(?<=[\p{Script=Arabic}\p{Script=Syriac}\p{Script=Devanagari}\p{Script=Bengali}\p{Script=Gurmukhi}\p{Script=Gujarati}\p{Script=Oriya}\p{Script=Tamil}\p{Script=Telugu}\p{Script=Kannada}\p{Script=Malayalam}\p{Script=Sinhala}\p{Script=Khmer}])[\u200c\u200d](?=[\p{L}\p{M}])/gu; // prettier-ignore
/** More combining marks in a row would overlap the lines above and below. */
const MAX_MARKS = /\p{M}{5}/u;

/**
 * Whether a text is safe to show as a name: no control or format characters, no invisible blanks (Hangul fillers, U+2800), no line breaks, no change
 * of the writing direction, and at least one visible character.
 */
export function isReadable(text: string): boolean {
  const plain = text.replace(JOINED, '');
  return (
    /[\p{L}\p{N}\p{P}\p{S}]/u.test(plain) && !UNSEEN.test(plain) && !/^\s*\p{M}/u.test(plain) && !MAX_MARKS.test(plain.normalize('NFC'))
  );
}

/**
 * A value of a request or a token for a log line: quoted, short, and only printable ASCII. Of random text, which may be a token that was pasted
 * there, only the beginning: it tells two keys apart.
 */
export function forLog(value: unknown): string {
  const text = value === undefined ? 'nothing' : JSON.stringify(value);
  return text.replaceAll(/[^ -~]/g, '?').replaceAll(/(?<=[\w+-]{8})[\w+-]{32,}|(?<=^.{120,}).+/g, '...');
}
