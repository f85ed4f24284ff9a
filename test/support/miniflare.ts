/** Miniflare, which comes with wrangler and is no dependency of ours, as much of it as tests use; and Workers of this repository for it. */
import { build } from 'esbuild';
import { createRequire } from 'node:module';
import { fileURLToPath } from 'node:url';

interface MiniflareModule {
  readonly Miniflare: new (options: unknown) => { readonly ready: Promise<URL> };
  convertV4MiniflareOptions(options: unknown): unknown;
}

/** Starts workerd on a free port. @returns the port. To end this process, end its group: workerd is a child of it. */
export async function startMiniflare(options: object): Promise<string> {
  const wrangler = createRequire(createRequire(import.meta.url).resolve('wrangler'));
  const { Miniflare, convertV4MiniflareOptions } = wrangler('miniflare') as MiniflareModule;
  const running = new Miniflare(convertV4MiniflareOptions({ ...options, host: '127.0.0.1', port: 0 }));
  return (await running.ready).port;
}

/** Options of a Worker of `test/worker`, bundled. */
export async function workerFrom(file: string): Promise<object> {
  const { outputFiles } = await build({
    entryPoints: [fileURLToPath(new URL(`../worker/${file}`, import.meta.url))],
    bundle: true,
    write: false,
    format: 'esm',
    target: 'es2023',
    conditions: ['workerd', 'worker', 'browser'],
    external: ['cloudflare:*', 'node:*'],
  });
  return {
    modules: [{ type: 'ESModule', path: 'worker.mjs', contents: outputFiles[0]?.text }],
    compatibilityDate: '2026-10-23',
    compatibilityFlags: ['nodejs_compat'],
  };
}
