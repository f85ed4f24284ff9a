/**
 * A Worker of the folder `workers` in workerd, started by wrangler's own Miniflare. Requests go to workerd directly; this process
 * only starts it. Argument: the Worker's name.
 */
import { build } from 'esbuild';
import { createRequire } from 'node:module';
import { fileURLToPath } from 'node:url';

/** As much of Miniflare as is used here; it comes with wrangler and is not a dependency of ours. */
interface MiniflareModule {
  readonly Miniflare: new (options: unknown) => { readonly ready: Promise<URL>; dispose(): Promise<void> };
  convertV4MiniflareOptions(options: unknown): unknown;
}

/** The Durable Objects of each Worker, by binding. */
const CLASSES: Readonly<Record<string, Readonly<Record<string, string>>>> = {
  floor: { PORTCULLIS: 'Rows' },
  ours: { PORTCULLIS: 'PortcullisStore' },
  'ours-cached': { PORTCULLIS: 'PortcullisStore' },
  mcp: { PORTCULLIS: 'PortcullisStore' },
  'mcp-cached': { PORTCULLIS: 'PortcullisStore' },
  agents: { AGENTS_MCP: 'AgentsMcp' },
  stores: { PORTCULLIS: 'BenchStore' },
  cost: { PORTCULLIS: 'CostStore' },
};
/** One for each number of grants that the bench of stores asks workerd to hold. */
const DATABASES = ['D1_1000', 'D1_10000', 'D1_100000'];

const [name = ''] = process.argv.slice(2);
const wrangler = createRequire(createRequire(import.meta.url).resolve('wrangler'));
const { Miniflare, convertV4MiniflareOptions } = wrangler('miniflare') as MiniflareModule;

const { outputFiles } = await build({
  entryPoints: [fileURLToPath(new URL(`../workers/${name}.ts`, import.meta.url))],
  bundle: true,
  minify: true,
  write: false,
  format: 'esm',
  target: 'es2023',
  conditions: ['workerd', 'worker', 'browser'],
  define: { 'globalThis.process.env.NODE_ENV': '"production"' }, // as `wrangler deploy` does
  external: ['cloudflare:*', 'node:*'],
  ...(name === 'agents' ? { alias: { mimetext: fileURLToPath(new URL('../workers/nothing.ts', import.meta.url)) } } : {}),
});
const objects = Object.entries(CLASSES[name] ?? {}).map(([binding, className]) => [binding, { className, useSQLite: true }] as const);
const worker = new Miniflare(
  convertV4MiniflareOptions({
    name,
    modules: [{ type: 'ESModule', path: 'worker.mjs', contents: outputFiles[0]?.text }],
    compatibilityDate: '2026-10-23',
    compatibilityFlags: ['nodejs_compat'],
    ...(name === 'cost' ? {} : { bindings: { PORTCULLIS_LIMITS: 'off' } }),
    ...(name === 'stores' ? { d1Databases: DATABASES } : name === 'cost' ? { d1Databases: ['D1'] } : {}),
    ...(objects.length === 0 ? {} : { durableObjects: Object.fromEntries(objects) }),
    ...(name === 'incumbent' || name === 'agents' || name === 'cost' ? { kvNamespaces: ['OAUTH_KV'] } : {}),
    host: '127.0.0.1',
    port: 0,
  }),
);
const url = await worker.ready;
process.once('SIGTERM', () => void worker.dispose().then(() => process.exit()));
console.log(`listening ${url.port}`);
