/** The stored results of mutation tests (docs/reference/mutants/FOLDER.json), and the table made from them (docs/reference/mutants.md). */
import { parse } from '@babel/parser';
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { MUTATED } from './mutants-files.ts';

const root = fileURLToPath(new URL('..', import.meta.url));
const RESULTS = `${root}docs/reference/mutants`;
/** The page that shows the results. */
export const TABLE: string = `${RESULTS}.md`;
/** The share of mutants, in percent, that tests must find in each file. */
export const MIN_KILLED = 90;

/** A mutant that no test finds. */
export interface Survivor {
  readonly line: number;
  readonly mutator: string;
  readonly original: string;
  readonly replacement: string;
  /** Why no test has to find it; null until that is written. */
  readonly why: string | null;
}

/** The result of a file. */
export interface FileResult {
  /** `hashOf` the source that was tested. */
  readonly sha256: string;
  readonly killed: number;
  readonly survived: number;
  readonly survivors: readonly Survivor[];
}

/** Keys of syntax nodes that say where something stands and how it is written. */
const LEFT_OUT: ReadonlySet<string> = new Set([
  'start',
  'end',
  'loc',
  'extra',
  'typeAnnotation',
  'typeParameters',
  'typeArguments',
  'returnType',
  'implements',
  'accessibility',
  'readonly',
  'definite',
  'shorthand',
]);
/** Files that are mutated, by their folder of `src`. */
const FOLDERS: ReadonlyMap<string, readonly string[]> = Map.groupBy(MUTATED, (file) => file.split('/')[1] ?? '');

/** All results, by path. */
export type Results = { readonly [file: string]: FileResult };

/** The kept results. */
export function readResults(): Results {
  const files = existsSync(RESULTS) ? readdirSync(RESULTS).sort() : [];
  return Object.assign({}, ...files.map((name): unknown => JSON.parse(readFileSync(`${RESULTS}/${name}`, 'utf8')))) as Results;
}

/** Writes the results of listed files, one file for each folder of `src`, and the table. */
export function writeResults(results: Results): void {
  rmSync(RESULTS, { recursive: true, force: true });
  mkdirSync(RESULTS, { recursive: true });
  for (const [folder, files] of FOLDERS) {
    const tested = files.filter((file) => results[file] !== undefined).map((file) => [file, results[file]]);
    if (tested.length > 0) writeFileSync(`${RESULTS}/${folder}.json`, `${JSON.stringify(Object.fromEntries(tested), null, 2)}\n`);
  }
  writeFileSync(TABLE, tableOf(results));
}

/** SHA-256 of what a file does, hexadecimal: see `hashOfSource`. */
export function hashOf(file: string): string {
  return hashOfSource(readFileSync(`${root}${file}`, 'utf8'));
}

/**
 * SHA-256 of the syntax tree without what changes no mutant: comments, layout, imports, types, texts for developers, and names. Each
 * identifier counts as the number of its first occurrence, so that a result holds after a renaming and a move.
 */
export function hashOfSource(source: string): string {
  const names = new Map<string, number>();
  const { body } = parse(source, { sourceType: 'module', plugins: ['typescript'], attachComment: false }).program;
  const tree = JSON.stringify(body, (key, value: unknown) => {
    if (LEFT_OUT.has(key)) return undefined;
    if (Array.isArray(value)) return value.filter((node) => !isErased(node));
    if (isProse(value)) return 'prose';
    if (typeof value === 'bigint') return `${value}n`; // JSON has none
    if (key !== 'name' || typeof value !== 'string') return withoutType(value);
    if (!names.has(value)) names.set(value, names.size);
    return names.get(value);
  });
  return createHash('sha256').update(tree).digest('hex');
}

/** Whether a statement is gone at run time, or only says where things come from. */
function isErased(node: unknown): boolean {
  if (!isRecord(node)) return false;
  const isTypes = node['exportKind'] === 'type' || node['type'] === 'TSInterfaceDeclaration' || node['type'] === 'TSTypeAliasDeclaration';
  const isPath = node['type'] === 'ImportDeclaration' || (String(node['type']).startsWith('Export') && isRecord(node['source']));
  return isTypes || isPath;
}

/** Whether it is a text for developers, which is not mutated (tools/mutants-ignored.mjs): `new TypeError('…')`, `hint: '…'`. */
function isProse(node: unknown): boolean {
  if (!isRecord(node)) return false;
  const { type, callee, key } = node;
  if (type === 'NewExpression') return isRecord(callee) && /^(?:Range|Type)?Error$/.test(String(callee['name']));
  return type === 'ObjectProperty' && isRecord(key) && key['name'] === 'hint';
}

/** `x` of `x as Type`, `x satisfies Type` and `x!`. */
function withoutType(node: unknown): unknown {
  const isTyped = isRecord(node) && /^TS(As|Satisfies|NonNull)Expression$/.test(String(node['type']));
  return isTyped ? withoutType(node['expression']) : node;
}

function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null;
}

/** Whether the file is unchanged since it was tested. */
export function isCurrent(file: string, results: Results): boolean {
  return results[file]?.sha256 === hashOf(file);
}

/** Percent of the mutants that a test found, rounded down. */
export function shareOf({ killed, survived }: FileResult): number {
  return killed + survived === 0 ? 100 : Math.floor((100 * killed) / (killed + survived));
}

/** The page docs/reference/mutants.md: a section for each folder. */
export function tableOf(results: Results): string {
  const sections = [...FOLDERS].flatMap(([folder, files]) => {
    const tested = files.filter((file) => results[file] !== undefined);
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
      `## ${folder}`,
      '',
      `${tested.length} of ${files.length} files have been tested.`,
      '',
      ...(rows.length > 0 ? ['| file | killed | survived | share |', '| --- | ---: | ---: | ---: |', ...rows, ''] : []),
      ...(survivors.length > 0
        ? ['| where | source | changed to | why no test finds it |', '| --- | --- | --- | --- |', ...survivors, '']
        : []),
    ];
  });
  return [
    '# What the tests find',
    '',
    'Each file that holds a security check is changed in small ways, one at a time, and its tests are run: a test must fail. Written by',
    '`npm run mutants`; do not edit. `survived` counts the changes that no test found; the second table says why none has to.',
    'The files are listed in `tools/mutants-files.ts`.',
    '',
    ...sections,
  ].join('\n');
}

/** Source text in one cell of a table. */
function cell(text: string): string {
  const line = text.replace(/\s+/g, ' ').replaceAll('|', '\\|');
  return `\`\` ${line.length > 90 ? `${line.slice(0, 89)}…` : line} \`\``;
}
