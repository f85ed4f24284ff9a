import { describe, expect, it } from 'vitest';
import { checkNames, checkTypes } from '../../src/lib/check-options.ts';

describe('lib/check-options', () => {
  it('refuses a map, a promise and the like in place of an object, since their content would be overlooked', () => {
    const odd = [new Map([['a', 1]]), new Set(['a']), Promise.resolve({ a: 1 }), /a/, new Date(0), new URL('https://a.example'), [], null, 'a', 1, true];
    for (const one of odd) {
      expect(() => checkNames('policy', one, 'a b')).toThrow(/^policy: the options must be an object, such as \{ a: … \}/);
      expect(() => checkTypes('policy', { tools: one }, 'tools:object')).toThrow('policy: `tools` must be of type object.');
    }
    expect(() => checkNames('policy', () => 1, 'a')).toThrow(/must be an object/);
  }); // prettier-ignore

  it('accepts objects of any class, without a prototype, and modules', async () => {
    class Tools {
      a = 1;
    }
    const bare: object = Object.assign(Object.create(null) as object, { a: 1 });
    for (const one of [{ a: 1 }, {}, new Tools(), bare, undefined]) {
      expect(() => checkNames('policy', one, 'a')).not.toThrow();
      expect(() => checkTypes('policy', { tools: one }, 'tools:object')).not.toThrow();
    }
    expect(() => checkTypes('pages', { words: import.meta }, 'words:object')).not.toThrow();
    const module = await import('../../src/lib/check-options.ts');
    expect(() => checkTypes('pages', { words: module }, 'words:object')).not.toThrow();
  });

  it('names the type that is wanted, and accepts any of several', () => {
    expect(() => checkTypes('site', { id: 1 }, 'id:string|string[]')).toThrow('site: `id` must be of type string|string[].');
    expect(() => checkTypes('site', { id: ['a', undefined] }, 'id:string|string[]')).toThrow(TypeError);
    for (const id of ['a', ['a'], [], undefined]) expect(() => checkTypes('site', { id }, 'id:string|string[]')).not.toThrow();
  });
});
