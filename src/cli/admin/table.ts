/** Results for people: tables, and one thing with its members. Every text comes from a store or a server, and is made safe for a terminal. */
import { printable } from '../printable.ts';
import { type Style, styleOf } from '../style.ts';
import type { Terminal } from '../terminal.ts';

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
export function printThing(terminal: Terminal, thing: Row, style: Style = styleOf(terminal)): void {
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
