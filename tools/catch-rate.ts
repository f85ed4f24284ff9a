/**
 * `npm run catch-rate`: puts known faults back into a copy of the code, one at a time, and runs the simulation, whose rules know none of
 * them. `--write` updates the table in docs/reference/catch-rate.md row by row; `--only F-11,R-02` tries only these.
 */
import { spawnSync } from 'node:child_process';
import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { editsOf, FAULTS, type Fault, withFault } from '../test/simulation/faults.ts';
import { UNSEEN } from '../test/simulation/unseen.ts';

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

// Each run loads the same modules.
const env = { ...process.env, NODE_COMPILE_CACHE: join(copy, 'compiled') };
const page = join(root, 'docs/reference/catch-rate.md');
const NOT_FOUND = 'not found';
/** Results of this run. */
const rows = new Map<string, string>();
for (const fault of chosen) {
  const result = look(fault);
  const row = `| ${fault.id} | ${fault.what} | ${result?.rule ?? NOT_FOUND} | ${result === null ? `${seeds.length} seeds` : `seed ${result.seed}`} |`;
  process.stdout.write(`${row}\n`);
  rows.set(fault.id, row);
  if (values.write) writeTable();
}
const found = [...rows.values()].filter((row) => !row.includes(NOT_FOUND)).length;
const share = Math.round((100 * found) / chosen.length);
process.stdout.write(`\n${found} of ${chosen.length} found (${share} %)\n`);
process.exitCode = share >= 90 ? 0 : 1;

/** Writes the table; faults that this run leaves out keep their rows. */
function writeTable(): void {
  const before = new Map([...readFileSync(page, 'utf8').matchAll(/^\| (\S+) \|.*$/gm)].map(([row, id = '']) => [id, row]));
  const kept = FAULTS.map(({ id, what }) => rows.get(id) ?? before.get(id) ?? `| ${id} | ${what} | ${NOT_FOUND} | not tried |`);
  const count = kept.filter((row) => !row.includes(NOT_FOUND)).length;
  const unseen = UNSEEN.map(({ ids, why }) => `| ${ids.join(', ')} | ${why} |`);
  writeFileSync(
    page,
    `# What the simulation finds

Faults that Portcullis once had, put back one at a time. The simulation knows none of them. Written by
\`npm run catch-rate -- --write\`, which looks for each with ${seeds.length} seeds of five stormy days: ${count} of ${kept.length} found (${Math.round((100 * count) / kept.length)} %).

| fault | what was wrong | found as | with |
| --- | --- | --- | --- |
${kept.join('\n')}

## What it cannot see

| faults | because |
| --- | --- |
${unseen.join('\n')}
`,
  );
}

/** Inserts one fault, runs the simulation, and removes it. */
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
      const { stdout, status } = spawnSync(process.execPath, args, { cwd: copy, encoding: 'utf8', timeout: 600_000, env });
      const rule = /^ {2}(\S.*)$/m.exec(stdout)?.[1];
      if (status !== 0 && rule !== undefined) return { rule, seed };
    }
    return null;
  } finally {
    for (const { path, text } of before.toReversed()) writeFileSync(path, text); // two edits may be of one file
  }
}
