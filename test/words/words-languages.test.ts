import { describe, expect, it } from 'vitest';
import { allLanguages, german, portuguese } from '../../src/words/index.ts';
import { makeLanguages } from '../../src/words/words.ts';

const own = { nl: { signIn: { title: 'Inloggen' } }, en: { signIn: { title: 'Come in' } }, 'sr-Latn': {}, he: {} };
const languages = makeLanguages([], own);

describe('words/words, languages', () => {
  it('finds the first wanted language that is here, cut from its end until one fits (RFC 4647 §3.4)', () => {
    expect(languages.find(['xx', 'nl-BE', 'en'])).toBe('nl');
    expect(languages.find(['NL'])).toBe('nl');
    expect(languages.find(['sr-Latn-x-twain', 'en'])).toBe('sr-Latn');
    expect(languages.find(['sr', 'en-GB'])).toBe('en');
    expect(languages.find(['xx', '*', '', '-'])).toBeNull();
  });

  it('says in English what a translation lacks, with the tag and direction of the translation', () => {
    const dutch = languages.of('nl');
    expect([dutch.lang, dutch.dir, dutch.signIn.title, dutch.approve.deny]).toEqual(['nl', 'ltr', 'Inloggen', 'Deny']);
    expect(languages.of('he').dir).toBe('rtl');
    expect(languages.of('sr-Latn')).toBe(languages.of('sr-Latn'));
  });

  it('replaces our words with the operator’s, for one server only', () => {
    expect(languages.of('en').signIn.title).toBe('Come in');
    expect(makeLanguages().of('en').signIn.title).toBe('Sign in');
  });

  it('uses only English until languages are passed in', () => {
    expect(makeLanguages().find(['de', 'pt', 'en'])).toBe('en');
    const two = makeLanguages([german, portuguese], { de: { signIn: { title: 'Willkommen' } } });
    expect([two.find(['fr', 'de-AT']), two.find(['pt-PT']), two.find(['fr'])]).toEqual(['de', 'pt-BR', null]);
    expect([two.of('de').signIn.title, two.of('de').approve.deny, two.of('pt-BR').lang]).toEqual([
      'Willkommen',
      german.words.approve?.deny,
      'pt-BR',
    ]);
  });

  it('falls back to English for a tag that is gone since a pending authorization kept it', () => {
    expect(makeLanguages().of('nl').lang).toBe('en');
  });
});

describe('words/words, blocked cookies', () => {
  it('tells a person in every language that the browser may block cookies', () => {
    const all = makeLanguages(allLanguages);
    for (const tag of ['en', 'de', 'es', 'fr', 'it', 'pt-BR', 'ja', 'ko', 'zh-Hans', 'ar'])
      expect([tag, all.of(tag).errorReasons.another_browser]).toEqual([tag, expect.stringMatching(/cookie|쿠키|ملفات تعريف الارتباط/i)]);
  });
});
