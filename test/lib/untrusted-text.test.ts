import { describe, expect, it } from 'vitest';
import { isReadable } from '../../src/lib/untrusted-text.ts';

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
