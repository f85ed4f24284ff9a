/** The tests that docs/guide/testing.md shows, word for word, run by `node --test` as their reader would. */
import { spawnSync } from 'node:child_process';
import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

const root = fileURLToPath(new URL('../..', import.meta.url));
const guide = readFileSync(`${root}docs/guide/testing.md`, 'utf8');
const files = [...guide.matchAll(/^```ts\n(\/\/ ([\w.-]+\.ts)\n[\s\S]*?)^```$/gm)].map(([, code = '', name = '']) => ({ code, name }));
/** Inside the package, so that its own name is known; left out of what is packed. */
const folder = `${root}dist/.guide-tests`;

beforeAll(() => {
  mkdirSync(folder, { recursive: true });
  for (const { code, name } of files) writeFileSync(`${folder}/${name}`, code);
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

describe('docs/guide/testing.md', () => {
  it.each(files.filter(({ name }) => name.endsWith('.test.ts')))('shows a test that passes: $name', ({ name }) => {
    const { NODE_OPTIONS: _, NODE_TEST_CONTEXT: __, ...env } = process.env;
    const { stdout, stderr } = spawnSync(process.execPath, ['--test', '--test-reporter=tap', name], {
      cwd: folder,
      encoding: 'utf8',
      env,
      timeout: 240_000,
    });
    expect(`${stdout}${stderr}`).toMatch(/^# pass [1-9]/m);
    expect(`${stdout}${stderr}`).toContain('# fail 0');
  });
});
