/** The faults of the catch rate still fit the source, and a short simulation of everything keeps every promise. */
import { readFileSync } from 'node:fs';
import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { editsOf, FAULTS, withFault } from './faults.ts';

const root = fileURLToPath(new URL('../..', import.meta.url));

describe('the simulation', () => {
  it.each(FAULTS)('can put $id back: $what', (fault) => {
    for (const edit of editsOf(fault)) {
      const text = readFileSync(root + edit.file, 'utf8');
      expect(withFault(text, edit)).not.toBe(text);
    }
  });

  it('keeps every promise over two days with all faults, and plays a seed the same way twice', { timeout: 120_000 }, () => {
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
