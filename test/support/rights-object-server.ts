/**
 * A server process for tests of rights that change: the Worker of `test/worker/rights` in a workerd of its own. The first one holds the
 * Durable Objects; the second has none, and reaches those of the first by `script_name`, through the registry of `wrangler dev`. Prints its
 * port. Arguments: a folder, and `holds` or `reaches`. Whoever kills it kills its whole process group, for workerd is a child of it.
 */
import { build } from 'esbuild';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

/** As much of Miniflare as is used here; it comes with wrangler and is not a dependency of ours. */
interface MiniflareModule {
  readonly Miniflare: new (options: unknown) => { readonly ready: Promise<URL> };
  convertV4MiniflareOptions(options: unknown): unknown;
}

const [folder = '', part = 'holds'] = process.argv.slice(2);
const wrangler = createRequire(createRequire(import.meta.url).resolve('wrangler'));
const { Miniflare, convertV4MiniflareOptions } = wrangler('miniflare') as MiniflareModule;
const { outputFiles } = await build({
  entryPoints: [fileURLToPath(new URL('../worker/rights.ts', import.meta.url))],
  bundle: true,
  write: false,
  format: 'esm',
  target: 'es2023',
  conditions: ['workerd', 'worker', 'browser'],
  external: ['cloudflare:*', 'node:*'],
});
const classOf = (className: string): object => (part === 'holds' ? { className, useSQLite: true } : { className, scriptName: 'holds' });
const worker = new Miniflare(
  convertV4MiniflareOptions({
    name: part,
    modules: [{ type: 'ESModule', path: 'worker.mjs', contents: outputFiles[0]?.text }],
    compatibilityDate: '2026-10-23',
    compatibilityFlags: ['nodejs_compat'],
    bindings: { PORTCULLIS_LIMITS: 'off' },
    durableObjects: { PORTCULLIS: classOf('PortcullisStore'), NEWS: classOf('PortcullisNews') },
    resourcePersistencePath: join(folder, part),
    unsafeDevRegistryPath: join(folder, 'registry'),
    host: '127.0.0.1',
    port: 0,
  }),
);
process.stdout.write(`${(await worker.ready).port}\n`);
