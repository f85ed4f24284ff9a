/**
 * What the documentation shows is code that compiles: every fence `ts` of the README and of the guides is type-checked as the module of
 * someone who has installed the package, against the types that are published. Names that a fence takes for given are declared in
 * a comment before it (`<!-- given … -->`), which readers do not see. Links lead to files that are there.
 */
import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join, normalize } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { docExamples } from './support/doc-examples.ts';

const root = fileURLToPath(new URL('..', import.meta.url));
/** Inside the package, so that its own name is known; left out of what is packed. */
const folder = join(root, 'dist', '.docs');
const guides = readdirSync(join(root, 'docs/guide')).map((name) => `docs/guide/${name}`);
const checked = ['README.md', ...guides];
const pages = readdirSync(join(root, 'docs'), { recursive: true, encoding: 'utf8' }).filter(
  (name) => name.endsWith('.md') && !name.startsWith('site/'), // what the site generates and installs
);
const linked = ['README.md', 'CONTRIBUTING.md', 'SECURITY.md', ...pages.map((name) => `docs/${name}`)];

/** What an example in a docblock takes for given. */
const GIVEN = `
import express from 'express';
import { McpServer } from '@modelcontextprotocol/server';
import { createServer } from 'node:http';
declare const server: McpServer;
declare const transport: any;
declare const env: any, db: any, Pool: any, pool: any, app: any, check: any, handler: any, redis: any, createClient: any, sql: any;
declare const NotesMcp: any, MailMcp: any, MyMCP: any, TheirAgent: any;
interface Env { GITHUB_SECRET: string; [name: string]: any }`;

/** Each fence with the line that it begins on, and what is given before it. */
function fencesOf(text: string): { readonly line: number; readonly given: string; readonly code: string }[] {
  return [...text.matchAll(/(?:<!-- given\n([\s\S]*?)-->\n+)?^```ts\n([\s\S]*?)^```$/gm)].map((found) => ({
    line: text.slice(0, found.index + found[0].indexOf('```ts')).split('\n').length + 1,
    given: found[1] ?? '',
    code: found[2] ?? '',
  }));
}

describe('the documentation', () => {
  it('shows code that compiles against the published types', () => {
    rmSync(folder, { recursive: true, force: true });
    mkdirSync(folder, { recursive: true });
    const names: string[] = [];
    for (const page of checked) {
      for (const { line, given, code } of fencesOf(readFileSync(join(root, page), 'utf8'))) {
        const own = /^\/\/ ([\w-]+\.ts)$/m.exec(code.split('\n', 1)[0] ?? '')?.[1]; // one that others import
        const name = own ?? `${page.replaceAll(/[/.]/g, '-')}-line-${line}.ts`;
        if (own !== undefined && names.includes(own)) throw new Error(`${page}:${line} is called ${own}, as another one is.`);
        names.push(name);
        writeFileSync(join(folder, name), `${given}${code}\nexport {};\n`);
      }
    }
    expect(names.length).toBeGreaterThan(15);
    const compilerOptions = {
      target: 'es2023', lib: ['es2023', 'dom'], module: 'nodenext', types: ['node'], strict: true, noImplicitOverride: true, noEmit: true,
      skipLibCheck: true, allowImportingTsExtensions: true, rootDir: root,
    }; // prettier-ignore
    writeFileSync(join(folder, 'tsconfig.json'), JSON.stringify({ compilerOptions, include: ['./*.ts'] }));
    const { stdout, stderr } = spawnSync(join(root, 'node_modules/.bin/tsc'), ['-p', folder], { cwd: folder, encoding: 'utf8' });
    expect(`${stdout}${stderr}`).toBe('');
  });

  it('has an example for every public function and class, which compiles against the published types', () => {
    const declarations = docExamples();
    expect(declarations.length).toBeGreaterThan(100);
    expect(declarations.filter(({ code }) => code === undefined).map(({ name, path }) => `${path}: ${name}`)).toEqual([]);
    const to = join(root, 'dist', '.examples');
    rmSync(to, { recursive: true, force: true });
    mkdirSync(to, { recursive: true });
    for (const [at, { name: exported, code = '', used }] of declarations.entries()) {
      const imports = used.map(([name, path]) => `import { ${name} } from '${path}';`);
      const body = code.startsWith('export ') ? code : `{\n${code}\n}`;
      writeFileSync(join(to, `${exported}-${at}.ts`), `${imports.join('\n')}\n${GIVEN}\n${body}\nexport {};\n`);
    }
    const compilerOptions = {
      target: 'es2023', lib: ['es2023', 'dom'], module: 'nodenext', types: ['node'], strict: true, noImplicitOverride: true, noEmit: true, skipLibCheck: true, rootDir: root,
    }; // prettier-ignore
    writeFileSync(join(to, 'tsconfig.json'), JSON.stringify({ compilerOptions, include: ['./*.ts'] }));
    const { stdout, stderr } = spawnSync(join(root, 'node_modules/.bin/tsc'), ['-p', to], { cwd: to, encoding: 'utf8' });
    expect(`${stdout}${stderr}`).toBe('');
  });

  it('needs no cast in what it shows: the types know', () => {
    const casts = checked.flatMap((page) =>
      fencesOf(readFileSync(join(root, page), 'utf8')).flatMap(({ line, code }) =>
        code
          .split('\n')
          .filter((text) => /\bas (?!const\b)/.test(text.replace(/\/\/.*$|'[^']*'|`[^`]*`/g, '')) && !/^(import|export) /.test(text))
          .map((text) => `${page}:${line} ${text.trim()}`),
      ),
    );
    expect(casts).toEqual([]);
  });

  it('links to files that are there', () => {
    const broken = linked.flatMap((page) =>
      // without code in a line: a regular expression of a mutant looks like a link
      [
        ...readFileSync(join(root, page), 'utf8')
          .replace(/(`+)[^\n]*?\1/g, '')
          .matchAll(/\]\((?!https?:|#)([^)#\s]+)/g),
      ]
        .map(([, target = '']) => target)
        .filter((target) => !existsSync(join(root, dirname(page), target)))
        .map((target) => `${page}: ${target}`),
    );
    expect(broken).toEqual([]);
  });

  it('leads to every page from docs/README.md, or from the list of decisions', () => {
    const lists = ['docs/README.md', 'docs/decisions/README.md'].map((list) => ({ list, text: readFileSync(join(root, list), 'utf8') }));
    const reached = lists.flatMap(({ list, text }) =>
      [...text.matchAll(/\]\(([^)#\s]+)/g)].map(([, to = '']) => normalize(join(dirname(list), to))),
    );
    expect(pages.map((name) => `docs/${name}`).filter((page) => page !== 'docs/README.md' && !reached.includes(page))).toEqual([]);
  });

  it('follows three requests through files that exist', () => {
    const text = readFileSync(join(root, 'CONTRIBUTING.md'), 'utf8').split('## Follow a request')[1]?.split('\n## ')[0] ?? '';
    const files = [...text.matchAll(/`([a-z]+(?:\/[a-z-]+)+)`/g)].map(([, file]) => `src/${file}.ts`);
    expect(files.length).toBeGreaterThan(15);
    expect(files.filter((file) => !existsSync(join(root, file)))).toEqual([]);
  });

  it('has a page of all options that says what their docblocks say: run `node tools/options.ts`', async () => {
    const [{ KNOWN }, { optionsPage }] = await Promise.all([import('../src/options/options.ts'), import('../tools/options.ts')]);
    const page = readFileSync(join(root, 'docs/reference/options.md'), 'utf8');
    expect(page).toBe(optionsPage());
    expect(Object.keys(KNOWN).filter((option) => !page.includes(`| \`${option}\` |`))).toEqual([]);
  });
});
