/**
 * What the README and the guides show is run, not only compiled: each fence `ts` that stands alone is loaded in a process of its own folder, so that
 * the checks at start-up see its options; each command of the package in a fence `sh` exists, with the flags that are shown.
 */
import { spawnSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, describe, expect, it } from 'vitest';
import { runCommand } from '../../src/cli/commands.ts';

const root = fileURLToPath(new URL('../..', import.meta.url));
const pages = ['README.md', ...readdirSync(join(root, 'docs/guide')).map((name) => `docs/guide/${name}`)];
/** Inside the package, so that its own name is known; left out of what is packed. */
const folder = join(root, 'dist/.docs-run');
const cwd = mkdtempSync(join(tmpdir(), 'portcullis-docs-'));
afterAll(() => {
  for (const one of [folder, cwd]) rmSync(one, { recursive: true, force: true });
});

interface Fence {
  readonly name: string;
  readonly page: string;
  readonly line: number;
  readonly code: string;
}

/** What runs every command of a page that is not ours. */
const RUN_BY: { readonly [page: string]: string } = {
  'README.md': '.ci/first-hour-check', // and .ci/start-check
  'docs/guide/start.md': 'test/e2e/first-hour.ts',
  'docs/guide/new-project.md': 'test/runtimes/packed-init.test.ts',
  'docs/guide/operations.md': 'test/runtimes/restore.test.ts',
};
/** What nothing runs, and why. */
const NOT_RUN: readonly (readonly [form: RegExp, why: string])[] = [
  [/^claude mcp add /, 'needs an account; the same request is made by the SDK client in test/journeys/access-keys.test.ts'],
  [
    /^curl /,
    'holds a token of the reader; the same request is made in test/journeys/access-keys.test.ts and test/model/workload-issuers.test.ts',
  ],
  [/^fly /, 'needs an account'],
  [/^npx wrangler (?:secret put|deploy) /, 'needs an account; test/e2e/first-hour.ts makes the dry run'],
  [/^npx wrangler kv /, 'needs an account; test/cli/doctor/switch.test.ts reads what it exports'],
];

/** Fences of a language, with what is given before each. */
function fencesOf(page: string, language: string): readonly Fence[] {
  const text = readFileSync(join(root, page), 'utf8');
  const form = new RegExp(`(?:<!-- given\\n([^]*?)-->\\n+)?^\`\`\`${language}\\n([^]*?)^\`\`\`$`, 'gm');
  return [...text.matchAll(form)].map((found) => {
    const line = text.slice(0, found.index + found[0].indexOf('```')).split('\n').length;
    const own = /^\/\/ ([\w.-]+\.ts)$/m.exec(found[2]?.split('\n', 1)[0] ?? '')?.[1];
    return { name: own ?? `${page.replaceAll(/[/.]/g, '-')}-${line}.ts`, page, line, code: `${found[1] ?? ''}${found[2] ?? ''}` };
  });
}

/** A fence that takes values for given (`declare`), or runs in a Worker alone, is only compiled; tests have a runner of their own. */
function standsAlone({ name, code }: Fence): boolean {
  return !/\bdeclare\b|portcullis\/worker|cloudflare:/.test(code) && !name.endsWith('.test.ts');
}

describe('the README and the guides', () => {
  it('show code that runs as far as its start', () => {
    const fences = pages.flatMap((page) => fencesOf(page, 'ts'));
    mkdirSync(folder, { recursive: true });
    for (const { name, code } of fences) writeFileSync(join(folder, name), `${code}\nexport {};\n`);
    const alone = fences.filter(standsAlone);
    expect(alone.length).toBeGreaterThan(30);
    const paths = alone.map(({ name, page, line }) => [join(folder, name), `${page}:${line}`]);
    const script = `
      const failed = [];
      for (const [path, place] of ${JSON.stringify(paths)}) await import(path).catch((error) => failed.push(place + ': ' + (error.stack ?? error)));
      console.log(JSON.stringify(failed));
      process.exit(0);`;
    const env = { ...process.env, PORT: '0', PORTCULLIS_SECRET: randomBytes(32).toString('base64'), ISSUER: 'http://localhost:9' };
    const { stdout, stderr } = spawnSync(process.execPath, ['--no-warnings', '--input-type=module', '-e', script], { cwd, encoding: 'utf8', env, timeout: 240_000 }); // prettier-ignore
    const said = stdout.split('\n').find((line) => line.startsWith('[')) ?? `nothing: ${stderr}`;
    expect(said).toBe('[]');
  });

  it('show commands that exist, with flags that they have', async () => {
    const lines = [...pages, 'create/README.md'].flatMap((page) =>
      fencesOf(page, 'sh').flatMap(({ code }) =>
        code
          .split('\n')
          .filter((line) => /^(npx portcullis|npm create portcullis)\b/.test(line))
          .map((line) => `${page}: ${line}`),
      ),
    );
    expect(lines.length).toBeGreaterThan(10);
    const wrong: string[] = [];
    for (const line of lines) {
      const words = line
        .replace(/^.*?: /, '')
        .replace(/ #.*$/, '')
        .split(/\s+/);
      const command = words[1] === 'create' ? 'init' : (words[2] ?? '');
      const help: string[] = [];
      const terminal = {
        out: (text: string) => void help.push(text),
        err: (text: string) => void help.push(text),
        open() {},
        after: () => () => undefined,
      };
      const code = await runCommand([command, '--help'], terminal);
      const flags = words.filter((word) => /^--\w/.test(word)).filter((flag) => !help.join('\n').includes(flag));
      if (code !== 0 || flags.length > 0) wrong.push(`${line} (${flags.join(' ')})`);
    }
    expect(wrong).toEqual([]);
  });

  it('show no other command that nothing runs, but those that are named here', () => {
    const others = [
      ...pages,
      ...readdirSync(join(root, 'docs/reference'))
        .filter((name) => name.endsWith('.md'))
        .map((name) => `docs/reference/${name}`),
    ].flatMap((page) =>
      fencesOf(page, 'sh').flatMap(({ code }) =>
        code
          .replaceAll('\\\n', '')
          .split('\n')
          .filter((line) => line !== '' && !/^#|\bnpx portcullis\b|^npm create portcullis\b/.test(line))
          .map((line) => ({ page, line })),
      ),
    );
    expect(others.length).toBeGreaterThan(20);
    const left = others.filter(({ page, line }) => !Object.hasOwn(RUN_BY, page) && !NOT_RUN.some(([form]) => form.test(line)));
    expect(left).toEqual([]);
    for (const file of Object.values(RUN_BY)) expect(existsSync(join(root, file))).toBe(true);
    expect(NOT_RUN.filter(([form]) => !others.some(({ line }) => form.test(line)))).toEqual([]);
  });
});
