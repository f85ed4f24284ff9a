/**
 * What a bundle of ours weighs: minified by esbuild, gzipped, for Workers. Ends with 1 when something is above its budget.
 *
 *   npm run size
 */
import { build, type Metafile, type Plugin } from 'esbuild';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { registerHooks } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { gzipSync } from 'node:zlib';
import { firstToken } from './first-token.ts';

interface Entry {
  readonly name: string;
  /** Modules of `src` that are bundled whole. */
  readonly modules: readonly string[];
  /** The names that are used, where those are not all. */
  readonly names?: readonly string[];
  /**
   * What counts: what loads at the start, with what loads until a first token is used and given back, or whatever may load at all; and that
   * in one file, as wrangler makes it, where what may load is there from the start.
   */
  readonly counts: 'start' | 'first token' | 'all' | 'one file';
  /** KiB; none where nothing is promised. What was aimed at, and where it is missed, stands in docs/reference/performance.md. */
  readonly budget?: number;
  /** Folders of `src` whose modules count nothing: every name in them is there and empty. */
  readonly without?: RegExp;
}

/** A bundle: its chunks, and which of them imports which. */
interface Bundle {
  readonly texts: ReadonlyMap<string, string>;
  readonly outputs: Metafile['outputs'];
}

const SERVER = ['provider/oauth-provider.ts', 'core/web-runtime.ts', 'stores/durable-object.ts'];
const PAGES = /\/src\/(pages|words|logins)\//;

const ENTRIES: readonly Entry[] = [
  { name: 'guard alone', modules: ['guard/index.ts'], counts: 'start', budget: 5.5 },
  { name: 'server + guard, start, without pages and logins', modules: SERVER, counts: 'start', budget: 48, without: PAGES },
  {
    name: 'server + guard, until a first token, without pages and logins',
    modules: SERVER,
    counts: 'first token',
    budget: 66,
    without: PAGES,
  },
  { name: 'server + guard, until a first token, with what the start holds of pages', modules: SERVER, counts: 'first token' },
  { name: 'server + guard, with pages and password, start', modules: [...SERVER, 'logins/password.ts'], counts: 'start' },
  { name: 'the same with every page, grant type and language', modules: [...SERVER, 'logins/password.ts'], counts: 'all' },
  {
    name: 'server with pages of its own, one file as wrangler makes it: portcullis/own-pages',
    modules: ['worker/own-pages.ts', 'worker/index.ts'],
    names: ['OAuthProvider', 'PortcullisStore'],
    counts: 'one file',
    budget: 96.5,
  },
  {
    name: 'the same from portcullis/workers-oauth-provider',
    modules: ['worker/workers-oauth-provider.ts', 'worker/index.ts'],
    names: ['OAuthProvider', 'PortcullisStore'],
    counts: 'one file',
    budget: 114.5,
  },
  {
    name: 'the same from portcullis',
    modules: ['worker/main.ts', 'worker/index.ts'],
    names: ['OAuthProvider', 'PortcullisStore'],
    counts: 'one file',
    budget: 164.5,
  },
  {
    name: 'the same from portcullis, with password and all languages',
    modules: ['worker/main.ts', 'worker/index.ts', 'words/index.ts'],
    names: ['OAuthProvider', 'PortcullisStore', 'password', 'allLanguages'],
    counts: 'one file',
  },
  { name: 'portcullis/mcp, without the SDK', modules: ['mcp/index.ts'], counts: 'start' },
  { name: 'everything on Workers, start: portcullis + portcullis/worker', modules: ['worker/main.ts', 'worker/index.ts'], counts: 'start' },
  { name: 'everything on Workers, all of it', modules: ['worker/main.ts', 'worker/index.ts'], counts: 'all' },
];

const root = fileURLToPath(new URL('..', import.meta.url));
const KIB = 1024;

const used = await usedUntilFirstToken();
let over = 0;
console.log('| bundle | min KiB | min + gzip KiB | budget |\n| --- | --- | --- | --- |');
for (const entry of ENTRIES) {
  const bytes = weighed(await bundle(entry), entry.counts);
  const packed = gzipSync(bytes, { level: 9 }).length;
  const ok = entry.budget === undefined || packed <= entry.budget * KIB;
  if (!ok) over++;
  const budget = entry.budget === undefined ? '–' : `${entry.budget} ${ok ? 'met' : 'EXCEEDED'}`;
  console.log(`| ${entry.name} | ${(bytes.length / KIB).toFixed(1)} | ${(packed / KIB).toFixed(2)} | ${budget} |`);
}
console.log(`\nLoaded until a first token: ${[...used].toSorted().join(', ')}.`);
if (over > 0) {
  console.error(`${over} bundle${over === 1 ? ' is' : 's are'} above budget.`);
  process.exitCode = 1;
}

async function bundle({ modules, names, counts, without }: Omit<Entry, 'name' | 'budget'>): Promise<Bundle> {
  const { outputFiles, metafile } = await build({
    stdin: {
      contents: names ? usedOf(modules, names) : modules.map((path) => `export * from './src/${path}';`).join('\n'),
      resolveDir: root,
    },
    bundle: true,
    minify: true,
    write: false,
    metafile: true,
    absWorkingDir: root,
    outdir: 'out',
    splitting: counts !== 'one file', // what is loaded when it is first needed is a file of its own
    format: 'esm',
    target: 'es2023',
    conditions: ['workerd', 'worker'],
    define: { 'globalThis.process.env.NODE_ENV': '"production"' }, // as `wrangler deploy` does
    external: ['cloudflare:*', 'node:*', '@modelcontextprotocol/*', '@simplewebauthn/*'],
    logLevel: 'error', // it warns that names of what is left out are undefined, which is the point
    plugins: without ? [leftOut(without)] : [],
  });
  return { texts: new Map(outputFiles.map(({ path, text }) => [path.slice(root.length), text])), outputs: metafile.outputs };
}

/** A program that uses some names and no others. */
function usedOf(modules: readonly string[], names: readonly string[]): string {
  const imports = modules.map((path, at) => `import * as m${at} from './src/${path}';`).join('\n');
  const pick = (name: string): string => modules.map((_, at) => `m${at}.${name}`).join(' ?? ');
  return `${imports}\nexport const used = [${names.map(pick).join(', ')}];`;
}

/** The chunks that count, one after the other. */
function weighed({ texts, outputs }: Bundle, counts: Entry['counts']): Uint8Array {
  const taken = new Set<string>();
  const take = (name: string): void => {
    if (taken.has(name)) return;
    taken.add(name);
    for (const { path, kind, external } of outputs[name]?.imports ?? []) if (kind === 'import-statement' && !external) take(path);
  };
  take('out/stdin.js');
  for (const [name, { entryPoint = '' }] of Object.entries(outputs))
    if (counts === 'all' || (counts === 'first token' && used.has(entryPoint))) take(name);
  return Buffer.from([...taken].map((name) => texts.get(name) ?? '').join(''));
}

/** Which modules that load late are loaded by a real journey of the bundled server. */
async function usedUntilFirstToken(): Promise<ReadonlySet<string>> {
  const { texts, outputs } = await bundle({ modules: SERVER, counts: 'first token' });
  const folder = await mkdtemp(join(tmpdir(), 'portcullis-size-'));
  const seen = new Set<string>();
  const hooks = registerHooks({
    load(url, context, next) {
      const output = outputs[`out/${url.slice(url.lastIndexOf('/') + 1)}`];
      if (url.includes(folder) && output?.entryPoint !== undefined) seen.add(output.entryPoint);
      return next(url, context);
    },
  });
  try {
    for (const [name, text] of texts) await writeFile(join(folder, name.slice('out/'.length)), text);
    await writeFile(join(folder, 'package.json'), '{"type":"module"}');
    await firstToken((await import(pathToFileURL(join(folder, 'stdin.js')).href)) as Parameters<typeof firstToken>[0]);
  } finally {
    hooks.deregister();
    await rm(folder, { recursive: true });
  }
  return seen;
}

/** Resolves to an empty CommonJS module, of which every name may be imported. */
function leftOut(paths: RegExp): Plugin {
  return {
    name: 'left-out',
    setup({ onLoad }) {
      onLoad({ filter: paths }, () => ({ contents: 'module.exports = {};', loader: 'js' }));
    },
  };
}
