import { describe, expect, it } from 'vitest';
import { html } from '../../src/lib/html.ts';
import { en } from '../../src/words/en.ts';
import { allLanguages } from '../../src/words/index.ts';
import { makeLanguages, sayDay, sayFor, sayIn } from '../../src/words/words.ts';
import { shownText } from '../pages/markup.ts';

type Texts = { readonly [section: string]: { readonly [key: string]: unknown } };

/** Sections that no table of ours fills: they are an operator's. */
const FREE = new Set(['scopes']);
const english: Texts = en;
const keys = Object.entries(english).flatMap(([section, texts]) =>
  FREE.has(section) ? [] : Object.keys(texts).map((key) => [section, key] as const),
);
const tags = allLanguages.map(({ tag }) => tag);
const tables = new Map(allLanguages.map(({ tag, words }) => [tag, words]));

describe('words: the translations', () => {
  it('are nine, of languages that Intl knows by the same tag', () => {
    expect(tags).toHaveLength(9);
    expect(tags.map((tag) => Intl.getCanonicalLocales(tag)[0])).toEqual(tags);
    expect(Intl.NumberFormat.supportedLocalesOf(tags)).toEqual(tags);
  });

  it.each(tags)('say everything in %s, and nothing that English does not have', (tag) => {
    const texts = tables.get(tag) as Texts;
    const missing = keys.filter(([section, key]) => texts[section]?.[key] === undefined).map((path) => path.join('.'));
    expect(missing).toEqual([]);
    const foreign = Object.entries(texts).flatMap(([section, own]) =>
      Object.keys(own).filter((key) => english[section]?.[key] === undefined),
    );
    expect(foreign).toEqual([]);
  });

  it.each(tags)('keep in %s every value that the English text has, as often, and escape what English escapes', (tag) => {
    const texts = tables.get(tag) as Texts;
    const odd = keys.filter(([section, key]) => {
      const [one, other] = [english[section]?.[key], texts[section]?.[key]];
      if (typeof one !== 'function') return typeof other === 'function';
      if (typeof other !== 'function') return other !== undefined;
      const values = [html`<i>1</i>`, html`<i>2</i>`].slice(0, one.length);
      const [said, translated] = [String(one(...values)), String(other(...values))];
      return (
        ['<i>1</i>', '<i>2</i>'].some((value) => said.split(value).length !== translated.split(value).length) ||
        translated.includes('&#60;')
      );
    });
    expect(
      odd
        .filter(([section, key]) => `${section}.${key}` !== 'passkey.count' && `${section}.${key}` !== 'totp.left')
        .map((path) => path.join('.')),
    ).toEqual([]);
  });

  it.each(tags)('have no English left in %s, no double spaces and no straight quotes', (tag) => {
    const said = keys.flatMap(([section, key]) => {
      const text = (tables.get(tag) as Texts)[section]?.[key];
      return typeof text === 'string' ? [text] : [];
    });
    expect(said.filter((text) => /\b(the|you|your|this|with|again)\b/i.test(text) || /  |"/.test(text))).toEqual([]);
  });

  it('count in Arabic with all six plural forms, and in every language by the rules of Intl', () => {
    const { passkey } = makeLanguages(allLanguages).of('ar');
    expect(new Set([0, 1, 2, 3, 11, 100].map((count) => passkey.count(count).replace(/\d+/, '#'))).size).toBeGreaterThanOrEqual(5);
    const all = tags.map((tag) => makeLanguages(allLanguages).of(tag));
    const shown = all.map((words) => [sayFor(30 * 86_400, words), sayIn(300, words), sayDay(1_790_000_000, words)]);
    expect(shown.flat().filter((text) => text.trim() === '' || /\bdays|in 5 minutes|September 21/.test(text))).toEqual([]);
  });

  it.each([
    ['zh-CN', 'zh-Hans ltr'], ['zh', 'zh-Hans ltr'], ['pt', 'pt-BR ltr'], ['pt-PT', 'pt-BR ltr'], ['ar-EG', 'ar rtl'], ['fr-CA', 'fr ltr'], ['de-AT', 'de ltr'],
    ['zh-Hans-SG', 'zh-Hans ltr'], ['ko-KR', 'ko ltr'], ['ja-JP', 'ja ltr'], ['es-419', 'es ltr'], ['it-CH', 'it ltr'], ['en-GB', 'en ltr'],
  ])('are found for %s', (range, expected) => {
    const languages = makeLanguages(allLanguages);
    const words = languages.of(languages.find([range]) ?? '');
    expect(`${words.lang} ${words.dir}`).toBe(expected);
    expect(shownText(String(words.approve.title(html`<bdi>Acme</bdi>`)))).toContain('Acme');
  }); // prettier-ignore
});
