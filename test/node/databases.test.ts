import { execFileSync } from 'node:child_process';
import { mkdtempSync, readdirSync, readlinkSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { sqliteDatabases } from '../../src/node/databases.ts';

const folder = join(mkdtempSync(join(tmpdir(), 'portcullis-users-')), 'users');
afterAll(() => rmSync(join(folder, '..'), { recursive: true, force: true }));
const MAKE = 'CREATE TABLE IF NOT EXISTS t (x INTEGER)';

describe('node/databases', () => {
  it('makes a file for each user that only this account of the machine can read', async () => {
    await sqliteDatabases(folder)('ada', {}).query(MAKE, []);
    expect([statSync(folder).mode & 0o777, statSync(join(folder, 'ada.sqlite')).mode & 0o777]).toEqual([0o700, 0o600]);
  });

  it('keeps few files open, and loses no data of the others', async () => {
    const databases = sqliteDatabases(folder);
    const names = Array.from({ length: 100 }, (_, at) => `user-${at}`);
    for (const [at, name] of names.entries()) {
      await databases(name, {}).query(MAKE, []);
      await databases(name, {}).query('INSERT INTO t VALUES (?)', [at]);
    }
    const held = (): number =>
      readdirSync('/proc/self/fd').filter((fd) => nameOf(fd).startsWith(folder) && nameOf(fd).endsWith('.sqlite')).length;
    if (process.platform === 'linux') expect(held()).toBeLessThanOrEqual(64 + 1); // one of the test before
    for (const [at, name] of names.entries()) expect(await databases(name, {}).query('SELECT x FROM t', [])).toEqual([{ x: at }]);
  });

  it('accepts one statement at a time, and runs none of several', async () => {
    const { query } = sqliteDatabases(folder)('several', {});
    await query(`${MAKE};\n`, []);
    expect(() => query('INSERT INTO t VALUES (1); INSERT INTO t VALUES (2)', [])).toThrow(/one statement at a time/);
    expect(await query('SELECT * FROM t', [])).toEqual([]);
  });

  it('counts together with other processes on the same folder', async () => {
    const { query } = sqliteDatabases(folder)('shared', {});
    await query(MAKE, []);
    const path = new URL('../../src/node/databases.ts', import.meta.url).href;
    const script = `import { sqliteDatabases } from ${JSON.stringify(path)};
      const { query } = sqliteDatabases(${JSON.stringify(folder)})('shared', {});
      for (let i = 0; i < 50; i++) query('INSERT INTO t VALUES (?)', [i]);`;
    execFileSync(process.execPath, ['--no-warnings', '--input-type=module', '--eval', script]);
    await query('INSERT INTO t VALUES (50)', []);
    expect(await query('SELECT count(*) AS n FROM t', [])).toEqual([{ n: 51 }]);
  });

  it('names the folder where it cannot be made', () => {
    const path = join(folder, 'ada.sqlite', 'within');
    expect(() => sqliteDatabases(path)('ada', {}).query('SELECT 1', [])).toThrow(path);
  });
});

function nameOf(fd: string): string {
  try {
    return readlinkSync(`/proc/self/fd/${fd}`);
  } catch {
    return ''; // closed meanwhile: the listing's own
  }
}
