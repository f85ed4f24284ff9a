/** The option `pages`, checked and parsed when the provider is made. Each message names the value and the fix. */
import { checkTypes } from '../lib/option-types.ts';
import type { Brand } from '../model/brand.ts';
import { brandOf, TEMPLATES, type Templates, type Theme } from '../pages/theme.ts';
import { type Language, type Languages, makeLanguages, type Translation } from '../words/words.ts';
import { en } from '../words/en.ts';
import { fail } from './kinds.ts';

/** How our pages look and what they say. */
export interface PagesOptions extends Theme {
  /** Languages beside English: `[german, french]` or `allLanguages` of `portcullis/languages`. */
  readonly languages?: readonly Language[] | undefined;
  /** Replaces texts, by language tag: `{ de: { approve: { allow: 'Erlauben' } } }`. A new tag adds a language. */
  readonly words?: { readonly [tag: string]: Translation } | undefined;
  /** Replaces the content of pages. */
  readonly templates?: Templates | undefined;
}

/** Parses the option: the look of the pages, without the server's name, and their texts. @throws {TypeError} naming the value and the fix. */
export function parsePages(pages: PagesOptions = {}): { readonly look: Omit<Brand, 'name'>; readonly languages: Languages } {
  checkTypes('OAuthProvider: `pages`', pages, 'accent background logo css:string languages words:object templates:object');
  const { name: _name, ...look } = brandOf('', pages);
  checkLanguages(pages.languages);
  for (const [tag, translation] of Object.entries(pages.words ?? {})) checkWords(tag, translation);
  for (const [page, template] of Object.entries(pages.templates ?? {})) {
    if (!Object.hasOwn(TEMPLATES, page)) fail(`pages.templates.${page}`, `is not a page; there are ${Object.keys(TEMPLATES).join(', ')}`);
    if (typeof template !== 'function') fail(`pages.templates.${page}`, 'must be a function (view, ours) → Html');
  }
  return { look: { ...look, templates: pages.templates ?? {} }, languages: makeLanguages(pages.languages, pages.words) };
}

function checkLanguages(languages: unknown = []): void {
  const isOne = (one: unknown): boolean =>
    typeof one === 'object' && one !== null && 'tag' in one && typeof one.tag === 'string' && isTag(one.tag) && 'words' in one;
  if (!Array.isArray(languages) || !languages.every(isOne))
    fail('pages.languages', 'must be a list of languages of portcullis/languages, such as [german, french] or allLanguages');
}

function checkWords(tag: string, translation: Translation): void {
  if (!isTag(tag)) fail('pages.words', `holds ${JSON.stringify(tag)}, which is not a language tag such as "de" or "pt-BR"`);
  const known: { readonly [section: string]: { readonly [key: string]: unknown } } = en;
  for (const [section, texts] of Object.entries(translation)) {
    const english = Object.hasOwn(known, section) ? known[section] : undefined;
    if (!english) fail(`pages.words.${tag}.${section}`, `is not a section; there are ${Object.keys(en).join(', ')}`);
    for (const [key, text] of Object.entries(texts)) {
      const kind = section === 'scopes' ? 'string' : typeof english[key];
      if (kind === 'undefined')
        fail(`pages.words.${tag}.${section}.${key}`, 'is not a text of the pages; remove it, or check its spelling');
      if (typeof text !== kind) fail(`pages.words.${tag}.${section}.${key}`, `must be a ${kind}, as the English text is`);
    }
  }
}

function isTag(tag: string): boolean {
  try {
    return Intl.getCanonicalLocales(tag).length === 1;
  } catch {
    return false; // Intl throws a RangeError for an invalid tag
  }
}
