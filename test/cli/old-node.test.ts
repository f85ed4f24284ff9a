/** The command line and `serve` on a Node without SQLite, and its silence about SQLite where nothing asks for a store. */
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, describe, expect, it } from 'vitest';

const main = fileURLToPath(new URL('../../src/cli/main.ts', import.meta.url));
const folder = mkdtempSync(join(tmpdir(), 'portcullis-old-node-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

function run(flags: readonly string[], ...argv: readonly string[]): { readonly status: number | null; readonly err: string } {
  const { status, stderr } = spawnSync(process.execPath, [...flags, main, ...argv], { encoding: 'utf8', timeout: 240_000 });
  return { status, err: stderr };
}

/** Node 20 has no `node:sqlite`; this flag takes it away from a newer one. */
const WITHOUT = ['--no-experimental-sqlite'];

describe('the command line', () => {
  it('runs connect on a Node without SQLite, and loads no store for it (N-13)', () => {
    const { status, err } = run(WITHOUT, 'connect', 'http://localhost:1/mcp');
    expect([status, err]).toEqual([1, expect.stringContaining('Cannot reach http://localhost:1')]);
  });

  it('says which Node a SQLite store needs, in one line (N-13)', () => {
    const { status, err } = run(WITHOUT, 'store', 'migrate', folder);
    expect([status, err]).toEqual([
      1,
      `SQLite needs Node 22.13 or newer, and this is ${process.version}. Install a newer Node and try again.\n`,
    ]);
  });

  it('is not alone: a server with a data folder says the same', () => {
    const index = new URL('../../src/node/index.ts', import.meta.url).href;
    const main = new URL('../../src/node/main.ts', import.meta.url).href;
    const program = `
      import { serve } from '${index}';
      import { OAuthProvider } from '${main}';
      const handler = () => new Response();
      const app = new OAuthProvider({ apiRoute: '/mcp', apiHandler: handler, defaultHandler: handler, logins: [] });
      await serve(app, { port: 0, data: ${JSON.stringify(folder)} }).catch(({ message }) => console.error(message));`;
    const { status, stderr } = spawnSync(process.execPath, [...WITHOUT, '--input-type=module', '--eval', program], {
      encoding: 'utf8',
      timeout: 240_000,
    });
    expect([status, stderr]).toEqual([
      0,
      `SQLite needs Node 22.13 or newer, and this is ${process.version}. Install a newer Node and try again.\n`,
    ]);
  });

  it('prints no warning about SQLite where no SQLite is used (N-13)', () => {
    const { err } = run([], 'connect', 'http://localhost:1/mcp');
    expect(err).not.toContain('ExperimentalWarning');
    expect(run([], 'store', 'migrate', folder).status).toBe(0);
  });
});
