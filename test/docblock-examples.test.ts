/**
 * Examples in docblocks are code that compiles: each `@example` of a folder is type-checked as a module of an application that has installed
 * the package, against the published types. It imports what it uses by itself.
 */
import { spawnSync } from 'node:child_process';
import { mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';

const root = fileURLToPath(new URL('..', import.meta.url));
const folder = join(root, 'dist', '.examples');

/** The modules that examples import from, with their names at run time. */
const MODULES: { readonly [specifier: string]: () => Promise<object> } = {
  portcullis: () => import('../src/index.ts'),
  'portcullis/guard': () => import('../src/guard/index.ts'),
  'portcullis/verifiers': () => import('../src/verifiers/index.ts'),
  'portcullis/upstreams': () => import('../src/upstreams/index.ts'),
  'portcullis/testing': () => import('../src/testing/index.ts'),
  'portcullis/stores/memory': () => import('../src/stores/memory.ts'),
  'portcullis/stores/sqlite': () => import('../src/stores/sqlite.ts'),
  'portcullis/stores/postgres': () => import('../src/stores/postgres.ts'),
  'portcullis/stores/redis': () => import('../src/stores/redis.ts'),
  'portcullis/stores/d1': () => import('../src/stores/d1.ts'),
  'portcullis/stores/cloudflare-kv': () => import('../src/stores/cloudflare-kv.ts'),
  'portcullis/stores/composed': () => import('../src/stores/composed.ts'),
  'portcullis/stores/durable-object': () => import('../src/stores/durable-object.ts'),
  'portcullis/stores/move': () => import('../src/stores/move.ts'),
};

/** What the application has besides this package: its environment and its drivers. */
const GIVEN = `
interface Env { readonly [name: string]: any }
declare const env: Env;
declare const db: any;
declare const Pool: any;
declare const createClient: any;
declare const it: (name: string, run: () => Promise<void>) => void;
`;

/** Folders whose examples use public names only. */
const FOLDERS = ['verifiers', 'upstreams', 'stores', 'testing'];

/** The examples of a file, with their lines. */
function examplesOf(text: string): { readonly line: number; readonly code: string }[] {
  return [...text.matchAll(/^ \* @example\n((?: \*(?: .*)?\n)+?)(?= \*\/| \* @)/gm)].map((found) => ({
    line: text.slice(0, found.index).split('\n').length + 1,
    code: (found[1] ?? '').replaceAll(/^ \* ?/gm, ''),
  }));
}

describe('examples in docblocks', () => {
  it('compile against the published types', async () => {
    const names = new Map<string, string>();
    for (const [specifier, load] of Object.entries(MODULES))
      for (const name of Object.keys(await load())) if (!names.has(name)) names.set(name, specifier);
    rmSync(folder, { recursive: true, force: true });
    mkdirSync(folder, { recursive: true });
    let count = 0;
    for (const path of FOLDERS.flatMap((one) => readdirSync(join(root, 'src', one)).map((name) => `${one}/${name}`)))
      for (const { line, code } of examplesOf(readFileSync(join(root, 'src', path), 'utf8'))) {
        const used = [...names].filter(([name]) => new RegExp(`(?<![\\w'])(?<!(?<!\\.\\.)\\.)${name}(?=[(,) ;])`).test(code));
        const imports = used.map(([name, specifier]) => `import { ${name} } from '${specifier}';`).join('\n');
        writeFileSync(join(folder, `${path.replaceAll(/[/.]/g, '-')}-line-${line}.ts`), `${imports}\n${GIVEN}\n${code}\nexport {};\n`);
        count++;
      }
    expect(count).toBeGreaterThan(40);
    const compilerOptions = {
      target: 'es2023', lib: ['es2023', 'dom'], module: 'nodenext', types: ['node'], strict: true, noEmit: true, skipLibCheck: true, rootDir: root,
    }; // prettier-ignore
    writeFileSync(join(folder, 'tsconfig.json'), JSON.stringify({ compilerOptions, include: ['./*.ts'] }));
    const { stdout, stderr } = spawnSync(join(root, 'node_modules/.bin/tsc'), ['-p', folder], { cwd: folder, encoding: 'utf8' });
    expect(`${stdout}${stderr}`).toBe('');
  }, 60_000);
});
