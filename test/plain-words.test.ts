/** Words that the house does not use: in comments, names and texts of the folders that are done. */
import { readdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';

/** Folders of `src` without such words. To be extended as folders get done. */
const DONE = [
  'cli',
  'clients',
  'core',
  'endpoints',
  'grants',
  'guard',
  'lib',
  'logins',
  'mcp',
  'model',
  'node',
  'options',
  'pages',
  'provider',
  'stores',
  'testing',
  'upstreams',
  'verifiers',
  'words',
  'worker',
];

/** Not used at all. "there is none" is fine. */
const WORDS = /\b(?:whoever|whosever|nobody|everybody|somebody|anybody|mend(?:s|ed)?)\b|(?<!\bthere )\bis none\b/i;

/** Old names, and words that stood for a term of OAuth or HTTP. */
const NAMES =
  /\b(?:held|whose|journeys?|trips?|errand|homecoming|departure|lateVerbs|genuine|makeJoin|isThisComputer|knownGrants|makePeople|neededKeyring|onceOnly|shownKey|readLate)\b/;

const root = fileURLToPath(new URL('../src/', import.meta.url));

/** Each line of the folders that are done. */
const lines = DONE.flatMap((folder) =>
  readdirSync(`${root}${folder}`, { recursive: true, encoding: 'utf8' })
    .filter((path) => path.endsWith('.ts'))
    .flatMap((path) =>
      readFileSync(`${root}${folder}/${path}`, 'utf8')
        .split('\n')
        .map((text, at) => ({ place: `${folder}/${path}:${at + 1}`, text })),
    ),
);

/** A line without comments and texts. */
const codeOf = (text: string): string =>
  /^\s*(?:\/?\*|\/\/)/.test(text) ? '' : text.replaceAll(/'(?:[^'\\]|\\.)*'|"(?:[^"\\]|\\.)*"|`[^`]*`|\/\*.*?\*\/|\/\/ .*$/g, '');

const found = (words: RegExp, of: (text: string) => string): readonly string[] =>
  lines.filter(({ text }) => words.test(of(text))).map(({ place, text }) => `${place}: ${text.trim()}`);

describe('plain words', () => {
  it('uses none of the words that the house has given up', () => {
    expect(found(WORDS, (text) => text)).toEqual([]);
  });

  it('uses none of the old names in code', () => {
    expect(found(NAMES, codeOf)).toEqual([]);
  });

  it('finds both, in comments, texts and names', () => {
    expect(WORDS.test('/** Whoever comes first. */')).toBe(true);
    expect(WORDS.test('a client that is deleted is none')).toBe(true);
    expect(WORDS.test('null if there is none')).toBe(false);
    expect(NAMES.test(codeOf("const held = 'x'; // why"))).toBe(true);
    expect(NAMES.test(codeOf("const record = 'held'; // held"))).toBe(false);
    expect(lines.length).toBeGreaterThan(10_000);
  });
});
