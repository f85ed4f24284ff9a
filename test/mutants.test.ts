/** The kept results of the mutation tests (`npm run mutants`): the tests of each file that holds a security check find what breaks it. */
import { existsSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { MUTATED, testsFor } from '../tools/mutants-files.ts';
import { isCurrent, MIN_KILLED, readResults, RESULTS, shareOf, tableOf } from '../tools/mutants-report.ts';

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
    expect(readFileSync(RESULTS.replace(/json$/, 'md'), 'utf8')).toBe(tableOf(results));
  });
});
