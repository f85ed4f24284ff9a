/** What is kept of a mutation test (docs/reference/mutants.json), and the table that is made of it (docs/reference/mutants.md). */
import { createHash } from 'node:crypto';
import { existsSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { MUTATED } from './mutants-files.ts';

const root = fileURLToPath(new URL('..', import.meta.url));

/** Where results are kept. */
export const RESULTS: string = `${root}docs/reference/mutants.json`;
/** The share of mutants, in percent, that tests must find in each file. */
export const MIN_KILLED = 90;

/** A mutant that no test finds. */
export interface Survivor {
  readonly line: number;
  readonly mutator: string;
  readonly original: string;
  readonly replacement: string;
  /** Why no test has to find it; null until somebody has written that down. */
  readonly why: string | null;
}

/** What a file came to. */
export interface FileResult {
  /** SHA-256 of the source that was tested. */
  readonly sha256: string;
  readonly killed: number;
  readonly survived: number;
  readonly survivors: readonly Survivor[];
}

/** All results, by path. */
export type Results = { readonly [file: string]: FileResult };

/** The kept results. */
export function readResults(): Results {
  return existsSync(RESULTS) ? (JSON.parse(readFileSync(RESULTS, 'utf8')) as Results) : {};
}

/** SHA-256 of a file's text, hexadecimal. */
export function hashOf(file: string): string {
  return createHash('sha256')
    .update(readFileSync(`${root}${file}`))
    .digest('hex');
}

/** Whether the file is what it was when it was tested. */
export function isCurrent(file: string, results: Results): boolean {
  return results[file]?.sha256 === hashOf(file);
}

/** Percent of the mutants that a test found, rounded down. */
export function shareOf({ killed, survived }: FileResult): number {
  return killed + survived === 0 ? 100 : Math.floor((100 * killed) / (killed + survived));
}

/** The page docs/reference/mutants.md. */
export function tableOf(results: Results): string {
  const tested = MUTATED.filter((file) => results[file] !== undefined);
  const rows = tested.map((file) => {
    const result = results[file] as FileResult;
    return `| \`${file}\` | ${result.killed} | ${result.survived} | ${shareOf(result)} % |`;
  });
  const survivors = tested.flatMap((file) =>
    (results[file] as FileResult).survivors.map(
      (one) => `| \`${file}\`:${one.line} | ${cell(one.original)} | ${cell(one.replacement)} | ${one.why ?? ''} |`,
    ),
  );
  return [
    '# What the tests find',
    '',
    'Each file that holds a security check is changed in small ways, one at a time, and its tests are run: a test must fail. Written by',
    '`npm run mutants`; do not edit. `survived` counts the changes that no test found; the second table says why none has to.',
    `The files are listed in \`tools/mutants-files.ts\`. ${tested.length} of ${MUTATED.length} have been tested.`,
    '',
    '| file | killed | survived | share |',
    '| --- | ---: | ---: | ---: |',
    ...rows,
    '',
    '## Survivors',
    '',
    '| where | source | changed to | why no test finds it |',
    '| --- | --- | --- | --- |',
    ...survivors,
    '',
  ].join('\n');
}

/** Source text in one cell of a table. */
function cell(text: string): string {
  const line = text.replace(/\s+/g, ' ').replaceAll('|', '\\|');
  return `\`\` ${line.length > 90 ? `${line.slice(0, 89)}…` : line} \`\``;
}
