import { describe, expect, it } from 'vitest';
import { html } from '../../src/lib/html.ts';
import { parsePages, type PagesOptions } from '../../src/options/pages.ts';

const good: PagesOptions = {
  logo: '/logo.svg',
  accent: '#0a6e4f',
  background: { light: '#eeeeee', dark: '#111111' },
  words: { de: { approve: { allow: 'Erlauben' }, scopes: { 'notes:read': 'Notizen lesen' } }, nl: {} },
  templates: { message: (_view, ours) => html`<div>${ours}</div>` },
};

describe('options/pages', () => {
  it('takes every value that the documentation names', () => {
    expect(() => parsePages(good)).not.toThrow();
    expect(() => parsePages(undefined)).not.toThrow();
  });

  it.each([
    ['something that is no object', 'blue', '`pages`: the options must be an object'],
    ['an unknown value', { colour: '#000' }, '`pages`: `colour` is not an option; there are accent, background, logo'],
    [
      'a language by its tag alone',
      { languages: ['de'] as never },
      '`pages.languages` must be a list of languages of portcullis/languages',
    ],
    ['a language without a tag', { languages: [{ tag: 'not a tag', words: {} }] }, '`pages.languages` must be a list of languages'],
    ['a language outside of a list', { languages: { tag: 'de', words: {} } as never }, '`pages.languages` must be a list of languages'],
    ['a tag that is none', { words: { 'not a tag': {} } }, '`pages.words` holds "not a tag", which is not a language tag'],
    ['an unknown section', { words: { de: { aprove: {} } } }, '`pages.words.de.aprove` is not a section; there are '],
    ['an inherited name', { words: { de: { constructor: {} } } }, '`pages.words.de.constructor` is not a section'],
    ['an unknown text', { words: { de: { approve: { yes: 'Ja' } } } }, '`pages.words.de.approve.yes` is not a text of the pages'],
    ['a text of another kind', { words: { de: { approve: { title: 'Zugriff' } } } }, '`pages.words.de.approve.title` must be a function'],
    ['an unknown page', { templates: { consent: () => html`` } }, '`pages.templates.consent` is not a page; there are '],
    ['a template that is no function', { templates: { approve: '<p>' } }, '`pages.templates.approve` must be a function'],
    ['a colour that is none', { accent: 'blue' }, '`pages.accent` must be a colour'],
  ])('refuses %s, naming it', (_what, pages, line) => {
    expect(() => parsePages(pages as PagesOptions)).toThrow(line);
  });
});
