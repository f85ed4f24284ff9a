/** What the one file holds that `wrangler deploy` makes of a Worker: everything that an import reaches. */
import { build } from 'esbuild';
import { fileURLToPath } from 'node:url';
import { expect, it } from 'vitest';

/** The modules of ours that a Worker holds which imports OAuthProvider from this module. */
async function modulesBehind(path: string, mode: 'production' | 'development' = 'production'): Promise<readonly string[]> {
  const { metafile } = await build({
    stdin: { contents: `export { OAuthProvider } from './src/worker/${path}';`, resolveDir: fileURLToPath(new URL('..', import.meta.url)) },
    bundle: true,
    write: false,
    metafile: true,
    format: 'esm',
    conditions: ['workerd', 'worker'],
    define: { 'globalThis.process.env.NODE_ENV': JSON.stringify(mode) }, // as wrangler does, in deploy and in dev
    external: ['cloudflare:*', 'node:*', '@modelcontextprotocol/*', '@simplewebauthn/*'],
  });
  return Object.values(metafile.outputs).flatMap(({ inputs }) => Object.keys(inputs).map((name) => name.replace(/^.*src\//, '')));
}

it('leaves the sentences for developers out of what goes to production, and keeps them in development', async () => {
  const tables = ['model/advice/sentences.ts', 'model/advice/request.ts'];
  expect(await modulesBehind('main.ts', 'development')).toEqual(expect.arrayContaining(tables));
  expect((await modulesBehind('main.ts')).filter((name) => tables.includes(name))).toEqual([]);
});

it.each(['own-pages.ts', 'workers-oauth-provider.ts'])(
  'holds nothing of pages, logins, accounts and tokens of other sites behind %s',
  async (path) => {
    const modules = await modulesBehind(path);
    const others =
      /^(pages|words|logins|upstreams|endpoints\/account)\/|^core\/(users\/(account|links|passkey|security|seeded)|vault\/(vault|connections)\.ts)/;
    expect(modules.filter((name) => others.test(name))).toEqual([]);
    expect((await modulesBehind('main.ts')).filter((name) => others.test(name)).length).toBeGreaterThan(20);
  },
);
