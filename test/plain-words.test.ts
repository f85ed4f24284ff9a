/** Words that the house does not use: in comments, names and texts of `src`, and in the comments and names of tests. */
import { readdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';

/** Not used at all. "there is none" is fine. */
const WORDS = /\b(?:whoever|whosever|nobody|everybody|somebody|anybody|mend(?:s|ed)?)\b|(?<!\bthere )\bis none\b/i;

/** Old names, and words that stood for a term of OAuth or HTTP. */
const NAMES =
  /\b(?:held|whose|journeys?|trips?|errand|homecoming|departure|lateVerbs|genuine|makeJoin|isThisComputer|knownGrants|makePeople|neededKeyring|onceOnly|shownKey|readLate)\b/;

const root = fileURLToPath(new URL('../', import.meta.url));

/** The TypeScript files of a folder. */
const filesIn = (folder: string): readonly { path: string; source: string }[] =>
  readdirSync(`${root}${folder}`, { recursive: true, encoding: 'utf8' })
    .filter((path) => path.endsWith('.ts'))
    .map((path) => ({ path: `${folder}/${path}`, source: readFileSync(`${root}${folder}/${path}`, 'utf8') }));

/** Each line of the sources. */
const lines = filesIn('src').flatMap(({ path, source }) => source.split('\n').map((text, at) => ({ place: `${path}:${at + 1}`, text })));

/** A name of a test, or of a group of tests: a text before a function. */
const TEST_NAME = /\(\s*(['"`])((?:(?!\1).){8,}?)\1,\s*(?:\{[^{}]*\},\s*|[A-Z]+,\s*)?(?:async )?\(/g;

/** The tests, and what stands beside them. */
const tests = filesIn('test').filter(({ path }) => !path.endsWith('plain-words.test.ts'));

/** The names of all tests. */
const testNames = tests
  .filter(({ path }) => path.endsWith('.test.ts'))
  .flatMap(({ path, source }) => [...source.matchAll(TEST_NAME)].map(([, , name = '']) => ({ path, name })));

/** A line without comments and texts. */
const codeOf = (text: string): string =>
  /^\s*(?:\/?\*|\/\/)/.test(text) ? '' : text.replaceAll(/'(?:[^'\\]|\\.)*'|"(?:[^"\\]|\\.)*"|`[^`]*`|\/\*.*?\*\/|\/\/ .*$/g, '');

/** What a line says in a comment. */
const commentOf = (text: string): string =>
  /^\s*(?:\/\*|\*)/.test(text) ? text : (/(?:^|\s)\/\/ (.*)$/.exec(text)?.[1] ?? /\/\*.*?\*\//.exec(text)?.[0] ?? '');

const found = (words: RegExp, of: (text: string) => string): readonly string[] =>
  lines.filter(({ text }) => words.test(of(text))).map(({ place, text }) => `${place}: ${text.trim()}`);

describe('plain words', () => {
  it('uses none of the words that the house has given up', () => {
    expect(found(WORDS, (text) => text)).toEqual([]);
  });

  it('uses none of the old names in code', () => {
    expect(found(NAMES, codeOf)).toEqual([]);
  });

  it('names no test with these words', () => {
    expect(testNames.length).toBeGreaterThan(2_000);
    expect(testNames.filter(({ name }) => WORDS.test(name)).map(({ path, name }) => `${path}: ${name}`)).toEqual([]);
  });

  it('comments no test with these words', () => {
    const comments = tests.flatMap(({ path, source }) =>
      source.split('\n').map((text, at) => ({ place: `${path}:${at + 1}`, text: commentOf(text) })),
    );
    expect(comments.filter(({ text }) => text !== '').length).toBeGreaterThan(3_000);
    expect(comments.filter(({ text }) => WORDS.test(text)).map(({ place, text }) => `${place}: ${text.trim()}`)).toEqual([]);
  });

  it('finds both, in comments, texts and names', () => {
    expect(WORDS.test('/** Whoever comes first. */')).toBe(true);
    expect(WORDS.test('a client that is deleted is none')).toBe(true);
    expect(WORDS.test('null if there is none')).toBe(false);
    expect(['/** Nobody. */', '  * nobody', 'call(); // nobody', "get('https://nobody.example')", "const name = 'nobody';"].map((text) => WORDS.test(commentOf(text)))).toEqual([true, true, true, false, false]); // prettier-ignore
    expect(NAMES.test(codeOf("const held = 'x'; // why"))).toBe(true);
    expect(NAMES.test(codeOf("const record = 'held'; // held"))).toBe(false);
    expect(lines.length).toBeGreaterThan(10_000);
  });
});
