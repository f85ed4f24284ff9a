/**
 * The server's secrets: taken from the option or the environment, and refused where they could be guessed.
 * Nothing of a secret is ever in a message (SEC-208).
 */
import { fail } from './kinds.ts';

/** What `openssl rand -base64 32` and its likes give: 43 signs and more; in hexadecimal digits 64. */
const MIN_SIGNS = 43;
const MIN_DIGITS = 64;
/** Random text of that length has about twice as many different signs. */
const MIN_DIFFERENT = 16;
const MIN_DIFFERENT_DIGITS = 8;
const PLACEHOLDER =
  /change.?me|replace.?me|your.?secret|my.?secret|super.?secret|secret.?key|password|example|default|insecure|placeholder/i;

/**
 * The secrets of the option, else those of PORTCULLIS_SECRET (several with commas between), newest first; none if neither is given.
 *
 * @throws {TypeError} naming the option and the fix, when one is too short, all zero, a placeholder or a pattern.
 */
export function secretsOf(option: string | readonly string[] | undefined, variable: unknown): readonly string[] {
  const name = option === undefined ? 'secret (PORTCULLIS_SECRET)' : 'secret';
  const given = option ?? (variable === undefined || variable === '' ? [] : variable);
  const secrets = typeof given === 'string' ? given.split(option === undefined ? ',' : '\n').map((one) => one.trim()) : given;
  if (!Array.isArray(secrets) || !secrets.every((one) => typeof one === 'string'))
    fail(name, 'must be a text, or a list of texts with the newest first');
  for (const secret of secrets as readonly string[]) checkSecret(name, secret);
  if (new Set(secrets).size < secrets.length) fail(name, 'holds one secret twice');
  return secrets as readonly string[];
}

function checkSecret(name: string, secret: string): void {
  const digits = /^[0-9a-f]*$/i.test(secret);
  const mend = 'Take 32 random bytes, as from `openssl rand -base64 32`';
  if (secret.length < (digits ? MIN_DIGITS : MIN_SIGNS)) fail(name, `is too short to be a key: it must hold 32 random bytes. ${mend}`);
  if (PLACEHOLDER.test(secret)) fail(name, `looks like a placeholder. ${mend}`);
  const different = new Set(secret).size;
  if (different < (digits ? MIN_DIFFERENT_DIGITS : MIN_DIFFERENT) || isPattern(secret))
    fail(name, `could be guessed: it repeats or counts. ${mend}`);
}

/** Whether a text repeats a part of itself, or mostly counts up or down. */
function isPattern(text: string): boolean {
  if ((text + text).indexOf(text, 1) < text.length) return true;
  let steps = 0;
  for (let at = 1; at < text.length; at++) if (Math.abs(text.charCodeAt(at) - text.charCodeAt(at - 1)) <= 1) steps++;
  return steps > text.length / 2;
}
