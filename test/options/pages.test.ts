import { describe, expect, it } from 'vitest';
import { html } from '../../src/lib/html.ts';
import { checkPages, type PagesOptions } from '../../src/options/pages.ts';

const good: PagesOptions = {
  logo: '/logo.svg',
  accent: '#0a6e4f',
  background: { light: '#eeeeee', dark: '#111111' },
  words: { de: { approve: { allow: 'Erlauben' }, scopes: { 'notes:read': 'Notizen lesen' } }, nl: {} },
  templates: { message: (_view, ours) => html`<div>${ours}</div>` },
};

describe('options/pages', () => {
  it('takes every value that the documentation names', () => {
    expect(() => checkPages(good)).not.toThrow();
    expect(() => checkPages(undefined)).not.toThrow();
  });

  it.each([
    ['something that is no object', 'blue', '`pages` must be an object'],
    ['an unknown value', { colour: '#000' }, '`pages.colour` is not known; there are logo, accent'],
    ['a tag that is none', { words: { 'not a tag': {} } }, '`pages.words` holds "not a tag", which is no language tag'],
    ['an unknown section', { words: { de: { aprove: {} } } }, '`pages.words.de.aprove` is no section; there are '],
    ['an inherited name', { words: { de: { constructor: {} } } }, '`pages.words.de.constructor` is no section'],
    ['an unknown text', { words: { de: { approve: { yes: 'Ja' } } } }, '`pages.words.de.approve.yes` is no text of ours'],
    ['a text of another kind', { words: { de: { approve: { title: 'Zugriff' } } } }, '`pages.words.de.approve.title` must be a function'],
    ['an unknown page', { templates: { consent: () => html`` } }, '`pages.templates.consent` is no page; there are '],
    ['a template that is no function', { templates: { approve: '<p>' } }, '`pages.templates.approve` must be a function'],
    ['a colour that is none', { accent: 'blue' }, '`pages.accent` must be a colour'],
  ])('refuses %s, naming it', (_what, pages, line) => {
    expect(() => checkPages(pages as PagesOptions)).toThrow(line);
  });
});
