/** One administration command under way: what it works on, its input, and how it asks and answers: as JSON, or as tables whose texts are safe for a terminal. */
import { printable, printableJson } from '../printable.ts';
import { CliError, type Style, styleOf, type Terminal } from '../terminal.ts';
import type { Input, Target } from './target.ts';
import type { Verb } from './verbs.ts';

/** The command. */
export interface Job {
  readonly target: Target;
  readonly terminal: Terminal;
  readonly verb: Verb;
  readonly input: Input;
  /** What it is about, for a question: a user's name and id. */
  readonly about: string;
  readonly isJson: boolean;
  /** Whether `--yes` was given. */
  readonly isSure: boolean;
  /** Whether `--last` was given. */
  readonly isLast: boolean;
  /** All pages of a list, not only the first hundred rows. */
  readonly isAll: boolean;
  readonly after: string | undefined;
}

/** Asks before something is lost. @throws {CliError} with 2 where no person can be asked, with 1 for a no. */
export async function confirm({ terminal, isSure }: Pick<Job, 'terminal' | 'isSure'>, question: string): Promise<void> {
  if (isSure) return;
  if (!terminal.ask) throw new CliError(`${question} Nothing was changed: without a terminal to confirm on, this needs --yes.`, 2);
  if (!/^y(es)?$/i.test((await terminal.ask(`${question} [y/N] `)).trim())) throw new CliError('Nothing was changed.');
}

/** Runs the act of a command. */
export function act({ target, verb }: Job, input: Input): Promise<unknown> {
  return target.ask(verb.method ?? 'GET', verb.act, input);
}

/** Every page of a list, from where the command says. */
export async function* pagesOf(
  job: Job,
  input: Input = job.input,
  name: string = job.verb.act,
): AsyncGenerator<{ rows: readonly Row[]; next: string | undefined }> {
  let { after } = job;
  do {
    const page = (await job.target.ask('GET', name, {
      ...input,
      ...(after === undefined ? {} : { [job.verb.pager ?? 'after']: after }),
    })) as Row;
    const { next } = page;
    after = typeof next === 'string' || typeof next === 'number' ? String(next) : undefined;
    yield { rows: (page[job.verb.rows ?? 'grants'] ?? []) as readonly Row[], next: after };
  } while (after !== undefined);
}

/** Prints an answer: for programs as JSON; for people its members, or one word where there are none. */
export function answer({ isJson, terminal }: Pick<Job, 'isJson' | 'terminal'>, result: unknown): void {
  const thing = (result ?? {}) as Row;
  if (isJson) terminal.out(printableJson(JSON.stringify(thing, null, 2)));
  else if (Object.keys(thing).length === 0) terminal.out('Done.');
  else printThing(terminal, thing);
}

/** One row, or one thing. */
export type Row = { readonly [member: string]: unknown };

/** Prints rows under one head, a page at a time; the widths are those of the first page. */
export function makeTable(terminal: Terminal, columns: readonly string[] | undefined): (rows: readonly Row[]) => void {
  let known: { readonly names: readonly string[]; readonly widths: readonly number[] } | undefined;
  return (rows) => {
    if (rows.length === 0) return;
    const isFirst = known === undefined;
    const names = known?.names ?? columns ?? Object.keys(rows[0] ?? {});
    const cells = rows.map((row) => names.map((name) => shown(name, row[name])));
    known ??= { names, widths: names.map((name, at) => Math.max(name.length, ...cells.map((line) => line[at]?.length ?? 0))) };
    const { widths } = known;
    const line = (texts: readonly string[]): string => texts.map((text, at) => text.padEnd(widths[at] ?? 0)).join('  ').trimEnd(); // prettier-ignore
    if (isFirst) terminal.out(styleOf(terminal).bold(line(names.map(printable))));
    for (const texts of cells) terminal.out(line(texts));
  };
}

/** Prints one thing: its plain members, and below them each list of things as a table. */
function printThing(terminal: Terminal, thing: Row, style: Style = styleOf(terminal)): void {
  const own = Object.entries(thing);
  const inside = own.flatMap(([, value]) => (isRow(value) && !isNamed(value) ? Object.entries(value) : []));
  const kept = own.filter(([, value]) => !isRow(value) || isNamed(value));
  const all = [...kept, ...inside.filter(([name]) => !kept.some(([other]) => other === name))];
  const plain = all.filter(([, value]) => !isRows(value));
  const width = Math.max(0, ...plain.map(([name]) => name.length));
  for (const [name, value] of plain) terminal.out(`${style.dim(printable(name).padEnd(width))}  ${shown(name, value)}`);
  for (const [name, value] of all) {
    if (!isRows(value)) continue;
    terminal.out(`\n${style.bold(printable(name))}`);
    makeTable(terminal, undefined)(value);
  }
}

const TIME = /(?:At|Until|^at)$/;

function shown(name: string, value: unknown): string {
  if (value === undefined || value === null || value === '') return '-';
  if (typeof value === 'boolean') return value ? 'yes' : 'no';
  if (typeof value === 'number') return TIME.test(name) ? timeOf(value) : String(value);
  if (Array.isArray(value)) return value.length === 0 ? '-' : value.map((one) => shown('', one)).join(', ');
  if (isRow(value)) return Object.values(value).map((one) => shown('', one)).join(' '); // prettier-ignore
  return printable(typeof value === 'string' ? value : JSON.stringify(value));
}

/** A time in UTC, to the second. */
function timeOf(seconds: number): string {
  const date = new Date(seconds * 1000);
  return Number.isNaN(date.getTime()) ? String(seconds) : `${date.toISOString().slice(0, 19).replace('T', ' ')}Z`;
}

function isRow(value: unknown): value is Row {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** An organization, or a browser with its system: shown in one cell. */
function isNamed(value: Row): boolean {
  return Object.values(value).every((one) => typeof one === 'string');
}

function isRows(value: unknown): value is readonly Row[] {
  return Array.isArray(value) && value.length > 0 && value.every(isRow);
}
