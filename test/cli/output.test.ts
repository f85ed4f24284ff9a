/** The output of the program, where it cannot be written. */
import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { expect, it } from 'vitest';

const MAIN = join(import.meta.dirname, '../../src/cli/main.ts');

it('ends in silence when the reader of its output has read enough', async () => {
  const child = spawn(process.execPath, [MAIN, '--help'], { stdio: ['ignore', 'pipe', 'pipe'] });
  child.stdout.destroy();
  let errors = '';
  child.stderr.on('data', (chunk: Buffer) => (errors += chunk.toString()));
  expect(await once(child, 'close')).toEqual([141, null]);
  expect(errors).toBe('');
});

it('says in one line that its output could not be written, and fails', () => {
  const { status, stderr } = spawnSync('sh', ['-c', `exec "$0" "$1" --help > /dev/full`, process.execPath, MAIN], { encoding: 'utf8' });
  expect([status, stderr]).toEqual([1, 'portcullis: the output could not be written: ENOSPC: no space left on device, write\n']);
});
