/** What would be published: what is in it, and what installing it does. `tools/package-check.ts` looks at exports and types. */
import { build } from 'esbuild';
import { spawnSync } from 'node:child_process';
import { existsSync, globSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';

const root = fileURLToPath(new URL('..', import.meta.url));
const manifest = JSON.parse(readFileSync(`${root}package.json`, 'utf8')) as Record<string, Record<string, string>>;
const lock = JSON.parse(readFileSync(`${root}package-lock.json`, 'utf8')) as {
  readonly packages: Readonly<Record<string, { readonly integrity?: string; readonly hasInstallScript?: boolean }>>;
}; // prettier-ignore
/** Marks of secrets: keys, tokens of registries and vendors, passwords in URLs. */
const SECRET =
  /-----BEGIN [A-Z ]*PRIVATE KEY-----\s*[A-Za-z0-9+/]{40}|\bnpm_[A-Za-z0-9]{36}\b|\bgh[pousr]_[A-Za-z0-9]{36}\b|\bAKIA[0-9A-Z]{16}\b|_authToken\s*=|\bsk_live_[A-Za-z0-9]{16}/;

interface Packed {
  /** Bytes to download. */
  readonly size: number;
  readonly files: readonly { readonly path: string }[];
}

/** What `npm pack` puts together of what was built. */
function pack(): Packed {
  const { status, stdout, stderr } = spawnSync('npm', ['pack', '--dry-run', '--json', '--ignore-scripts'], {
    cwd: root,
    encoding: 'utf8',
    env: { ...process.env, npm_config_cache: `${root}artifacts/npm-cache`, npm_config_update_notifier: 'false' },
  });
  if (status !== 0) throw new Error(stderr);
  return (JSON.parse(stdout) as [Packed])[0];
}

describe('the package', () => {
  it('SEC-230 runs nothing when it is installed, and depends on few things, none of which does', () => {
    const scripts = Object.keys(manifest['scripts'] ?? {});
    expect(scripts.filter((name) => /^(pre|post)?install$|^prepare$|^prepublish$|^dependencies$/.test(name))).toEqual([]);
    const needed = Object.keys(manifest['dependencies'] ?? {});
    expect(needed.length).toBeLessThanOrEqual(4);
    for (const name of needed) {
      const { integrity, hasInstallScript = false } = lock.packages[`node_modules/${name}`] ?? {};
      expect([name, integrity?.startsWith('sha512-'), hasInstallScript]).toEqual([name, true, false]);
    }
  }); // prettier-ignore

  it('SEC-230 holds what was built and the words about it, no sources, no settings of a machine, and no secret', () => {
    const paths = pack().files.map(({ path }) => path);
    expect(paths).toContain('package.json');
    expect(paths.filter((path) => !/^(dist\/|package\.json$|(README|CHANGELOG|SECURITY|LICENSE)(\.md)?$)/.test(path))).toEqual([]);
    expect(paths.filter((path) => /(^|\/)\.|\.(env|pem|key|p12|db|sqlite|tsbuildinfo|log)$|node_modules|\.test\./.test(path))).toEqual([]);
    const telling = paths.filter((path) => existsSync(root + path) && SECRET.test(readFileSync(root + path, 'utf8')));
    expect(telling).toEqual([]);
    const naming = paths.filter((path) => path.endsWith('.js') && /\b(?:docs|examples|guide|reference)\/[\w/-]+\.\w/.test(readFileSync(root + path, 'utf8'))); // prettier-ignore
    expect(naming).toEqual([]); // a message names no file of the repository, which a user of the package does not have
    const here = paths.filter((path) => existsSync(root + path) && readFileSync(root + path, 'utf8').includes(root.slice(0, -1)));
    expect(here).toEqual([]); // F-59: no file, source maps included, tells in which folder it was built
  });

  it('is at most 600 kB to download, with every declaration that its own ones lead to (N-16)', () => {
    const { size, files } = pack();
    expect(size).toBeLessThanOrEqual(600_000);
    const paths = new Set(files.map(({ path }) => path));
    expect([...paths].filter((path) => path.endsWith('.map'))).toEqual([]);
    const types = [...paths].filter((path) => path.endsWith('.d.ts'));
    expect(types.length).toBeGreaterThan(100);
    const missing = types.flatMap((path) =>
      [...readFileSync(root + path, 'utf8').matchAll(/(?:from|import)\s*\(?["'](\.[^"']+)["']/g)]
        .map(([, to = '']) => join(dirname(path), to).replace(/\.[jt]s$/, '.d.ts'))
        .filter((to) => !paths.has(to))
        .map((to) => `${path}: ${to}`),
    );
    expect(missing).toEqual([]);
  });

  it('declares types that compile by themselves, without a declaration that nothing leads to', () => {
    const folder = `${root}dist/.types`;
    mkdirSync(folder, { recursive: true });
    const compilerOptions = {
      target: 'es2023',
      lib: ['es2023', 'dom'],
      module: 'nodenext',
      types: ['node'],
      strict: true,
      noEmit: true,
      rootDir: root,
    };
    writeFileSync(`${folder}/tsconfig.json`, JSON.stringify({ compilerOptions, include: ['../types/**/*.d.ts'] }));
    const { stdout } = spawnSync(`${root}node_modules/.bin/tsc`, ['-p', folder], { cwd: folder, encoding: 'utf8' });
    rmSync(folder, { recursive: true });
    const wrong = stdout
      .split('\n')
      .filter((line) => line.startsWith('../types/') && !/^\.\.\/types\/worker\/|namespace 'Cloudflare'/.test(line)); // what needs Cloudflare's types
    expect(wrong).toEqual([]);
    expect(existsSync(`${root}dist/types/provider/oauth-provider.d.ts`)).toBe(true);
    expect(existsSync(`${root}dist/types/endpoints/oauth/token.d.ts`)).toBe(false);
    const inside = /@internal|\/(provider\/parts|core\/parts)\.ts'/;
    const telling = globSync('dist/types/**/*.d.ts', { cwd: root }).filter((path) => inside.test(readFileSync(root + path, 'utf8')));
    expect(telling).toEqual([]); // constructors for our own modules are left out, with all that they lead to
  });

  it('is bundled by an application without a warning (N-03)', async () => {
    const { warnings } = await build({
      entryPoints: [`${root}examples/demo/worker.ts`],
      absWorkingDir: root,
      bundle: true,
      write: false,
      format: 'esm',
      conditions: ['workerd', 'worker', 'browser'],
      external: ['node:*', 'cloudflare:*'],
      logLevel: 'silent',
    });
    expect(warnings.map(({ text }) => text)).toEqual([]);
  });

  it('is built for `npm pack` by what installs first, in a fresh clone too, and also in a dry run (N-04)', () => {
    expect(manifest['scripts']).toMatchObject({ prepack: 'npm run build', build: 'node tools/ready.mjs --clean' });
    const ready = readFileSync(`${root}tools/ready.mjs`, 'utf8');
    expect(ready.indexOf("run('npm', ['ci', '--dry-run=false'")).toBeGreaterThan(0);
    expect(ready.indexOf("run('npm', ['ci'")).toBeLessThan(ready.indexOf("run('tsc', ['-b', '--clean']"));
  });

  it('is all that the bench loads of dist, where nothing else that runs is', () => {
    const files = globSync('bench/**/*.ts', { cwd: root, exclude: ['bench/node_modules/**', 'bench/dist/**'] });
    const loaded = files.flatMap((file) => [...readFileSync(root + file, 'utf8').matchAll(/^import (?!type ).*?'[./]*\/(dist\/[^']+)'/gm)]);
    const exported = JSON.stringify([manifest['exports'], manifest['bin']]);
    expect(loaded.length).toBeGreaterThan(5);
    expect(loaded.map(([, path = '']) => path).filter((path) => !exported.includes(`"./${path}"`))).toEqual([]);
  });
});
