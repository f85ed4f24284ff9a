/**
 * Writes docs/rules.md from the tests: every rule id that a test's name bears, the sentence, and where it stands.
 * `--check` only compares, so that the page cannot go stale.
 */
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('..', import.meta.url));
const page = join(root, 'docs/rules.md');

interface Row {
  readonly id: string;
  readonly sentence: string;
  readonly file: string;
}

const rows = readdirSync(join(root, 'test'), { recursive: true, encoding: 'utf8' })
  .filter((path) => path.endsWith('.ts'))
  .flatMap((path) => rowsOf(`test/${path}`))
  .toSorted((a, b) => a.id.localeCompare(b.id, 'en', { numeric: true }) || a.file.localeCompare(b.file));

const text = `# Rules and their tests

Every rule that a test bears by its id. \`S\`: a requirement of the MCP authorization specification or of an RFC it stands
on. \`SEC\`: what hostile or faulty input must come to. \`FLT\`: a fault of the machine, and what holds after it. The sentence
is the rule as this project keeps it; the RFC section is cited where the source enforces it. The source stands at the
test's path below \`src\`. Written by \`node tools/rules.ts\`.

| rule | what holds | test |
| --- | --- | --- |
${rows.map(({ id, sentence, file }) => `| ${id} | ${sentence.replaceAll('|', '\\|')} | \`${file}\` |`).join('\n')}
`;

if (!process.argv.includes('--check')) writeFileSync(page, text);
else if (readFileSync(page, 'utf8') !== text) {
  process.stderr.write('docs/rules.md is not what the tests say; run `node tools/rules.ts`.\n');
  process.exit(1);
}

function rowsOf(file: string): Row[] {
  const source = readFileSync(join(root, file), 'utf8');
  const rowOf =
    (name: string) =>
    (id: string): Row => ({ id, sentence: sentenceOf(name), file });
  const named = [...source.matchAll(/\b(?:it|test|check|describe)\(\s*(['"`])((?:\\.|(?!\1).)*)\1/gs)];
  const each = [...source.matchAll(/\)\(\s*(['"`])((?:\\.|(?!\1).)*)\1,\s*(?:async )?\(/gs)];
  const rows = [...named, ...each].flatMap(({ 2: name = '' }) => expand(name).map(rowOf(name)));
  // In a table of cases the id stands in each case, and the sentence below them begins with its place.
  const cases = [...source.matchAll(/['"]((?:SEC|FLT|S)-\d{2,3}(?:(?:, ?|–)\d{2,3})*)['"]/g)].flatMap(({ index, 1: ids = '' }) => {
    const name = each.find((one) => one.index > index && one[2]?.startsWith('%s'))?.[2];
    return name === undefined ? [] : expand(ids).map(rowOf(name));
  });
  return [...new Map([...rows, ...cases].map((row) => [`${row.id} ${row.sentence}`, row])).values()];
}

function sentenceOf(name: string): string {
  return name
    .replace(/\s*\((?:[^()]*\b(?:SEC|FLT|S)-\d[^()]*)\)/g, '')
    .replace(/^(?:(?:SEC|FLT|S)-\d{2,3}(?:(?:, ?|–| )\d{2,3})*[ ,]*)+/, '')
    .replace(/^%s,?:? /, '')
    .replace(/%[sjd]/g, '…')
    .replace(/\s+/g, ' ')
    .trim();
}

/** `SEC-001, 002` and `S-022–028` name several rules. */
function expand(name: string): string[] {
  return [...name.matchAll(/\b(SEC|FLT|S)-(\d{2,3})((?:(?:, ?|–)\d{2,3})*)/g)].flatMap(([, kind = '', first = '', more = '']) => {
    const ids = [first];
    for (const [, sign, next = ''] of more.matchAll(/(, ?|–)(\d{2,3})/g)) {
      const from = Number(ids.at(-1));
      if (sign === '–') for (let id = from + 1; id < Number(next); id++) ids.push(String(id).padStart(first.length, '0'));
      ids.push(next);
    }
    return ids.map((id) => `${kind}-${id}`);
  });
}
