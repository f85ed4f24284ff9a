/** Each cell of docs/reference/comparison.md, looked up in the packages as they are published. */
import { existsSync, globSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { beforeAll, describe, expect, it } from 'vitest';
import { installTheirs } from '../support/beside.ts';

const root = fileURLToPath(new URL('../..', import.meta.url));
const page = readFileSync(`${root}docs/reference/comparison.md`, 'utf8');
/** Where the files of each column are, and the version that the page names. */
const COLUMNS = [
  { folder: root, files: 'src/**/*.ts', manifest: 'package.json' },
  { folder: `${root}bench/node_modules/@cloudflare/workers-oauth-provider/`, files: 'dist/*.js', manifest: 'package.json', version: '1.2.3' },
  { folder: `${root}node_modules/oidc-provider/`, files: 'lib/**/*.js', manifest: 'package.json', version: '9.13.3' },
  { folder: `${root}node_modules/@modelcontextprotocol/sdk/dist/esm/server/auth/`, files: '**/*.js', manifest: '../../../../package.json', version: '1.32.2' },
  { folder: `${root}bench/node_modules/`, files: '{better-auth,@better-auth/{core,oauth-provider,kysely-adapter}}/dist/**/*.mjs', manifest: 'better-auth/package.json', version: '1.7.5' },
]; // prettier-ignore
const rows = [...page.matchAll(/^\| ([A-Z].*?) \| (.*) \|$/gm)].map(([, name = '', cells = '']) => ({ name, cells: cells.split(' | ') }));

beforeAll(() => installTheirs());

describe('docs/reference/comparison.md', () => {
  it('is about the versions that are installed here', () => {
    for (const { folder, manifest, version } of COLUMNS.slice(1)) {
      expect(JSON.parse(readFileSync(folder + manifest, 'utf8'))).toMatchObject({ version });
      expect(page).toContain(version);
    }
    expect(rows.length).toBeGreaterThan(12);
  });

  it.each(rows)('says what is so of: $name', ({ cells }) => {
    expect(cells).toHaveLength(COLUMNS.length);
    const wrong = cells.filter((cell, at) => {
      const { folder = '', files = '' } = COLUMNS[at] ?? {};
      const [, yes, path = '', text = ''] = /^(yes): `([^`]+)`, `([^`]+)`(?: \([^)]*\))?$/.exec(cell) ?? [];
      if (yes) return !existsSync(folder + path) || !readFileSync(folder + path, 'utf8').includes(text);
      const [, no] = /^no: `([^`]+)`$/.exec(cell) ?? [];
      const all = globSync(files, { cwd: folder });
      return (
        no === undefined ||
        all.length === 0 ||
        all.some((file) =>
          readFileSync(folder + file, 'utf8')
            .toLowerCase()
            .includes(no.toLowerCase()),
        )
      );
    });
    expect(wrong).toEqual([]);
  });
});
