/**
 * Counts the calls of each store that wait for each other (test/journeys/trips.test.ts), and writes the table of
 * docs/reference/performance.md. PostgreSQL and Redis must be installed.
 */
import { spawnSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('..', import.meta.url));
const page = join(root, 'docs/reference/performance.md');
const projects = ['node', 'workerd', 'engines'].flatMap((name) => ['--project', name]);
const { stdout, status } = spawnSync('vitest', ['run', ...projects, 'test/journeys/trips.test.ts'], {
  cwd: root,
  encoding: 'utf8',
  env: { ...process.env, PORTCULLIS_TRIPS: '1', PATH: `${join(root, 'node_modules/.bin')}:${process.env['PATH']}` },
});
if (status !== 0) throw new Error(stdout);
const found = new Map(
  [...stdout.matchAll(/trips (\{.*\})/g)].map(([, line = '']) => {
    const { store, depths } = JSON.parse(line) as { store: string; depths: Record<string, number> };
    return [store, depths];
  }),
);
const stores = ['memory', 'sqlite', 'durable object', 'd1', 'postgres', 'redis'];
const missing = stores.filter((store) => !found.has(store));
if (missing.length > 0) throw new Error(`Not counted: ${missing.join(', ')}.`);
const row = (cells: readonly unknown[]): string => `| ${cells.join(' | ')} |\n`;
const operations = Object.keys(found.get('memory') ?? {});
const table =
  row(['request', ...stores]) +
  row(['---', ...stores.map(() => '---')]) +
  operations.map((operation) => row([operation, ...stores.map((store) => found.get(store)?.[operation])])).join('');
const text = readFileSync(page, 'utf8');
writeFileSync(
  page,
  text.replace(/(<!-- trips -->\n)[\s\S]*?(<!-- \/trips -->)/, (_all, start: string, end: string) => start + table + end),
);
console.log(table);
