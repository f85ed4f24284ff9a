/**
 * Words: what pages say, in one language. The shape is that of English; a text is a string, or a function of the values
 * that stand in it, which the page has escaped and set apart (`<bdi>`) already.
 */
import type { HtmlValue } from '../lib/html.ts';
import { en } from './en.ts';

type Sections = typeof en;

/** Every text, with the language that it is in. */
export type Words = Sections & {
  /** The tag for `<html lang>` and for `Intl`. */
  readonly lang: string;
  readonly dir: 'ltr' | 'rtl';
};

/** A translation, or an operator's own words. What is missing is said in the language below it, in the end English. */
export type Translation = { readonly [S in keyof Sections]?: { readonly [K in keyof Sections[S]]?: Sections[S][K] } };

/** A text that is made before the language is known: by a login, for the page that will show it. */
export type Text = HtmlValue | ((words: Words) => HtmlValue);

/** Says a text in a language. */
export function say(text: Text, words: Words): HtmlValue {
  return typeof text === 'function' ? text(words) : text;
}

/** Why a user was refused: the login's own text, or that of its reason. */
export function sayRefused({ reason, text }: { readonly reason: string; readonly text?: Text }, words: Words): HtmlValue {
  const known: { readonly [reason: string]: string } = words.refused;
  return text === undefined ? (known[reason] ?? words.refused.other) : say(text, words);
}

/** English as pages take it. */
export const ENGLISH: Words = { ...en, lang: 'en', dir: 'ltr' };

/** One translation laid over another language. */
export function overlaid(below: Words, above: Translation, lang: string): Words {
  const sections = Object.entries(above).map(([name, texts]) => [name, { ...below[name as keyof Sections], ...texts }]);
  return { ...below, ...(Object.fromEntries(sections) as Partial<Sections>), lang, dir: directionOf(lang) };
}

function directionOf(lang: string): Words['dir'] {
  return /^(ar|dv|fa|he|ps|sd|ug|ur|yi)\b/.test(lang) ? 'rtl' : 'ltr';
}
