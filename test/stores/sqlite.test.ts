import { copyFileSync, existsSync, mkdirSync, mkdtempSync, renameSync, rmSync, statSync, symlinkSync, writeFileSync } from 'node:fs';
import { DatabaseSync } from 'node:sqlite';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { LAYOUTS } from '../../src/stores/sql.ts';
import { inTransaction, layOut } from '../../src/stores/sqlite-file.ts';
import { sqliteStore } from '../../src/stores/sqlite.ts';
import { makeClock } from '../../src/testing/clock.ts';
import { storeSuite } from '../../src/testing/store-suite.ts';
import { expectKept } from '../support/store-rules.ts';

const folder = mkdtempSync(join(tmpdir(), 'portcullis-sqlite-'));
let made = 0;
const freshPath = (): string => join(folder, `${++made}.db`);
afterAll(() => rmSync(folder, { recursive: true, force: true }));

describe('stores/sqlite', () => {
  for (const { name, run } of storeSuite) {
    it(name, async () => {
      await expectKept(run, async (now) => {
        const path = freshPath();
        const store = sqliteStore(path, { now });
        const reopen = async (): Promise<typeof store> => (store.close(), sqliteStore(path, { now }));
        // With SQLite's own means, while the store is open.
        const copy = async (): Promise<() => Promise<void>> => {
          const other = new DatabaseSync(path);
          other.exec('CREATE TEMP TABLE kept AS SELECT * FROM records');
          return async () => (other.exec('DELETE FROM records; INSERT INTO records SELECT * FROM kept'), other.close());
        };
        return { store, reopen, copy };
      });
    });
  }

  it('migrates a database of an older layout forward, whole or not at all, and refuses a newer one (FLT-22)', async () => {
    const path = freshPath();
    const store = sqliteStore(path);
    await store.write('a:1', 1, 'any');
    store.close();
    const database = new DatabaseSync(path);
    const next = [...LAYOUTS, ['ALTER TABLE records ADD COLUMN extra TEXT', 'CREATE TABLE more (id INTEGER)']];
    const broken = [...LAYOUTS, ['ALTER TABLE records ADD COLUMN extra TEXT', 'CREATE TABLE records (id INTEGER)']];
    const columns = (): unknown[] => database.prepare("SELECT name FROM pragma_table_info('records') WHERE name = 'extra'").all();
    expect(() => inTransaction(database, () => layOut(database, broken))).toThrow('already exists');
    expect(columns()).toHaveLength(0);
    for (let time = 0; time < 2; time++) inTransaction(database, () => layOut(database, next));
    expect(columns()).toHaveLength(1);
    expect({ ...database.prepare('SELECT value FROM records').get() }).toEqual({ value: '1' });
    expect(() => layOut(database, LAYOUTS)).toThrow('newer version');
    database.close();
  });

  it('stops a process of an older version once a newer one has migrated the file (F-70)', async () => {
    const [path, clock] = [freshPath(), { time: 1000 }];
    const store = sqliteStore(path, { now: () => clock.time });
    await store.write('a:1', 1, 'any');
    const newer = new DatabaseSync(path);
    newer.exec(`PRAGMA user_version = ${LAYOUTS.length + 1}`);
    newer.close();
    clock.time += 30;
    await expect(store.write('a:1', 2, 'any')).rejects.toThrow('newer version of Portcullis');
    await expect(store.read('a:1')).rejects.toThrow('newer version of Portcullis');
    store.close();
  });

  it('serves nothing from a file that was moved or replaced, since a restart would lose it, and serves on when it is back', async () => {
    const [path, clock] = [freshPath(), { time: 1000 }];
    const store = sqliteStore(path, { now: () => clock.time });
    await store.write('a:1', 1, 'any');
    copyFileSync(path, `${path}.copy`);
    renameSync(path, `${path}.away`);
    const isRefused = async (): Promise<void> => {
      clock.time += 30;
      await expect(store.read('a:1')).rejects.toThrow('was moved or replaced while it was open. Put it back, or restart this process.');
      await expect(store.write('a:1', 2, 'any')).rejects.toThrow(path);
    };
    await isRefused();
    renameSync(`${path}.copy`, path);
    await isRefused();
    renameSync(`${path}.away`, path);
    expect((await store.read('a:1'))?.value).toBe(1);
    expect(await store.write('a:1', 2, 'any')).not.toBeNull();
    store.close();
  });

  it('waits for another process once, and then hardly, until a write succeeds: it does nothing else meanwhile (FLT-11)', async () => {
    const path = freshPath();
    const [database, other] = [new DatabaseSync(path), new DatabaseSync(path)];
    const store = sqliteStore(database);
    const timeout = (): unknown => ({ ...database.prepare('PRAGMA busy_timeout').get() });
    expect(timeout()).toEqual({ timeout: 5000 });
    database.exec('PRAGMA busy_timeout = 20');
    other.exec('BEGIN IMMEDIATE');
    await expect(store.write('a:1', 1, 'any')).rejects.toThrow('locked');
    expect(timeout()).toEqual({ timeout: 100 });
    await expect(store.write('a:1', 1, 'any')).rejects.toThrow('locked');
    expect(await store.read('a:1')).toBeNull();
    expect(timeout()).toEqual({ timeout: 100 });
    other.exec('ROLLBACK');
    expect(await store.write('a:1', 1, 'any')).not.toBeNull();
    expect(timeout()).toEqual({ timeout: 5000 });
    for (const one of [database, other]) one.close();
  });

  it('makes its file, and what SQLite puts beside it, for its own user only', async () => {
    const path = freshPath();
    const store = sqliteStore(path);
    await store.write('a:1', 1, 'any');
    for (const name of [path, `${path}-wal`, `${path}-shm`]) expect(statSync(name).mode & 0o777).toBe(0o600);
    store.close();
  });

  it('has an answered write on the disk: write-ahead log, and a sync with every commit (FLT-11)', () => {
    const database = new DatabaseSync(freshPath());
    sqliteStore(database);
    expect({ ...database.prepare('PRAGMA journal_mode').get() }).toEqual({ journal_mode: 'wal' });
    expect({ ...database.prepare('PRAGMA synchronous').get() }).toEqual({ synchronous: 2 });
    database.close();
  });

  it('sees at once what another connection wrote, and never overwrites it with an old version', async () => {
    const path = freshPath();
    const [here, there] = [sqliteStore(path), sqliteStore(path)];
    const version = (await here.write('a:1', 1, 'any')) ?? 0;
    const next = await there.write('a:1', 2, version);
    expect(await here.write('a:1', 3, version)).toBeNull();
    expect(await here.read('a:1')).toEqual({ value: 2, version: next });
    here.close();
    there.close();
  });

  it('sweeps a bounded number of records at a time, with their places in lists, and goes round', async () => {
    const clock = { time: 100 };
    const database = new DatabaseSync(freshPath());
    const store = sqliteStore(database, { now: () => clock.time });
    for (let n = 0; n < 25; n++) await store.write(`a:${n}`, n, 'any', { until: n % 5 === 0 ? 1000 : 200, index: ['user:1'] });
    expect(await store.sweep(10)).toBe(0);
    clock.time = 500; // clocks differ: 300 s after their end
    expect([await store.sweep(10), await store.sweep(10), await store.sweep(10), await store.sweep(10)]).toEqual([8, 4, 8, 0]);
    expect((await store.list('user:1')).keys).toHaveLength(5);
    expect({ ...database.prepare('SELECT count(*) AS n FROM entries').get() }).toEqual({ n: 5 });
    database.close();
  });

  it('fails one caller for a bad write, and not the others whose writes were committed with it', async () => {
    const store = sqliteStore(freshPath());
    const answers = await Promise.allSettled([
      store.write('a:1', 1, 'any'),
      store.write('a:2', 1, 'any', { until: NaN }),
      store.write('a:3', 1, 'any', { index: ['user:1'] }),
    ]);
    expect(answers.map(({ status }) => status)).toEqual(['fulfilled', 'rejected', 'fulfilled']);
    expect([await store.read('a:1'), await store.read('a:2'), await store.read('a:3')].map((stored) => stored?.value)).toEqual([
      1,
      undefined,
      1,
    ]);
    store.close();
  });

  it('refuses writes on a full disk, goes on reading, and recovers by itself (FLT-11)', async () => {
    const database = new DatabaseSync(freshPath());
    const store = sqliteStore(database);
    await store.write('a:1', 1, 'any');
    database.exec('PRAGMA max_page_count = 10');
    const many = Array.from({ length: 5 }, (_, n) => store.write(`big:${n}`, 'x'.repeat(50_000), 'any', { index: ['user:1'] }));
    for (const { status } of await Promise.allSettled(many)) expect(status).toBe('rejected');
    await expect(store.write('big:0', 'x'.repeat(50_000), 'any')).rejects.toThrow('its disk is full. Free space on it.');
    expect((await store.read('a:1'))?.value).toBe(1);
    expect(await store.list('user:1')).toEqual({ keys: [] });
    database.exec('PRAGMA max_page_count = 100000');
    expect(await store.write('big:0', 'x'.repeat(50_000), 'any')).not.toBeNull();
    database.close();
  });

  it.runIf(existsSync('/dev/full'))(
    'knows that its disk is full when another process has freed the reserve, and uses none of it (FLT-11)',
    async () => {
      const path = freshPath();
      const clock = makeClock();
      const before = sqliteStore(path);
      await before.write('a:1', 'xx', 'any');
      before.close();
      rmSync(`${path}-room`);
      symlinkSync('/dev/full', `${path}-room`); // freed, and no space to take it again
      const store = sqliteStore(path, { now: clock.now });
      await expect(store.write('a:2', 2, 'absent')).rejects.toThrow('its disk is full. Free space on it.');
      expect((await store.read('a:1'))?.value).toBe('xx');
      const { version = 0 } = (await store.read('a:1')) ?? {};
      expect(await store.write('a:1', 'x', version)).not.toBeNull(); // as a revocation
      rmSync(`${path}-room`);
      clock.pass(1);
      expect(await store.write('a:2', 2, 'absent')).not.toBeNull();
      store.close();
    },
  );

  it('works without a reserve where there is no place for one, and leaves no file that says otherwise', async () => {
    const path = freshPath();
    mkdirSync(`${path}-room`);
    for (let n = 0; n < 2; n++) {
      const store = sqliteStore(path);
      expect(await store.write(`a:${n}`, n, 'absent')).not.toBeNull();
      store.close();
    }
  });

  it('finishes pending writes before it closes, and rejects later ones', async () => {
    const path = freshPath();
    const store = sqliteStore(path);
    const underWay = [store.write('a:1', 1, 'any'), store.write('a:2', 2, 'any')];
    store.close();
    expect(await Promise.all(underWay)).not.toContain(null);
    await expect(store.read('a:1')).rejects.toThrow();
    await expect(store.write('a:1', 1, 'any')).rejects.toThrow();
    expect((await sqliteStore(path).read('a:2'))?.value).toBe(2);
  });

  it('rejects when a stored value is not JSON, without showing it (FLT-24)', async () => {
    const database = new DatabaseSync(freshPath());
    const store = sqliteStore(database);
    await store.write('grant:secret-id', 1, 'any');
    database.exec("UPDATE records SET value = 'half of a hash'");
    const error = await store.read('grant:secret-id').catch((caught: unknown) => caught);
    expect(String(error)).toMatch(/record of kind "grant" is not JSON/);
    expect(String(error)).not.toMatch(/half|secret-id/);
    database.close();
  });

  it('names the path and the fix when the file cannot be used', () => {
    const text = freshPath();
    writeFileSync(text, 'This is a letter, and no database at all. '.repeat(100));
    const taken = freshPath();
    mkdirSync(taken);
    const foreign = freshPath();
    const other = new DatabaseSync(foreign);
    other.exec('CREATE TABLE invoices (id INTEGER)');
    other.close();
    const newer = freshPath();
    sqliteStore(newer).close();
    const raised = new DatabaseSync(newer);
    raised.exec('PRAGMA user_version = 99');
    raised.close();
    const missing = join(folder, 'no', 'such', 'folder', 'x.db');
    const cases: readonly [string, RegExp][] = [
      [missing, /folder does not exist\. Create the folder/],
      [join(text, 'x.db'), /folder does not exist\. Create the folder/],
      [taken, /is a folder\. Name a file/],
      [text, /not an SQLite database\. Move the file away/],
      [foreign, /another program's tables\. Choose another path/],
      [newer, /newer version of Portcullis\. Update Portcullis/],
    ];
    for (const [path, fix] of cases) {
      const message = messageOf(() => sqliteStore(path));
      expect(message).toMatch(fix);
      expect(message).toContain(path);
      expect(message).not.toContain('\n');
    }
  });

  it('works in memory too, for a test that wants SQL without a file', async () => {
    const store = sqliteStore(':memory:');
    await store.write('a:1', 1, 'any');
    expect((await store.read('a:1'))?.value).toBe(1);
    store.close();
  });
});

function messageOf(act: () => unknown): string {
  try {
    act();
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
  throw new Error('Nothing was thrown.');
}
