import { describe, expect, it } from 'vitest';
import { acceptedOf, localesOf } from '../../../src/endpoints/sign-in/browser-context.ts';

describe('endpoints/sign-in/browser-context: wanted languages', () => {
  it('reads Accept-Language by weight, and nothing malformed (RFC 9110 §12.5.4)', () => {
    expect(acceptedOf('fr;q=0.5, de-CH, en;q=0.8, it;q=0, <b>;q=1, es;q=9')).toEqual(['de-CH', 'en', 'fr']);
    expect(acceptedOf(null)).toEqual([]);
    expect(acceptedOf(`de,${'x'.repeat(600)}`)).toEqual([]);
  });

  it('reads ui_locales in its own order (OpenID Connect Core §3.1.2.1)', () => {
    expect(localesOf('fr-CA  fr en')).toEqual(['fr-CA', 'fr', 'en']);
    expect(localesOf('x '.repeat(300))).toEqual([]);
    expect(localesOf(undefined)).toEqual([]);
  });

  it('reads weights and tags of the grammar alone', () => {
    expect(acceptedOf('de;q=0.125,en;q=1.000,fr;q=0,it; q=0.5')).toEqual(['en', 'it', 'de']);
    expect(acceptedOf('de;xq=1,en;q=1x,fr;q=0.12x,it;q=1,, ;q=1,a_b,ab!')).toEqual(['it']);
  });

  it('reads up to 500 characters', () => {
    const long = `de,${'x'.repeat(497)}`;
    expect([acceptedOf(long)[0], acceptedOf(`${long}x`)]).toEqual(['de', []]);
    expect([localesOf('x'.repeat(500)).length, localesOf('x'.repeat(501))]).toEqual([1, []]);
  });
});
