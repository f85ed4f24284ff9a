/**
 * The text with one character in its last ten changed. A fixed ending in place of the real one is now and then the same as it, and the test then
 * fails by chance; the very last character of base64url may carry bits that no reader looks at.
 */
export function altered(text: string): string {
  const at = text.length - 10;
  return `${text.slice(0, at)}${text[at] === 'A' ? 'B' : 'A'}${text.slice(at + 1)}`;
}
