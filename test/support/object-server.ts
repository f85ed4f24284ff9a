/**
 * A server process for tests: a Worker in a workerd of its own, whose Durable Objects are kept in a folder, so that they outlive it. Prints
 * its port. Argument: the folder. Whoever kills it kills its whole process group, for workerd is a child of it.
 */
import { build } from 'esbuild';
import { createRequire } from 'node:module';
import { fileURLToPath } from 'node:url';

/** As much of Miniflare as is used here; it comes with wrangler and is not a dependency of ours. */
interface MiniflareModule {
  readonly Miniflare: new (options: unknown) => { readonly ready: Promise<URL> };
  convertV4MiniflareOptions(options: unknown): unknown;
}

const wrangler = createRequire(createRequire(import.meta.url).resolve('wrangler'));
const { Miniflare, convertV4MiniflareOptions } = wrangler('miniflare') as MiniflareModule;
const { outputFiles } = await build({
  entryPoints: [fileURLToPath(new URL('../worker/mortal-objects.ts', import.meta.url))],
  bundle: true,
  write: false,
  format: 'esm',
  target: 'es2023',
  conditions: ['workerd', 'worker', 'browser'],
  external: ['cloudflare:*', 'node:*'],
});
const worker = new Miniflare(
  convertV4MiniflareOptions({
    name: 'mortal',
    modules: [{ type: 'ESModule', path: 'worker.mjs', contents: outputFiles[0]?.text }],
    compatibilityDate: '2026-10-23',
    compatibilityFlags: ['nodejs_compat'],
    bindings: { PORTCULLIS_LIMITS: 'off' },
    durableObjects: { PORTCULLIS: { className: 'MortalStore', useSQLite: true } },
    resourcePersistencePath: process.argv[2],
    host: '127.0.0.1',
    port: 0,
  }),
);
process.stdout.write(`${(await worker.ready).port}\n`);
