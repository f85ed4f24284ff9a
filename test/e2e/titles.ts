/**
 * What stands on top of our pages, so that no page is left out of the gallery: each title of the English texts must have been photographed.
 * Journeys are processes, so what they saw is kept in the file that PORTCULLIS_E2E_TITLES names, a line for each.
 */
import { appendFileSync } from 'node:fs';
import { en } from '../../src/words/en.ts';

/** Titles by another name than `…title`. */
const OTHERS = new Set(['account.again', 'account.signIns', 'passkey.signUp', 'password.change', 'totp.recoveryCodes']);
/** Named so, and the name of a line that leads to a page. */
const NO_TOPS = new Set(['password.title']);
const file = process.env['PORTCULLIS_E2E_TITLES'];

/** Notes what stood on top of a page that was photographed. */
export function noteTitle(text: string): void {
  if (file !== undefined) appendFileSync(file, `${text.replaceAll(/\s+/g, ' ').trim()}\n`);
}

/** Titles that no photographed page had, by name. @param seen what was noted. */
export function missingTitles(seen: readonly string[]): readonly string[] {
  const all = Object.entries(en).flatMap(([section, texts]) =>
    Object.entries(texts)
      .filter(([key]) => OTHERS.has(`${section}.${key}`) || (/title$/i.test(key) && !NO_TOPS.has(`${section}.${key}`)))
      .map(([key, text]) => [`${section}.${key}`, patternOf(text)] as const),
  );
  return all.filter(([, pattern]) => !seen.some((one) => pattern.test(one))).map(([name]) => name);
}

/** Texts with something in them fit whatever it is. */
function patternOf(text: unknown): RegExp {
  const shown = typeof text === 'function' ? String((text as (some: string) => unknown)('§')) : String(text);
  const quoted = shown.replaceAll(/[.*+?^${}()|[\]\\]/g, String.raw`\$&`);
  return new RegExp(`^${quoted.replace('§', '.+')}$`);
}
