import { describe, expect, it } from 'vitest';
import { isStrict, parseJson } from '../../src/lib/json.ts';

describe('lib/json', () => {
  it.each(['null', '7', '"x"', '[]', '{}', ' {"a":[1,{"b":"\\"}{,:"}],"c":"a"} ', '[{"a":1},{"a":2}]', '{"a":{"a":1}}', '{"":1}'])('reads %s as JSON.parse does', (text) => {
    expect(parseJson(text, 4)).toEqual(JSON.parse(text));
  }); // prettier-ignore

  it.each(['', 'x', '{', "{'a':1}", '{"a":1,}', '[1 2]', '\ufeff{}', 'NaN', '{"a":1}{"a":1}', '"\\x"', '{"a"}'])(
    'reads nothing in %j (SEC-074)',
    (text) => {
      expect(parseJson(text, 4)).toBeUndefined();
    },
  );

  it.each(['{"a":1,"a":1}', '{"a":1,"b":{},"a":2}', '[{"x":{"a":1,"a":1}}]', '{"a":1,"\\u0061":2}', '{"":1,"":2}', '{"__proto__":1,"__proto__":2}'])('refuses a name that stands twice in %s (SEC-074)', (text) => {
    expect(parseJson(text, 4)).toBeUndefined();
  }); // prettier-ignore

  it('refuses what is nested too deeply, and counts no bracket in a text (SEC-074)', () => {
    expect([parseJson('[[[]]]', 3), parseJson('[[[[]]]]', 3), parseJson('["[[[[[["]', 1)]).toEqual([[[[]]], undefined, ['[[[[[[']]);
    expect(parseJson('['.repeat(30_000) + ']'.repeat(30_000), 16)).toBeUndefined();
  });

  it.each(['{"__proto__":1}', '[{"a":{"__proto__":{}}}]', '{"__pr\\u006fto__":1}'])(
    'finds a member that would be a prototype in %s (F-01)',
    (text) => {
      expect([isStrict(text, 4), isStrict(text, 4, '__proto__')]).toEqual([true, false]);
    },
  );

  it('takes a text of some megabytes', () => {
    const long = JSON.stringify({ a: '\\"x'.repeat(1_000_000), b: 'x'.repeat(4_000_000) });
    expect(parseJson(long, 4)).toEqual(JSON.parse(long));
  });
});
