/** The SQLite store over `better-sqlite3`, which has the shape of `node:sqlite` and its own manners. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { sqliteStore } from '../../src/stores/sqlite.ts';
import type { SqliteDatabase } from '../../src/stores/sqlite-file.ts';
import { storeSuite } from '../../src/testing/store-suite.ts';
import { expectKept } from '../support/store-rules.ts';

const folder = mkdtempSync(join(tmpdir(), 'portcullis-better-'));
let made = 0;
const freshPath = (): string => join(folder, `${++made}.db`);
const Database = createRequire(import.meta.url)('better-sqlite3') as new (path: string) => SqliteDatabase;
const open = (path: string): SqliteDatabase => new Database(path);
afterAll(() => rmSync(folder, { recursive: true, force: true }));

describe('stores/sqlite over better-sqlite3', () => {
  for (const { name, run } of storeSuite) {
    it(name, async () => {
      await expectKept(run, async (now) => {
        const path = freshPath();
        const database = open(path);
        const store = sqliteStore(database, { now });
        const reopen = async (): Promise<typeof store> => (store.close(), database.close(), sqliteStore(open(path), { now }));
        return { store, reopen };
      });
    });
  }

  it('shares a file with node:sqlite', async () => {
    const path = freshPath();
    const here = sqliteStore(open(path));
    const there = sqliteStore(path);
    const version = (await here.write('a:1', 1, 'any')) ?? 0;
    const next = await there.write('a:1', 2, version);
    expect(await here.read('a:1')).toEqual({ value: 2, version: next });
    there.close();
  });

  it('waits for another writer, and says busy when that takes too long', async () => {
    const path = freshPath();
    const database = open(path);
    const store = sqliteStore(database);
    database.exec('PRAGMA busy_timeout = 50');
    const other = open(path);
    other.exec('BEGIN IMMEDIATE');
    await expect(store.write('a:1', 1, 'any', { index: ['user:1'] })).rejects.toMatchObject({ code: 'SQLITE_BUSY' });
    other.exec('COMMIT');
    expect(await store.write('a:1', 1, 'any')).not.toBeNull();
    other.close();
    database.close();
  });
});
