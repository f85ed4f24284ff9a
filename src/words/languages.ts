/**
 * Languages: the choice of one (RFC 4647 §3.4, Lookup): the first wanted range that we have, shortened from its end until
 * it matches; `ui_locales` of the request before the browser's `Accept-Language`.
 */
import { overlaid, type Translation, type Words, ENGLISH } from './words.ts';

/** A language of the pages, as `portcullis/languages` has them. */
export interface Language {
  /** Such as `de` or `pt-BR` (BCP 47). */
  readonly tag: string;
  /** Further tags that mean this one, such as `pt`. */
  readonly also?: readonly string[];
  readonly words: Translation;
}

const MAX_LENGTH = 500;

/** The languages of one server. */
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

/** Languages of `ui_locales`, best first (OpenID Connect Core §3.1.2.1). */
export function localesOf(uiLocales: string | undefined): readonly string[] {
  return uiLocales === undefined || uiLocales.length > MAX_LENGTH ? [] : uiLocales.split(' ').filter((tag) => tag !== '');
}

/** Languages of `Accept-Language`, best first (RFC 9110 §12.5.4). */
export function acceptedOf(acceptLanguage: string | null): readonly string[] {
  if (acceptLanguage === null || acceptLanguage.length > MAX_LENGTH) return [];
  return acceptLanguage
    .split(',')
    .map((one) => {
      const [tag = '', weight] = one.split(';').map((part) => part.trim());
      return { tag, weight: weight === undefined ? 1 : Number(/^q=([01](?:\.\d{0,3})?)$/.exec(weight)?.[1] ?? 0) };
    })
    .filter(({ tag, weight }) => weight > 0 && /^[A-Za-z0-9-]+$/.test(tag))
    .toSorted((a, b) => b.weight - a.weight)
    .map(({ tag }) => tag);
}

/** Removes the last subtag, and a single letter before it, which has no meaning alone. */
function shorter(range: string): string {
  return range.replace(/(?:^|-)[^-]*$/, '').replace(/-[^-]$/, '');
}
