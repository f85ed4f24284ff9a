/**
 * Words: the texts of pages in one language, and the languages of a server. Words have the shape of English; a text is a string, or a function of
 * its values, which the page has already escaped and isolated (`<bdi>`). Durations, days and alternatives come from `Intl`.
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

/** A translation, or an operator's own words. A missing text is taken from the language below it, finally English. */
export type Translation = { readonly [S in keyof Sections]?: { readonly [K in keyof Sections[S]]?: Sections[S][K] } };

/** A text that is made before the language is known: by a login, for the page that will show it. */
export type Text = HtmlValue | ((words: Words) => HtmlValue);

/** A text in a language. */
export function say(text: Text, words: Words): HtmlValue {
  return typeof text === 'function' ? text(words) : text;
}

/** Why a user was refused: the login's own text, or that of its reason. */
export function sayRefused({ reason, text }: { readonly reason: string; readonly text?: Text }, words: Words): HtmlValue {
  const known: { readonly [reason: string]: string } = words.refused;
  return text === undefined ? (known[reason] ?? words.refused.other) : say(text, words);
}

/** English, complete. Words of scopes have no prototype: they are found by names such as `constructor`. */
export const ENGLISH: Words = { ...en, scopes: Object.create(null) as Words['scopes'], lang: 'en', dir: 'ltr' };

/** A translation over another language, which has the missing texts. */
function overlaid(below: Words, above: Translation, lang: string): Words {
  const sections = Object.entries(above).map(([name, texts]) => [
    name,
    Object.assign(Object.create(null) as object, below[name as keyof Sections], texts),
  ]);
  return { ...below, ...(Object.fromEntries(sections) as Partial<Sections>), lang, dir: directionOf(lang) };
}

function directionOf(lang: string): Words['dir'] {
  return /^(ar|dv|fa|he|ps|sd|ug|ur|yi)\b/.test(lang) ? 'rtl' : 'ltr';
}

/** A duration: “30 days”. */
export function sayFor(seconds: number, { lang }: Words): string {
  const [count, unit] =
    seconds >= 172_800 ? [seconds / 86_400, 'day'] : seconds >= 7200 ? [seconds / 3600, 'hour'] : [seconds / 60, 'minute'];
  return formatter(Intl.NumberFormat, lang, { style: 'unit', unit, unitDisplay: 'long', maximumFractionDigits: 0 }).format(count);
}

/** A time from now, rounded up: “in 5 minutes”. */
export function sayIn(seconds: number, { lang }: Words): string {
  const format = formatter(Intl.RelativeTimeFormat, lang, {});
  const minutes = Math.ceil(seconds / 60);
  if (seconds <= 90) return format.format(Math.max(1, Math.ceil(seconds)), 'second');
  return minutes <= 90 ? format.format(minutes, 'minute') : format.format(Math.ceil(seconds / 3600), 'hour');
}

/** A day in UTC: “23 November 2026”. */
export function sayDay(seconds: number, { lang }: Words): string {
  return formatter(Intl.DateTimeFormat, lang, { dateStyle: 'long', timeZone: 'UTC' }).format(seconds * 1000);
}

/** A day with the time, in UTC: “November 23, 2026 at 14:05 UTC”. A page without a script does not know the time zone of its reader. */
export function sayTime(seconds: number, { lang }: Words): string {
  const format = { year: 'numeric', month: 'long', day: 'numeric', hour: '2-digit', minute: '2-digit', timeZoneName: 'short' } as const;
  return formatter(Intl.DateTimeFormat, lang, { ...format, hourCycle: 'h23', timeZone: 'UTC' }).format(seconds * 1000);
}

/** Alternatives: “a or b”. */
export function sayOr(list: readonly string[], { lang }: Words): string {
  return formatter(Intl.ListFormat, lang, { type: 'disjunction' }).format(list);
}

/** A language of the pages, as `portcullis/languages` has them. */
export interface Language {
  /** Such as `de` or `pt-BR` (BCP 47). */
  readonly tag: string;
  /** Further tags that mean this one, such as `pt`. */
  readonly also?: readonly string[];
  readonly words: Translation;
}

/**
 * The languages of one server, and the choice of one (RFC 4647 §3.4, Lookup): the first wanted range that we have, shortened from its end until it
 * matches; `ui_locales` of the request before the browser's `Accept-Language`.
 */
export interface Languages {
  /** The tag of the first wanted language that we have; null for none. @param wanted best first. */
  find(wanted: readonly string[]): string | null;
  /** The words for a tag from `find`; English for any other. */
  of(tag: string): Words;
}

/** Makes the languages of a server: English and the given ones, with the operator's words over them. */
export function makeLanguages(given: readonly Language[] = [], own: { readonly [tag: string]: Translation } = {}): Languages {
  const ours = new Map(given.map(({ tag, words }) => [tag, words]));
  const tags = new Map(['en', ...ours.keys(), ...Object.keys(own)].map((tag) => [tag.toLowerCase(), tag]));
  for (const { tag, also = [] } of given) for (const other of also) if (!tags.has(other)) tags.set(other, tag);
  const made = new Map<string, Words>();
  const make = (tag: string): Words => overlaid(overlaid(ENGLISH, ours.get(tag) ?? {}, tag), own[tag] ?? {}, tag);
  return {
    find(wanted) {
      for (const range of wanted) {
        for (let cut = range.toLowerCase(); cut !== ''; cut = shorter(cut)) {
          const tag = tags.get(cut);
          if (tag !== undefined) return tag;
        }
      }
      return null;
    },
    of(tag) {
      const name = tags.get(tag.toLowerCase()) ?? 'en';
      const words = made.get(name) ?? make(name);
      made.set(name, words);
      return words;
    },
  };
}

/** Removes the last subtag, and a single letter before it, which has no meaning alone. */
function shorter(range: string): string {
  return range.replace(/(?:^|-)[^-]*$/, '').replace(/-[^-]$/, '');
}

/** By kind, language and options, of which a server has few. */
const known = new Map<string, unknown>();

/** The formatter that `new kind(lang, options)` is, made once: making one takes up to 0.3 ms, and 30 kB that are not given back soon. */
export function formatter<Options, Format>(kind: new (lang: string, options: Options) => Format, lang: string, options: Options): Format {
  const key = [kind.name, lang, JSON.stringify(options)].join(' ');
  const found = (known.get(key) as Format | undefined) ?? new kind(lang, options);
  known.set(key, found);
  return found;
}
