import { afterEach, describe, expect, it, vi } from 'vitest';
import { formatter } from '../../src/words/words.ts';
import { ISSUER } from '../support/app.ts';
import { makeConsole, open } from '../support/console.ts';

afterEach(() => void vi.restoreAllMocks());

describe('words/words, intl', () => {
  it('makes each formatter once, and one for each language, kind and look', () => {
    const look = { dateStyle: 'long', timeZone: 'UTC' } as const;
    const english = formatter(Intl.DateTimeFormat, 'en', look);
    expect(english).toBe(formatter(Intl.DateTimeFormat, 'en', { ...look }));
    expect(english.format(0)).toBe('January 1, 1970');
    expect(formatter(Intl.DateTimeFormat, 'de', look).format(0)).toBe('1. Januar 1970');
    expect(formatter(Intl.DateTimeFormat, 'en', { ...look, dateStyle: 'short' }).format(0)).toBe('1/1/70');
    expect(formatter(Intl.NumberFormat, 'en', {}).format(1000)).toBe('1,000');
  });

  it('makes none for a page that was shown before: each takes memory that is not given back soon', async () => {
    const app = await makeConsole('memory');
    const pages = ['', '/users', '/grants', `/user?id=${app.bobId}`, '/audit', '/keys'];
    const show = async (): Promise<void> => {
      for (const path of pages) await open(app.admin, path);
      await app.admin.get(`${ISSUER}/account`);
    };
    await show();
    const made = (['DateTimeFormat', 'NumberFormat', 'RelativeTimeFormat', 'ListFormat'] as const).map((kind) => vi.spyOn(Intl, kind));
    await show();
    expect(made.map((spy) => spy.mock.calls.length)).toEqual([0, 0, 0, 0]);
  });
});
