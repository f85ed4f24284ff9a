/**
 * Languages: the tables, and the choice of one (RFC 4647 §3.4, Lookup): the first wanted range that we have, shortened from its end until
 * it matches; `ui_locales` of the request before the browser's `Accept-Language`.
 */
import { overlaid, type Translation, type Words, ENGLISH } from './words.ts';

/** Our translations, by tag; a table is loaded when a page first needs it. */
export const OURS: { readonly [tag: string]: () => Promise<Translation> } = {
  en: async () => ENGLISH,
  ar: async () => (await import('./ar.ts')).ar,
  de: async () => (await import('./de.ts')).de,
  es: async () => (await import('./es.ts')).es,
  fr: async () => (await import('./fr.ts')).fr,
  it: async () => (await import('./it.ts')).it,
  ja: async () => (await import('./ja.ts')).ja,
  ko: async () => (await import('./ko.ts')).ko,
  'pt-BR': async () => (await import('./pt-br.ts')).ptBr,
  'zh-Hans': async () => (await import('./zh-hans.ts')).zhHans,
};

/** Tags that are mapped to one of ours. */
const ALSO: { readonly [tag: string]: string } = { pt: 'pt-BR', zh: 'zh-Hans' };

const MAX_LENGTH = 500;

/** The languages of one server. */
export interface Languages {
  /** The tag of the first wanted language that we have; null for none. @param wanted best first. */
  find(wanted: readonly string[]): string | null;
  /** The words for a tag from `find`; English for any other. */
  of(tag: string): Promise<Words>;
}

/** Makes the languages of a server: ours, with the operator's words over them. */
export function makeLanguages(own: { readonly [tag: string]: Translation } = {}): Languages {
  const tags = new Map([...Object.keys(OURS), ...Object.keys(own)].map((tag) => [tag.toLowerCase(), tag]));
  for (const [also, tag] of Object.entries(ALSO)) if (!tags.has(also)) tags.set(also, tag);
  const made = new Map<string, Words>();
  const make = async (tag: string): Promise<Words> => overlaid(overlaid(ENGLISH, (await OURS[tag]?.()) ?? {}, tag), own[tag] ?? {}, tag);
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
    async of(tag) {
      const name = tags.get(tag.toLowerCase()) ?? 'en';
      const words = made.get(name) ?? (await make(name));
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
