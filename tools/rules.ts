/**
 * Writes docs/reference/rules.md from the tests: every rule id in the name of a test, the source of the rule, the sentence, the file that
 * implements it, and the test.
 * `--check` only compares, so that the page cannot go stale.
 */
import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { REFERENCES } from './rule-references.ts';

const root = fileURLToPath(new URL('..', import.meta.url));
const page = join(root, 'docs/reference/rules.md');

/** The main source file of tests whose path is not that of a source file. */
const JOURNEYS: { readonly [test: string]: string } = {
  'endpoints/authorize-redirect': 'model/redirect',
  'guard/anonymous': 'guard/guard',
  'journeys/account': 'endpoints/account/account',
  'journeys/client-documents': 'clients/metadata-document',
  'journeys/consent': 'core/records/consents',
  'journeys/device': 'core/records/devices',
  'journeys/device-clients': 'core/records/devices',
  'journeys/dpop': 'core/signatures',
  'journeys/dump': 'core/records/secrets',
  'journeys/existing-session': 'logins/own-login',
  'journeys/properties': 'model/grant-transitions',
  'journeys/refresh': 'model/grant-transitions',
  'journeys/resources': 'model/resource',
  'journeys/secrets': 'core/records/secrets',
  'journeys/signed-tokens': 'core/signing-keys',
  'journeys/step-up': 'endpoints/authorize/consent-page',
  'journeys/tenants': 'stores/prefixed',
  'journeys/upstream': 'logins/upstream',
  'journeys/vault': 'core/vault/vault',
};

interface Row {
  readonly id: string;
  readonly sentence: string;
  readonly file: string;
}

const rows = readdirSync(join(root, 'test'), { recursive: true, encoding: 'utf8' })
  .filter((path) => path.endsWith('.ts'))
  .flatMap((path) => rowsOf(`test/${path}`))
  .toSorted((a, b) => a.id.localeCompare(b.id, 'en', { numeric: true }) || a.file.localeCompare(b.file));

const sources = readdirSync(join(root, 'src'), { recursive: true, encoding: 'utf8' })
  .filter((path) => path.endsWith('.ts'))
  .toSorted()
  .map((path) => ({ path: `src/${path}`, text: readFileSync(join(root, 'src', path), 'utf8') }));

const text = `# Rules and their tests

Every rule that a test bears by its id. \`S\`: a requirement of the MCP authorization specification or of an RFC it stands
on. \`SEC\`: what hostile or faulty input must come to. \`FLT\`: a fault of the machine, and what holds after it; those are this
project's own. *From* is the section that demands it, or the weakness (CWE) that it keeps out. *Source* is the file that the test mirrors,
its subject, or what cites the rule or its section; a dash is the server as a whole. Written by \`node tools/rules.ts\`.

| rule | from | what holds | source | test |
| --- | --- | --- | --- | --- |
${rows.map(lineOf).join('\n')}
`;

function lineOf({ id, sentence, file }: Row): string {
  return `| ${[id, REFERENCES.get(id) ?? '–', sentence.replaceAll('|', '\\|'), sourceOf(id, file), `\`${file}\``].join(' | ')} |`;
}

/** The source file at the path of the test; for a journey the files that cite the rule, else those that cite its section. */
function sourceOf(id: string, file: string): string {
  const mirrored = file.replace(/^test\/(?:worker\/)?/, 'src/').replace('.test.ts', '.ts');
  const sections = REFERENCES.get(id)?.match(/(?:RFC \d+|OAuth 2\.1) §[\d.]+/g) ?? [];
  const citing = (...texts: readonly string[]): readonly string[] =>
    sources
      .filter((one) => texts.some((text) => new RegExp(`${text.replaceAll('.', '\\.')}(?![\\d.]*\\d)`).test(one.text)))
      .map(({ path }) => path);
  const subject = JOURNEYS[file.replace(/^test\/(?:worker\/)?/, '').replace('.test.ts', '')];
  const own = existsSync(join(root, mirrored)) ? [mirrored] : subject === undefined ? citing(id) : [`src/${subject}.ts`]; // oxlint-disable-line no-nested-ternary
  const found = own.length > 0 ? own : citing(...sections);
  return found.length === 0 ? '–' : found.map((path) => `\`${path}\``).join(', ');
}

if (!process.argv.includes('--check')) writeFileSync(page, text);
else if (readFileSync(page, 'utf8') !== text) {
  process.stderr.write('docs/reference/rules.md is not what the tests say; run `node tools/rules.ts`.\n');
  process.exit(1);
}

function rowsOf(file: string): Row[] {
  const source = readFileSync(join(root, file), 'utf8');
  const rowOf =
    (name: string) =>
    (id: string): Row => ({ id, sentence: sentenceOf(name), file });
  const named = [...source.matchAll(/\b(?:it|test|check|describe)\(\s*(['"`])((?:\\.|(?!\1).)*)\1/gs)];
  const each = [...source.matchAll(/\)\(\s*(['"`])((?:\\.|(?!\1).)*)\1,\s*(?:[A-Z]+,\s*)?(?:async )?\(/gs)];
  const rows = [...named, ...each].flatMap(({ 2: name = '' }) => expand(name).map(rowOf(name)));
  // In a table of cases each case has its id, and the sentence below begins with its placeholder.
  const cases = [...source.matchAll(/['"]((?:SEC|FLT|S)-\d{2,3}(?:(?:, ?|–)\d{2,3})*)['"]/g)].flatMap(({ index, 1: ids = '' }) => {
    const name = each.find((one) => one.index > index && one[2]?.startsWith('%s'))?.[2];
    return name === undefined ? [] : expand(ids).map(rowOf(name));
  });
  return [...new Map([...rows, ...cases].map((row) => [`${row.id} ${row.sentence}`, row])).values()];
}

function sentenceOf(name: string): string {
  return name
    .replace(/\s*\((?:[^()]*\b(?:SEC|FLT|S)-\d[^()]*)\)/g, '')
    .replace(/^(?:(?:SEC|FLT|S)-\d{2,3}(?:(?:, ?|–| )\d{2,3})*[ ,:]*)+/, '')
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
