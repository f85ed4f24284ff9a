import { describe, expect, it } from 'vitest';
import { forLog, isReadable } from '../../src/lib/untrusted-text.ts';

describe('lib/untrusted-text, readable', () => {
  it.each([
    '\u3164', '\uffa0', '\u115f', '\u1160', '\u200b', 'Cla\u200bude', '\u2028', 'a\u2028b', '\u2029', '\u061c', 'a\u061cb', '\u{e0041}', 'Claude\u{e0020}', '\u202e', 'a\u2066b',
    '\u0301', '\u0301\u0301a', ' \u0301', '\u2800', '\u2800Claude', '\u00a0', '   ', '\u3000', '\u00ad', 'Cl\u00adaude', '\ufeffClaude', '\u2060', '\u034f', '\u180e', '\ufff9', '\ufe0f',
    'Claude\ufe0f', 'Cla\u200dude', '\u200d', 'a\u0000', '\ud800', '\ue000', `Z${'\u0335'.repeat(8)}`,
  ])('takes %j for no name (F-44)', (name) => {
    expect(isReadable(name)).toBe(false);
  }); // prettier-ignore

  it.each(['Claude', 'Claude Code (linux)', '数字助理', 'مساعد الملاحظات', 'می\u200cخواهم', 'हिन्दी क्\u200dष', '👩\u200d💻 Dev', '❤\ufe0f', '🏳\ufe0f\u200d🌈', 'Ünïcödé', 'e\u0301te\u0301', '1', 'C++', '한글'])(
    'takes %j',
    (name) => expect(isReadable(name)).toBe(true),
  ); // prettier-ignore
});

describe('lib/untrusted-text, for a log', () => {
  it.each([
    ['a token of ours', `access_${'i'.repeat(22)}.${'s'.repeat(43)}`, `"access_${'i'.repeat(22)}.ssssssss..."`],
    ['a JWT', `${'h'.repeat(40)}.${'p'.repeat(200)}.${'s'.repeat(86)}`, '"hhhhhhhh....pppppppp......'],
    ['an origin with a key', `https://${'k'.repeat(40)}.example`, '"https://kkkkkkkk....example"'],
    ['the thumbprint of a key', 'NzbLsXh8uDCcd-6MNwXF4W_7noWXFZAfHkxZsRGC9Xs', '"NzbLsXh8..."'],
    ['a list', ['a', 'b'.repeat(64)], '["a","bbbbbbbb..."]'],
  ])('shows only the beginning of what may be a secret: %s', (_, value, shown) => {
    expect(forLog(value)).toBe(shown);
  });

  it.each([
    ['https://mcp.example/mcp', '"https://mcp.example/mcp"'],
    ['k'.repeat(39), `"${'k'.repeat(39)}"`],
    [
      'https://login.example/72f988bf-86f1-41af-91ab-2d7cd011db47/v2.0',
      '"https://login.example/72f988bf-86f1-41af-91ab-2d7cd011db47/v2.0"',
    ],
    ['\u202e\n', '"?\\n"'],
    ['a b '.repeat(100), `"${'a b '.repeat(100).slice(0, 119)}...`],
    [undefined, 'nothing'],
    [5, '5'],
  ])('shows the rest as it is, in one short line: %j', (value, shown) => {
    expect(forLog(value)).toBe(shown);
  });
});
