/**
 * What a bundle of ours weighs: minified by esbuild, gzipped, for Workers. Ends with 1 when something is above its budget.
 *
 *   npm run size
 */
import { build, type Plugin } from 'esbuild';
import { basename } from 'node:path';
import { fileURLToPath } from 'node:url';
import { gzipSync } from 'node:zlib';

interface Entry {
  readonly name: string;
  /** Modules of `src` that are bundled whole. */
  readonly modules: readonly string[];
  /** KiB; none where nothing is promised. */
  readonly budget?: number;
  /** Folders of `src` whose modules count nothing: every name in them is there and empty. */
  readonly without?: RegExp;
}

const SERVER = ['provider/oauth-provider.ts', 'core/web-runtime.ts', 'stores/durable-object.ts'];

const ENTRIES: readonly Entry[] = [
  { name: 'guard alone', modules: ['guard/guard.ts'], budget: 5 },
  { name: 'server + guard, without pages and logins', modules: SERVER, budget: 30, without: /\/src\/(pages|logins)\// },
  { name: 'server + guard, with pages and password', modules: [...SERVER, 'logins/password.ts'] },
  { name: 'portcullis/mcp, without the SDK', modules: ['mcp/index.ts'] },
  { name: 'everything on Workers: portcullis + portcullis/worker', modules: ['worker/main.ts', 'worker/index.ts'] },
];

const source = fileURLToPath(new URL('../src/', import.meta.url));
const KIB = 1024;

let over = 0;
console.log('| bundle | min KiB | min + gzip KiB | budget |\n| --- | --- | --- | --- |');
for (const entry of ENTRIES) {
  const bytes = await bundle(entry);
  const packed = gzipSync(bytes, { level: 9 }).length;
  const ok = entry.budget === undefined || packed <= entry.budget * KIB;
  if (!ok) over++;
  const budget = entry.budget === undefined ? '–' : `${entry.budget} ${ok ? 'met' : 'EXCEEDED'}`;
  console.log(`| ${entry.name} | ${(bytes.length / KIB).toFixed(1)} | ${(packed / KIB).toFixed(2)} | ${budget} |`);
}
if (over > 0) {
  console.error(`${over} bundle${over === 1 ? ' is' : 's are'} above budget.`);
  process.exitCode = 1;
}

async function bundle({ modules, without }: Entry): Promise<Uint8Array> {
  const { outputFiles } = await build({
    stdin: { contents: modules.map((path) => `export * from './${path}';`).join('\n'), resolveDir: source },
    bundle: true,
    minify: true,
    write: false,
    outdir: 'out',
    splitting: true, // what is loaded when it is first needed does not weigh on the start
    format: 'esm',
    target: 'es2023',
    conditions: ['workerd', 'worker'],
    external: ['cloudflare:*', 'node:*', '@modelcontextprotocol/*'],
    logLevel: 'error', // it warns that names of what is left out are undefined, which is the point
    plugins: without ? [leftOut(without)] : [],
  });
  return startOf(outputFiles);
}

/** The entry and every chunk that it imports statically, one after the other. */
function startOf(files: readonly { readonly path: string; readonly text: string }[]): Uint8Array {
  const texts = new Map(files.map(({ path, text }) => [basename(path), text]));
  const taken = new Set<string>();
  const take = (name: string): string => {
    if (taken.has(name)) return '';
    taken.add(name);
    const text = texts.get(name) ?? '';
    return [...text.matchAll(/(?:from|^import|;import)\s*"\.\/([^"]+)"/g)].map(([, chunk = '']) => take(chunk)).join('') + text;
  };
  return Buffer.from(take('stdin.js'));
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
