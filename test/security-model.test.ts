/** docs/security-model.md names files and rules that exist: a promise without code and without a test is no promise. */
import { existsSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';

const root = fileURLToPath(new URL('..', import.meta.url));
const page = readFileSync(`${root}docs/security-model.md`, 'utf8');
const section = page.split(/^## /m).find((part) => part.startsWith('What is promised')) ?? '';
const rows = section
  .split('\n')
  .filter((line) => line.startsWith('| ') && !line.startsWith('| promise') && !line.startsWith('| ---'))
  .map((line) =>
    line
      .split('|')
      .slice(1, -1)
      .map((cell) => cell.trim()),
  );
const filesIn = (cell: string): readonly string[] => [...cell.matchAll(/`([^`]+)`/g)].map((match) => match[1] ?? '');

describe('the security model', () => {
  it('names for every promise code and a test that exist', () => {
    expect(rows.length).toBeGreaterThan(15);
    for (const [promise = '', , code = '', tests = ''] of rows) {
      expect([promise, filesIn(code).length > 0, filesIn(tests).length > 0]).toEqual([promise, true, true]);
      const missing = [...filesIn(code).map((file) => `src/${file}`), ...filesIn(tests).map((file) => `test/${file}`)].filter(
        (file) => !existsSync(root + file),
      );
      expect([promise, missing]).toEqual([promise, []]);
    }
  });

  it('names every rule of the simulation, and no other', () => {
    const source = ['ledger', 'habits', 'troubles', 'intruders', 'installation', 'tools', 'cluster', 'sites', 'simulate']
      .map((file) => readFileSync(`${root}test/simulation/${file}.ts`, 'utf8'))
      .join('\n');
    const rules = new Set([...source.matchAll(/broken\(\s*'([^']+)'/g)].map((match) => match[1] ?? ''));
    rules.delete('the simulation itself works');
    const named = new Set(rows.map((cells) => cells[4] ?? '').filter((rule) => rule !== '–'));
    expect([...named].sort()).toEqual([...rules].sort());
  });
});
