import { randomBytes } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { secretsOf } from '../../src/options/option-checks.ts';

const GOOD = 'sbp4Zrr3hkXb2oBX6L1SbEzUOHXNaeoLHzl7Z9F8/mU=';

describe('options/secret', () => {
  it('takes a secret or several, newest first, from the option or else from the environment', () => {
    const other = randomBytes(32).toString('hex');
    expect(secretsOf(undefined, undefined)).toEqual([]);
    expect(secretsOf(undefined, '')).toEqual([]);
    expect(secretsOf(GOOD, other)).toEqual([GOOD]);
    expect(secretsOf([other, GOOD], undefined)).toEqual([other, GOOD]);
    expect(secretsOf(undefined, `${other}, ${GOOD}\n`)).toEqual([other, GOOD]);
  });

  it('accepts 32 random bytes in any encoding', () => {
    for (let round = 0; round < 500; round++)
      for (const form of ['hex', 'base64', 'base64url'] as const)
        expect(secretsOf(randomBytes(32).toString(form), undefined)).toHaveLength(1);
  });

  it.each([
    ['a short one', 'hunter2', 'is too short'],
    ['nothing', '', 'is too short'],
    ['a list with nothing in it', [GOOD, ''], 'is too short'],
    ['half a key in hexadecimal', randomBytes(16).toString('hex'), 'is too short'],
    ['all zero', '0'.repeat(64), 'could be guessed'],
    ['all zero in base64', `${'A'.repeat(43)}=`, 'could be guessed'],
    ['a repeated word', 'correct-horse-17'.repeat(4), 'could be guessed'],
    ['the alphabet', 'abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ', 'could be guessed'],
    ['a placeholder', 'ChangeMe-dlkjfLKJF839kdjfLKJDF93kdjflkKJD93k', 'looks like a placeholder'],
    ['one twice', [GOOD, GOOD], 'holds one secret twice'],
    ['bytes', new Uint8Array(32), 'must be a string'],
    ['a list of numbers', [1], 'must be a string'],
  ])('SEC-208 refuses %s, and says nothing of what it holds', (_what, secret, line) => {
    const refused = (): unknown => secretsOf(secret as string, undefined);
    expect(refused).toThrow(TypeError);
    expect(refused).toThrow(line);
    expect(refused).not.toThrow(/hunter2|correct-horse|dlkjf/);
    expect(refused).not.toThrow(GOOD);
  });
});
