import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { runCommand } from '../../src/cli/commands.ts';
import { check } from '../../src/cli/store.ts';
import { memoryStore } from '../../src/stores/memory.ts';
import { sqliteStore } from '../../src/stores/sqlite.ts';
import { freePort } from '../support/port.ts';

const folder = mkdtempSync(join(tmpdir(), 'portcullis-cli-store-'));
let made = 0;
const fresh = (): string => join(folder, `${++made}.db`);
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** Runs a command line: exit code, and what it printed. */
async function run(...argv: string[]): Promise<{ code: number; out: string; err: string }> {
  const [out, err]: [string[], string[]] = [[], []];
  const terminal = {
    out: (line: string) => void out.push(line),
    err: (line: string) => void err.push(line),
    open() {},
    after: () => () => undefined,
  };
  return { code: await runCommand(['store', ...argv], terminal), out: out.join('\n'), err: err.join('\n') };
}

describe('cli/store', () => {
  it('checks a store, and counts what is in it', async () => {
    const path = fresh();
    const store = sqliteStore(path);
    for (let n = 0; n < 5; n++) await store.write(n < 2 ? `client:${n}` : `grant:${n}`, n, 'any');
    store.close();
    const { code, out } = await run('check', path);
    expect([code, out]).toEqual([0, 'The store can be written and read.\nclient       2\ngrant        3']);
  });

  it('counts what it finds while a server changes the store, where an export would not be whole', async () => {
    const store = memoryStore();
    for (let n = 0; n < 3; n++) await store.write(`grant:${n}`, n, 'any');
    const { lines, json } = await check(Object.assign(store, { count: async () => 1000 }));
    expect(lines).toEqual(['The store can be written and read.', 'grant        3']);
    expect(json).toEqual({ works: true, records: { grant: 3 } });
  });

  it('makes the tables of a new store, and says that they have the current layout', async () => {
    const path = fresh();
    expect((await run('migrate', `sqlite:${path}`)).out).toBe('The tables have the current layout.');
    expect((await run('check', path)).code).toBe(0);
  });

  it('makes a data folder where a name that is not there has no extension, as a server takes one', async () => {
    const path = join(folder, 'data');
    expect((await run('migrate', path)).code).toBe(0);
    expect([statSync(path).mode & 0o777, statSync(join(path, 'portcullis.db')).isFile()]).toEqual([0o700, true]);
  });

  it('exports to a new file for its owner only, and imports it into another store, twice if asked', async () => {
    const [from, to, file] = [fresh(), fresh(), fresh()];
    const store = sqliteStore(from);
    for (let n = 0; n < 500; n++) await store.write(`grant:${n}`, { n, text: 'ü\n' }, 'any', { index: ['user:1'] });
    store.close();
    expect((await run('export', from, file)).out).toBe(`500 records written to ${file}. Keep it as secret as the database.`);
    expect(statSync(file).mode & 0o777).toBe(0o600);
    expect((await run('import', to, file)).out).toBe('500 records imported; 0 were there already.');
    expect((await run('import', to, file)).out).toBe('0 records imported; 500 were there already.');
    const again = sqliteStore(to);
    expect((await again.read('grant:499'))?.value).toEqual({ n: 499, text: 'ü\n' });
    expect((await again.list('user:1')).keys[0]).toBe('grant:0');
    again.close();
    const { code, err } = await run('export', from, file);
    expect([code, err]).toEqual([1, `${file} is there already. Name a new file.`]);
    expect(readFileSync(file, 'utf8').split('\n')).toHaveLength(503);
  });

  it('copies the records of tenants and epochs, and writes nothing of an incomplete file (F-12)', async () => {
    const [from, to, file] = [fresh(), fresh(), fresh()];
    const store = sqliteStore(from);
    for (let n = 0; n < 200; n++) await store.write(`acme/2026-11-23@grant:${n}`, n, 'any', { index: ['acme/2026-11-23@user:1'] });
    store.close();
    await run('export', from, file);
    const broken = `${file}-broken`;
    writeFileSync(broken, readFileSync(file, 'utf8').replace('acme/2026-11-23@grant:199', 'nothing'));
    expect(await run('import', to, broken)).toMatchObject({ code: 1, err: 'Line 201 is not a record of an export.' });
    expect((await run('import', to, file)).out).toBe('200 records imported; 0 were there already.');
    expect((await run('check', to)).out).toContain('acme/2026-11-23@grant 200');
  });

  it('says in one line what is wrong, and makes no file by looking', async () => {
    const [missing, half] = [fresh(), fresh()];
    writeFileSync(half, '{"portcullis":"records","v":1}\n');
    expect(await run('check', missing)).toMatchObject({
      code: 1,
      err: `There is no database at ${missing}. Name the folder that the server has as \`data\`.`,
    });
    expect(statSync(missing, { throwIfNoEntry: false })).toBeUndefined();
    expect(await run('import', fresh(), half)).toMatchObject({ code: 1, err: expect.stringMatching(/^The end of the export is missing/) });
    expect(await run('check', 'mysql://localhost')).toMatchObject({ code: 2, err: expect.stringMatching(/^There is no store for mysql/) });
    for (const wrong of [[], ['burn', missing]])
      expect(await run(...wrong)).toMatchObject({ code: 2, err: expect.stringMatching(/^Usage: portcullis store check/) });
    for (const [verb, words, ...given] of [['check', 'STORE'], ['export', 'STORE FILE', missing], ['check', 'STORE', missing, half]])
      expect(await run(verb ?? '', ...given)).toMatchObject({ code: 2, err: `Write: portcullis store ${verb} ${words}. See: portcullis store --help` }); // prettier-ignore
  });

  it('makes no store where the file of an import is missing, and says what the system refuses in one line', async () => {
    const [missing, file] = [fresh(), fresh()];
    expect(await run('import', missing, file)).toMatchObject({
      code: 1,
      err: `${file} is not there. Name the file that portcullis store export wrote.`,
    });
    expect(statSync(missing, { throwIfNoEntry: false })).toBeUndefined();
    for (const verb of ['check', 'migrate'])
      expect(await run(verb, 'x'.repeat(300))).toMatchObject({ code: 1, err: expect.stringMatching(/^ENAMETOOLONG: .*$/) });
  });

  it('says what to do where an export or an import cannot have its file', async () => {
    const [path, folder] = [fresh(), mkdtempSync(join(tmpdir(), 'portcullis-'))];
    sqliteStore(path).close();
    const inNone = join(folder, 'none', 'x.jsonl');
    const says = async (verb: string, file: string): Promise<string> => (await run(verb, path, file)).err;
    expect(await says('export', inNone)).toBe(`The folder of ${inNone} is not there. Create it, or name a file in another one.`);
    expect(await says('export', join(path, 'x.jsonl'))).toBe(`The folder of ${join(path, 'x.jsonl')} is not there. Create it, or name a file in another one.`);
    expect(await says('export', folder)).toBe(`${folder} is there already. Name a new file.`);
    expect(await says('import', folder)).toBe(`${folder} is a folder. Name the file that portcullis store export wrote.`);
    expect(await says('import', join(path, 'x'))).toBe(`${join(path, 'x')} is not there. Name the file that portcullis store export wrote.`);
    rmSync(folder, { recursive: true });
  }); // prettier-ignore

  it('leaves a file alone that was there before an export failed, and removes its own', async () => {
    const [path, there, file] = [fresh(), fresh(), fresh()];
    const store = sqliteStore(path);
    for (let n = 0; n < 500; n++) await store.write(`grant:${n}`, 'x'.repeat(500), 'any');
    store.close();
    const bytes = readFileSync(path);
    writeFileSync(path, bytes.fill(0xff, 3 * 4096, bytes.length - 4096)); // a damaged disk: the tables are there, their rows are not
    writeFileSync(there, 'an earlier export');
    expect(await run('export', path, there)).toMatchObject({ code: 1, err: `${there} is there already. Name a new file.` });
    expect(readFileSync(there, 'utf8')).toBe('an earlier export');
    expect(await run('export', path, file)).toMatchObject({ code: 1, err: expect.stringMatching(/malformed/) });
    expect(statSync(file, { throwIfNoEntry: false })).toBeUndefined();
  });

  it('refuses an address that is not a URL without repeating its password', async () => {
    for (const address of ['postgres://app:hidden@one:5432,two:5432/app?schema=a', 'redis://:hidden@one:x?prefix=a:']) {
      const { code, err } = await run('check', address);
      expect([code, err]).toEqual([2, expect.stringMatching(/^The address of the store cannot be read/)]);
      expect(err).not.toContain('hidden');
    }
  });

  it('names host and port of a store that cannot be reached, and never its password', async () => {
    const refused = `127.0.0.1:${await freePort()}`;
    for (const scheme of ['postgres', 'redis'])
      for (const verb of ['check', 'migrate', 'health', 'sweep', 'export']) {
        const { code, err } = await run(verb, `${scheme}://app:hidden@${refused}/0`, ...(verb === 'export' ? [fresh()] : []));
        expect([verb, code, err]).toEqual([verb, 1, expect.stringContaining(refused)]);
        expect(err).toContain('ECONNREFUSED');
        expect(err).not.toContain('hidden');
      }
  });

  it('prints JSON where asked, and says which verb or flag was probably meant', async () => {
    const [path, file] = [fresh(), fresh()];
    expect(JSON.parse((await run('migrate', path, '--json')).out)).toEqual({ migrated: true });
    expect(JSON.parse((await run('export', path, file, '--json')).out)).toEqual({ written: 0, file });
    expect(JSON.parse((await run('import', path, file, '--json')).out)).toEqual({ written: 0, kept: 0 });
    expect(JSON.parse((await run('check', path, '--json')).out)).toEqual({ works: true, records: {} });
    const [verb, flag] = [await run('exprt', path, file), await run('check', path, '--jsno')];
    expect([verb.code, verb.err]).toEqual([2, 'store has no exprt; did you mean export? See: portcullis store --help']);
    expect([flag.code, flag.err]).toEqual([2, "Unknown option '--jsno'; did you mean --json? See: portcullis store --help"]);
  });
});
