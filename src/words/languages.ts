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

/** Removes the last subtag, and a single letter before it, which has no meaning alone. */
function shorter(range: string): string {
  return range.replace(/(?:^|-)[^-]*$/, '').replace(/-[^-]$/, '');
}
