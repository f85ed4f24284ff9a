/**
 * `npm run catch-rate`: puts faults that we once had back into a copy of the code, one at a time, and lets the simulation look for each.
 * None of its rules knows any of them. `--write` keeps the table in docs/reference/catch-rate.md; `--only F-11,R-02` looks for these.
 */
import { spawnSync } from 'node:child_process';
import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { editsOf, FAULTS, type Fault, withFault } from '../test/simulation/faults.ts';

const root = fileURLToPath(new URL('..', import.meta.url));
const { values } = parseArgs({
  options: { write: { type: 'boolean', default: false }, only: { type: 'string' }, seeds: { type: 'string', default: '6' } },
});
const seeds = Array.from({ length: Number(values.seeds) }, (_, at) => 101 + at);
const chosen = FAULTS.filter(({ id }) => values.only === undefined || values.only.split(',').includes(id));

const copy = mkdtempSync(join(tmpdir(), 'portcullis-faults-'));
process.once('exit', () => rmSync(copy, { recursive: true, force: true }));
for (const part of ['src', 'test/simulation', 'test/support', 'tools', 'package.json']) {
  mkdirSync(join(copy, part, '..'), { recursive: true });
  cpSync(join(root, part), join(copy, part), { recursive: true });
}
symlinkSync(join(root, 'node_modules'), join(copy, 'node_modules'));

const rows: string[] = [];
let found = 0;
for (const fault of chosen) {
  const result = look(fault);
  if (result !== null) found++;
  const row = `| ${fault.id} | ${fault.what} | ${result === null ? 'not found' : `${result.rule}`} | ${result === null ? `${seeds.length} seeds` : `seed ${result.seed}`} |`;
  process.stdout.write(`${row}\n`);
  rows.push(row);
}
const share = Math.round((100 * found) / chosen.length);
process.stdout.write(`\n${found} of ${chosen.length} found (${share} %)\n`);
if (values.write) {
  const head = `# What the simulation finds\n\nFaults that Portcullis once had, put back one at a time. The simulation knows none of them. Written by\n\`npm run catch-rate -- --write\`, which looks for each with ${seeds.length} seeds of five stormy days: ${found} of ${chosen.length} found (${share} %).\n\n| fault | what was wrong | found as | with |\n| --- | --- | --- | --- |\n`;
  writeFileSync(join(root, 'docs/reference/catch-rate.md'), `${head}${rows.join('\n')}\n`);
}
process.exitCode = share >= 90 ? 0 : 1;

/** Puts one fault in, looks for it, and takes it out. */
function look(fault: Fault): { readonly rule: string; readonly seed: number } | null {
  const before = editsOf(fault).map((edit) => {
    const path = join(copy, edit.file);
    const text = readFileSync(path, 'utf8');
    writeFileSync(path, withFault(text, edit));
    return { path, text };
  });
  try {
    for (const seed of seeds) {
      const args = ['tools/simulate.ts', '--seed', String(seed), '--days', '5', '--storm', '--whole'];
      const { stdout, status } = spawnSync(process.execPath, args, { cwd: copy, encoding: 'utf8', timeout: 300_000 });
      const rule = /^ {2}(\S.*)$/m.exec(stdout)?.[1];
      if (status !== 0 && rule !== undefined) return { rule, seed };
    }
    return null;
  } finally {
    for (const { path, text } of before.toReversed()) writeFileSync(path, text); // two edits may be of one file
  }
}
