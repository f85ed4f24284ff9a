/** The kept results of the mutation tests (`npm run mutants`): the tests of each file that holds a security check find what breaks it. */
import { existsSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { MUTATED, testsFor } from '../tools/mutants-files.ts';
import { hashOfSource, isCurrent, MIN_KILLED, readResults, shareOf, TABLE, tableOf } from '../tools/mutants-report.ts';

const root = fileURLToPath(new URL('..', import.meta.url));
const results = readResults();
const current = Object.keys(results).filter((file) => MUTATED.includes(file) && isCurrent(file, results));

describe('mutants', () => {
  it('lists files that exist, each once, with tests', () => {
    expect(MUTATED.filter((file) => !existsSync(`${root}${file}`))).toEqual([]);
    expect(MUTATED).toHaveLength(new Set(MUTATED).size);
    expect(MUTATED.filter((file) => testsFor(file).all.length === 0)).toEqual([]);
  });

  it('keeps results of listed files only', () => {
    expect(Object.keys(results).filter((file) => !MUTATED.includes(file))).toEqual([]);
  });

  it(`has tests that find at least ${MIN_KILLED} % of the mutants of each file that is as it was when tested`, () => {
    const weak = current.flatMap((file) => {
      const result = results[file];
      return result && shareOf(result) < MIN_KILLED ? [`${file}: ${shareOf(result)} %`] : [];
    });
    expect(weak).toEqual([]);
  });

  it('explains each mutant that survives, and counts them right', () => {
    const open = current.flatMap((file) =>
      (results[file]?.survivors ?? []).flatMap(({ line, replacement, why }) => (why?.trim() ? [] : [`${file}:${line} ${replacement}`])),
    );
    expect(open).toEqual([]);
    expect(current.filter((file) => results[file]?.survived !== results[file]?.survivors.length)).toEqual([]);
  });

  it('has a table of what is kept (npm run mutants -- --table)', () => {
    expect(readFileSync(TABLE, 'utf8')).toBe(tableOf(results));
  });

  describe('the hash of a source', () => {
    const source = `import { fail, sum } from './sum.ts';
      /** Adds one. */
      export const next = (count: number): number => count < 0 ? fail(new TypeError('Too few.'), { hint: 'More.' }) : sum(count, 1) + 'a'.length + /b/.exec(\`c${'${count}'}\`)?.groups.c + 7n;`;
    const renamed = `import { add, raise } from '../lib/sum.ts'; import type { Other } from './other.ts';
      type Unused = Other;
      export const following = (value: bigint) => (
        value < 0 ? raise(new TypeError('It is too few.'), { hint: 'Give more.' }) : add(value as unknown, 1,) + "a".length + /b/.exec(\`c${'${value}'}\`)?.groups.c + 7n // which adds
      )`;

    it('stays the same when names, imports, types, comments, layout and texts for developers change', () => {
      expect(hashOfSource(renamed)).toBe(hashOfSource(source));
    });

    it.each([
      ['an operator', ') + ', ') - '],
      ['a string', "'a'", "'b'"],
      ['a number', ', 1)', ', 2)'],
      ['a BigInt', '7n', '8n'],
      ['a regular expression', '/b/', '/b/i'],
      ['a template', '`c', '`d'],
      ['one use of a name', 'sum(count', 'sum(next'],
      ['an optional chain', '?.groups', '.groups'],
      ['a link of an optional chain', 'groups.c', 'groups?.c'],
      ['the order of arguments', '(count, 1)', '(1, count)'],
    ])('changes with %s', (_what, before, after) => {
      expect(source).toContain(before);
      expect(hashOfSource(source.replace(before, after))).not.toBe(hashOfSource(source));
    });
  });
});
