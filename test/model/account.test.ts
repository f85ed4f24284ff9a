import { describe, expect, it } from 'vitest';
import { type Account, canBePassword, foldUsername, identityOf, isOpenUsername, isUsername, usernameKey } from '../../src/model/account.ts';

describe('model/account', () => {
  it.each([
    ['a Hangul filler', '\u3164'],
    ['a zero-width space in a name', 'ad\u200Bmin'],
    ['a line separator', 'a\u2028b'],
    ['an Arabic letter mark', 'admin\u061C'],
    ['a soft hyphen', 'ad\u00ADmin'],
    ['a byte order mark', '\uFEFFadmin'],
    ['a Braille blank', '\u2800'],
    ['a variation selector', 'admin\uFE0F'],
    ['a tag', 'admin\u{E0041}'],
    ['a combining mark alone', '\u0301'],
    ['blanks alone', ' \u3000\u00A0 '],
    ['a private character', 'a\uE000'],
    ['a control character', 'a\u0000'],
  ])('takes no user name that holds %s (F-44)', (_what, name) => {
    expect(isUsername(name)).toBe(false);
  });

  it.each(['ada', 'Ada Lovelace', '山田太郎', 'мария', 'o’brien', 'ada@example.com', 'a.b-c_d', '😀'])(
    'takes %s for a user name',
    (name) => {
      expect(isUsername(name)).toBe(true);
    },
  );

  it.each(['ada@example.com', 'ada\uFF20example.com', 'ada\uFE6Bexample.com', '@'])(
    'refuses %s as a name without a proof (F-33)',
    (name) => {
      expect([isUsername(name), isOpenUsername(name)]).toEqual([true, false]);
    },
  );

  it.each([
    ['Cyrillic letters', '\u0430dmin'],
    ['a Greek letter', 'adm\u03B9n'],
    ['a letter without its dot', 'adm\u0131n'],
    ['a letter with a second dot', 'ADM\u0130N'],
    ['a small capital', 'adm\u026An'],
    ['full-width letters', '\uFF41\uFF44\uFF4D\uFF49\uFF4E'],
    ['blanks around it', '  admin\u00A0'],
  ])('knows one name from %s as the other (F-44)', (_what, name) => {
    expect(usernameKey(name)).toBe('admin');
  });

  it('knows small capitals and Coptic letters as those that they look like (F-44)', () => {
    expect(usernameKey('\u1D20\u1D0F\u026A\u1D04\uA731 \u2CA3\u2C9F\u2CA5 \u1D22\u1D1C\u028F\u1D21')).toBe('voics poc zuyw');
  });

  it('separates names that look different', () => {
    const names = ['admin', 'ádmin', 'admin1', 'adm1n', 'a dmin', 'админ', '山田'];
    expect(new Set(names.map(usernameKey)).size).toBe(names.length);
    expect([usernameKey('a  b'), usernameKey('a‑b')]).toEqual(['a b', 'a-b']);
  });

  it('takes user names of 1 to 256 characters, as they are folded', () => {
    expect([isUsername(''), isUsername('a'), isUsername('a'.repeat(256)), isUsername('a'.repeat(257))]).toEqual([false, true, true, false]);
    expect([isUsername('\uFDFA'.repeat(14)), isUsername('\uFDFA'.repeat(15))]).toEqual([true, false]); // folds to 18 characters each
    expect([isOpenUsername('ada'), isOpenUsername('')]).toEqual([true, false]);
  });

  it('keeps one spelling of a user name', () => {
    expect(foldUsername('  ADA \u3000\u00A0 Lovelace ')).toBe('ada lovelace');
    expect(foldUsername('\uFF21da')).toBe('ada');
  });

  it('proves an identity of its issuer, and an address only where it was verified', () => {
    const account: Account = { id: 'id', username: 'ada', permissions: [], stamp: 's', createdAt: 0 };
    const claims = (more: Partial<Account>): unknown => identityOf({ ...account, ...more }, 'https://as.example').claims;
    expect(identityOf(account, 'https://as.example')).toStrictEqual({
      issuer: 'https://as.example',
      subject: 'id',
      claims: { sub: 'id', preferred_username: 'ada' },
    });
    expect(claims({ name: 'Ada', email: 'a@b.example' })).toEqual({
      sub: 'id',
      preferred_username: 'ada',
      name: 'Ada',
      email: 'a@b.example',
    });
    expect(claims({ email: 'a@b.example', emailVerified: true })).toMatchObject({ email_verified: true });
    expect(claims({ emailVerified: true })).toEqual({ sub: 'id', preferred_username: 'ada' });
    expect(claims({ email: 'a@b.example', emailVerified: false })).not.toHaveProperty('email_verified');
  });

  it('takes passwords of 8 to 1,024 characters without NUL', () => {
    expect([7, 8, 1024, 1025].map((length) => canBePassword('p'.repeat(length)))).toEqual([false, true, true, false]);
    expect(canBePassword('pass\0word')).toBe(false);
  });
});
