/** The faults of the catch rate still fit the source, and a short simulation of everything keeps every promise. */
import { readFileSync } from 'node:fs';
import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { UNSEEN } from './unseen.ts';
import { editsOf, FAULTS, withFault } from './faults.ts';

const root = fileURLToPath(new URL('../..', import.meta.url));

describe('the simulation', () => {
  it.each(FAULTS)('can put $id back: $what', (fault) => {
    for (const edit of editsOf(fault)) {
      const text = readFileSync(root + edit.file, 'utf8');
      expect(withFault(text, edit)).not.toBe(text);
    }
  });

  it('can see each fault of the reviews, or says why it cannot', () => {
    const ids = (letter: string, ...spans: readonly (readonly [number, number])[]): readonly string[] =>
      spans.flatMap(([from, to]) => Array.from({ length: to - from + 1 }, (_, at) => `${letter}-${String(from + at).padStart(2, '0')}`));
    const all = [...ids('F', [1, 8], [11, 22], [31, 46], [51, 59], [61, 70]), ...ids('R', [1, 22], [31, 39], [51, 56])];
    const told = [...FAULTS.map(({ id }) => id), ...UNSEEN.flatMap((one) => one.ids)];
    expect(all.filter((id) => !told.includes(id))).toEqual([]);
    expect(new Set(told).size).toBe(told.length);
  });

  it('gives a device a person with a password in a plan that was made smaller, too', () => {
    const asked = ['--seed', '7', '--days', '1', '--habits', 'steady,early,twice,device', '--troubles', 'none', '--whole'];
    const { stdout, stderr } = spawnSync(process.execPath, ['tools/simulate.ts', ...asked], { cwd: root, encoding: 'utf8' });
    expect(stdout + stderr).toContain('1 passed, 0 failed');
  });

  it('has a table of what it finds with a row for each fault', () => {
    const table = readFileSync(`${root}docs/reference/catch-rate.md`, 'utf8');
    for (const { id, what } of FAULTS) expect(table).toContain(`| ${id} | ${what} |`);
    for (const { ids, why } of UNSEEN) expect(table).toContain(`| ${ids.join(', ')} | ${why} |`);
  });

  it('keeps every promise over two days with all faults, and plays a seed the same way twice', () => {
    const play = (): string => {
      const { stdout, stderr } = spawnSync(process.execPath, ['tools/simulate.ts', '--seed', '7', '--days', '2', '--whole'], {
        cwd: root,
        encoding: 'utf8',
      });
      return `${stdout}${stderr}`.replace(/in [\d.]+ s/, '');
    };
    const first = play();
    expect(first).toContain('1 passed, 0 failed');
    expect(play()).toBe(first);
  });
});
