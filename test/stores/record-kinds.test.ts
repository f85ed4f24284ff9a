/** Which kinds of records there are, and what a new epoch does to each: the code, its table and docs/reference/storage.md say the same. */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { ENDING_LISTS, ENDING_RECORDS, LASTING_LISTS, LASTING_RECORDS } from '../../src/model/store.ts';
import { epochStore } from '../../src/stores/prefixed.ts';
import { memoryStore } from '../../src/stores/memory.ts';

const root = fileURLToPath(new URL('../..', import.meta.url));
const docs = readFileSync(join(root, 'docs/reference/storage.md'), 'utf8');
const rows = [...docs.matchAll(/^\| `([a-z-]+):[^`]*` \|.*\| (\w+) \|$/gm)].map(([, kind = '', fate]) => [kind, fate] as const);
const kinds = [...LASTING_RECORDS.map((kind) => [kind, 'lasts']), ...ENDING_RECORDS.map((kind) => [kind, 'ends'])] as const;
const lists = [...LASTING_LISTS, ...ENDING_LISTS];
/** Names before a colon in a template or text, of all files that speak to a store. */
const written = new Set(
  ['core', 'verifiers'].flatMap((folder) =>
    readdirSync(join(root, 'src', folder), { recursive: true, encoding: 'utf8' })
      .filter((path) => path.endsWith('.ts'))
      .flatMap((path) => [...readFileSync(join(root, 'src', folder, path), 'utf8').matchAll(/[`']([a-z][a-z-]*):(?:\$\{|all'|clients')/g)])
      .map(([, kind = '']) => kind),
  ),
);
/** What is bound to a ciphertext or names a caller, and is no key. */
const NO_KEYS = ['carried', 'factor', 'login', 'workload'];

describe('kinds of records', () => {
  it('are all in docs/reference/storage.md, with what a new epoch does to them (F-63)', () => {
    expect(Object.fromEntries(rows)).toEqual(Object.fromEntries(kinds));
    const told = /^Lists: ([^]*?)\n\n/m.exec(docs)?.[1] ?? '';
    expect(new Set([...told.matchAll(/`([a-z-]+):/g)].map(([, kind]) => kind))).toEqual(new Set(lists));
  });

  it('are all listed as lasting or ending: none is written that the table does not know (F-63)', () => {
    const known = new Set([...kinds.map(([kind]) => kind), ...lists, ...NO_KEYS]);
    expect([...written].filter((kind) => !known.has(kind))).toEqual([]);
    expect(written.size).toBeGreaterThan(25);
  });

  it('each have one row, and one shape (F-21)', () => {
    const shapes = readFileSync(join(root, 'src/core/records/records.ts'), 'utf8');
    expect(shapes).not.toContain('`state:');
    expect(rows.filter(([kind], at) => rows.findIndex(([other]) => other === kind) !== at).map(([kind]) => kind)).toEqual([]);
  });

  it.each(kinds)('%s: %s with an epoch (F-63)', async (kind, fate) => {
    const whole = memoryStore();
    await epochStore(whole, '1').write(`${kind}:1`, 1, 'absent');
    expect((await epochStore(whole, '2').read(`${kind}:1`)) === null).toBe(fate === 'ends');
  });
});
