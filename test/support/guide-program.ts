/** The programs that a guide shows, before and after a switch, run over the real libraries and our sources. */
import { build } from 'esbuild';
import { createHash } from 'node:crypto';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';

const root = fileURLToPath(new URL('../..', import.meta.url));
/** Subpaths of the package, longest first, and the sources behind them on Node. */
const SOURCES = {
  'portcullis/stores/sqlite': 'stores/sqlite',
  'portcullis/mcp-sdk-v1': 'mcp-sdk-v1/index',
  'portcullis/former': 'former/index',
  'portcullis/guard': 'guard/index',
  'portcullis/node': 'node/index',
  portcullis: 'node/main',
};

/** A fence of a language in a guide, without what is given before it. @param at which of them. */
export function fenceOf(guide: string, language: 'js' | 'ts', at = 0): string {
  const text = readFileSync(`${root}docs/guide/${guide}`, 'utf8');
  const code = [...text.matchAll(new RegExp(`^\`\`\`${language}\n([^]*?)^\`\`\``, 'gm'))][at]?.[1];
  if (code === undefined) throw new Error(`docs/guide/${guide} has no fence ${language} number ${at}.`);
  return code;
}

/** Runs a program with libraries of the repository and of the bench, and gives what it exports. @param folder where it may stand. */
export async function runProgram<Exports>(folder: string, code: string): Promise<Exports> {
  const { outputFiles } = await build({
    stdin: { contents: code, resolveDir: root, loader: 'ts' },
    bundle: true,
    write: false,
    format: 'esm',
    platform: 'node',
    nodePaths: [`${root}bench/node_modules`, `${root}node_modules`],
    alias: Object.fromEntries(Object.entries(SOURCES).map(([name, file]) => [name, `${root}src/${file}.ts`])),
    external: ['bun:*', 'cloudflare:*', 'mongodb', '@prisma/client', 'drizzle-orm'],
    banner: { js: "import { createRequire } from 'node:module'; const require = createRequire(import.meta.url);" },
    logLevel: 'error',
  });
  const path = join(folder, `${createHash('sha256').update(code).digest('hex').slice(0, 12)}.mjs`);
  writeFileSync(path, outputFiles[0]?.text ?? '');
  return (await import(/* @vite-ignore */ pathToFileURL(path).href)) as Exports;
}
