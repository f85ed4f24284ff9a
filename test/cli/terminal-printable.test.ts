/** Text of a server on a terminal. */
import { describe, expect, it } from 'vitest';
import { printable, printableJson, printableLines } from '../../src/cli/terminal.ts';

describe('cli/terminal, printable texts', () => {
  it.each([
    ['plain ä 漢 👍', 'plain ä 漢 👍'],
    ['❤\ufe0f ❤\ufe0e', '❤\ufe0f ❤\ufe0e'], // the look of an emoji
    ['a\u001b[31mb', 'a\\u001b[31mb'],
    ['a\nb\tc\r', 'a\\u000ab\\u0009c\\u000d'],
    ['\u0000\u007f\u009b', '\\u0000\\u007f\\u009b'],
    ['\u200b\u202e\u061c\ufeff', '\\u200b\\u202e\\u061c\\ufeff'],
    ['\u2028\u2029', '\\u2028\\u2029'],
    ['\ue000\ud800', '\\ue000\\ud800'],
    ['\u{e0041}\u{f0000}', '\\u{e0041}\\u{f0000}'],
    ['\u3164\u115f', '\\u3164\\u115f'], // shows nothing
  ])('shows %j as %j', (text, shown) => {
    expect(printable(text)).toBe(shown);
  });

  it('escapes JSON so that its value stays', () => {
    const value = { 'a\u009b': ['\u202e', '\u{e0041}', '👍', '\u007f'], b: '\n' };
    const text = printableJson(JSON.stringify(value, null, 2));
    expect(JSON.parse(text)).toEqual(value);
    expect(text.replaceAll('\n', '')).toMatch(/^[\x20-\x7e👍]+$/u);
  });

  it('leaves lines and tabs where several are meant, and nothing else', () => {
    expect(printableLines('a\r\nb\tc\u001b')).toBe('a\nb\tc\\u001b');
    expect(printableLines('a\rb')).toBe('a\\u000db');
    expect(printableLines('a\r\nb\r\nc')).toBe('a\nb\nc');
  });
});
