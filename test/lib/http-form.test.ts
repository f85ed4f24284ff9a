import { describe, expect, it } from 'vitest';
import { decode, parseFields } from '../../src/lib/http.ts';

const read = (text: string): Record<string, readonly string[]> | null => {
  const fields = parseFields(text);
  return fields && Object.fromEntries(fields);
};

describe('lib/http', () => {
  it('reads names and values as the WHATWG parser does (SEC-169)', () => {
    for (const text of ['', 'a=1&b=2', 'a=1&a=2', 'a', 'a=', '=b', '&&a=1&', 'a=b=c', 'a+b=c+d', '%61=%C3%A9', 'a=%2B%26', 'ü=ö']) {
      const expected: Record<string, string[]> = {};
      for (const [name, value] of new URLSearchParams(text)) (expected[name] ??= []).push(value);
      expect([text, read(text)]).toEqual([text, expected]);
    }
  });

  it.each(['a=%', 'a=%1', 'a=%zz', 'a=%ff', 'a=%c3%28', 'a=%ed%a0%80', '%ff=1', 'a=%00', 'a\0=1', 'a=1&b=%'])(
    'is null for all of %j',
    (text) => {
      expect(parseFields(text)).toBeNull();
    },
  );

  it('touches no prototype', () => {
    expect(parseFields('__proto__=x&constructor=y&hasOwnProperty=z')?.get('__proto__')).toEqual(['x']);
    expect(({} as Record<string, unknown>)['x']).toBeUndefined();
  });

  it('decodes a plus to a space, and an encoded plus to a plus', () => {
    expect([decode('a+b'), decode('a%2Bb'), decode('%E2%9C%93'), decode('%')]).toEqual(['a b', 'a+b', '✓', null]);
  });
});
