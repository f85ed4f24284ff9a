/** Figures as text: a table a runtime, a line a target. */
import { OPERATIONS, type Operation, type Subject, type Target } from './plan.ts';

/** Cost by subject and operation: CPU µs a request, CPU ms for a start. */
export type Costs = Map<string, ReadonlyMap<Operation | 'start', number>>;

/** The middle one, or the mean of the two middle ones. */
export function median(figures: readonly number[]): number {
  const sorted = figures.toSorted((a, b) => a - b);
  const middle = sorted.length / 2;
  return ((sorted[Math.floor(middle)] ?? NaN) + (sorted[Math.ceil(middle) - 1] ?? NaN)) / 2;
}

/** A Markdown table of one runtime. */
export function table(side: string, subjects: readonly Subject[], costs: Costs, memory: ReadonlyMap<string, number>): string {
  const columns = OPERATIONS.filter((operation) => subjects.some(({ asks }) => asks[operation] !== undefined));
  const head = [side === 'node' ? 'Node' : 'workerd', ...columns, 'start', 'MiB'];
  const extra = [...costs.keys()].filter((name) => costs.get(name)?.size === 1 && name === 'guard alone' && side === 'node');
  const rows = [...subjects.map(({ name }) => name), ...extra].map((name) => {
    const cost = costs.get(name);
    const cells = [...columns, 'start' as const].map((column) => shown(cost?.get(column)));
    return [name, ...cells, shown(memory.get(name))];
  });
  return [head, head.map(() => '---'), ...rows].map((cells) => `| ${cells.join(' | ')} |`).join('\n');
}

/** A line for each target that was measured, and how many were missed. */
export function targetLines(targets: readonly Target[], costs: Costs): { readonly lines: readonly string[]; readonly missed: number } {
  const lines: string[] = [];
  let missed = 0;
  for (const { id, ours, other, least } of targets) {
    const [mine, theirs] = [costs.get(ours[0])?.get(ours[1]), costs.get(other[0])?.get(other[1])];
    if (mine === undefined || theirs === undefined || Number.isNaN(mine + theirs)) continue;
    const met = theirs / mine >= least;
    if (!met) missed++;
    const form = (ratio: number): string => (ours[1] === 'start' ? `${(1 / ratio).toFixed(2)}× the cost of` : least < 1 ? `${Math.round(ratio * 100)} % of` : `${ratio.toFixed(2)}×`); // prettier-ignore
    const wanted =
      ours[1] === 'start' ? `at most ${(1 / least).toFixed(2)}×` : least < 1 ? `at least ${least * 100} %` : `at least ${least}×`;
    lines.push(
      `${met ? 'met   ' : 'MISSED'} ${id}: ${ours[0]} ${ours[1]} ${form(theirs / mine)} ${other[0]}${other[1] === ours[1] ? '' : ` ${other[1]}`} (${wanted})`,
    );
  }
  return { lines, missed };
}

function shown(figure: number | undefined): string {
  if (figure === undefined || Number.isNaN(figure)) return '–';
  return figure < 100 ? figure.toFixed(1) : Math.round(figure).toLocaleString('en');
}
