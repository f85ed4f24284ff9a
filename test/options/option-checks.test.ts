import { describe, expect, it } from 'vitest';
import { checkKind, flag, functionOf, type Kind, oneOf, origins, seconds } from '../../src/options/option-checks.ts';

const refusal = (kind: Kind, value: unknown): string | null => {
  try {
    checkKind('it', kind, value);
    return null;
  } catch (error) {
    return (error as TypeError).message;
  }
};

describe('options/option-checks, kinds', () => {
  it.each<[Kind, readonly unknown[]]>([
    [flag, [true, false]],
    [functionOf('() → nothing'), [() => {}, class {}]],
    [oneOf('a', 'b'), ['a', 'b']],
    [seconds(60, 600), [60, 600]],
    [seconds(60, 600, true), [0, 60]],
    [
      origins,
      [[], ['*'], ['https://app.example', 'http://localhost:1'], ['tauri://localhost', 'chrome-extension://abcdefghijklmnop', 'null']],
    ],
  ])('takes what is of the kind, and what was not given', (kind, values) => {
    for (const value of [...values, undefined]) expect(refusal(kind, value)).toBeNull();
  });

  it.each<[Kind, readonly unknown[], string]>([
    [flag, [0, 'true', null, {}], 'be true or false'],
    [functionOf('() → nothing'), ['f', null, {}], 'be a function () → nothing'],
    [oneOf('a', 'b'), ['c', ['a'], null, 0], 'be one of a, b'],
    [seconds(60, 600), [0, 59, 601, 60.5, Number.NaN, '60', null], 'be a whole number of seconds from 60 to 600'],
    [seconds(60, 600, true), [-1, 1, '0'], 'be a whole number of seconds from 60 to 600, or 0 for none'],
    [
      origins,
      ['https://a.example', ['https://a.example/'], ['a'], ['tauri://localhost/'], ['tauri:x'], [5], [['https://a.example']]],
      'be a list of origins such as',
    ],
  ])('refuses everything else, and says what was given', (kind, values, must) => {
    for (const value of values) {
      expect(refusal(kind, value)).toContain(`OAuthProvider: \`it\` must ${must}`);
      expect(refusal(kind, value)).toContain(`; it is ${JSON.stringify(value)}.`);
    }
  });
});
