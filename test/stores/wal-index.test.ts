/** Rows are remembered between two commits of anyone, and never a moment longer. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, mkdtempSync, openSync, readSync, rmSync, writeSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { DatabaseSync } from 'node:sqlite';
import { afterAll, describe, expect, it } from 'vitest';
import type { Row } from '../../src/stores/sql.ts';
import { sqliteStore } from '../../src/stores/sqlite.ts';
import { type ReadMemory, readMemory } from '../../src/stores/wal-index.ts';

const folder = mkdtempSync(join(tmpdir(), 'portcullis-wal-index-'));
let made = 0;
const freshPath = (): string => join(folder, `${++made}.db`);
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const ROW: Row = { version: 1, until: 9e9, value: '1' };
const isLinux = process.platform === 'linux';
if (!isLinux) console.warn('Skipped: stores/wal-index: only on Linux is the index of a log shared memory that others may read.');

/** A database with a memory that has seen a commit of its own. */
function open(): { readonly path: string; readonly database: DatabaseSync; readonly memory: ReadMemory; readonly commit: () => void } {
  const path = freshPath();
  const database = new DatabaseSync(path);
  database.exec('PRAGMA journal_mode = WAL; CREATE TABLE t (n); INSERT INTO t VALUES (0)');
  const memory = readMemory(path);
  if (!memory) throw new Error('There is no memory here.');
  return { path, database, memory, commit: () => database.exec('UPDATE t SET n = n + 1') };
}

describe.runIf(isLinux)('stores/wal-index', () => {
  it('caches what was read until any connection commits', () => {
    const { path, database, memory, commit } = open();
    commit();
    memory.committed();
    expect(memory.find('a:1')).toBeUndefined();
    memory.keep('a:1', ROW);
    expect([memory.find('a:1'), memory.find('a:2')]).toEqual([ROW, undefined]);
    database.prepare('SELECT n FROM t').all();
    database.exec('BEGIN IMMEDIATE; UPDATE t SET n = 0; ROLLBACK; PRAGMA wal_checkpoint(PASSIVE)');
    expect(memory.find('a:1')).toBe(ROW);
    const other = new DatabaseSync(path);
    for (const change of [
      'UPDATE t SET n = n + 1',
      'CREATE TABLE u (n)',
      'VACUUM',
      'PRAGMA wal_checkpoint(RESTART); UPDATE t SET n = n + 1',
      'PRAGMA wal_checkpoint(TRUNCATE); UPDATE t SET n = n + 1',
    ]) {
      memory.find('a:1');
      memory.keep('a:1', ROW);
      expect(memory.find('a:1')).toBe(ROW);
      other.exec(change);
      expect(memory.find('a:1')).toBeUndefined();
    }
    other.close();
    commit();
    expect(memory.find('a:1')).toBeUndefined();
    database.close();
  });

  it('drops a row that another connection changed between reading the header and the row', () => {
    const { path, database, memory, commit } = open();
    commit();
    memory.committed();
    memory.find('a:1');
    const other = new DatabaseSync(path);
    other.exec('UPDATE t SET n = 7');
    memory.keep('a:1', ROW);
    expect(memory.find('a:1')).toBeUndefined();
    other.close();
    database.close();
  });

  it('knows nothing before a commit of its own has shown in the header, and nothing ever after one did not', () => {
    const { database, memory, commit } = open();
    memory.find('a:1');
    memory.keep('a:1', ROW);
    expect(memory.find('a:1')).toBeUndefined();
    commit();
    memory.committed();
    memory.committed(); // says that something was committed, and nothing shows
    commit();
    memory.committed();
    memory.find('a:1');
    memory.keep('a:1', ROW);
    expect(memory.find('a:1')).toBeUndefined();
    database.close();
  });

  it('knows nothing while the two copies of the header differ, or it cannot be read', () => {
    const { path, database, memory, commit } = open();
    commit();
    memory.committed();
    memory.find('a:1');
    memory.keep('a:1', ROW);
    const side = openSync(`${path}-shm`, 'r+');
    const byte = Buffer.alloc(1);
    readSync(side, byte, 0, 1, 30);
    writeSync(side, Buffer.from([(byte[0] ?? 0) ^ 0xff]), 0, 1, 30); // a random byte: it may be any
    for (let count = 0; count < 3; count++) {
      expect(memory.find('a:1')).toBeUndefined();
      memory.keep('a:1', ROW);
    }
    expect(memory.find('a:1')).toBeUndefined();
    commit(); // SQLite repairs the header
    memory.committed();
    memory.find('a:1');
    memory.keep('a:1', ROW);
    expect(memory.find('a:1')).toBe(ROW);
    closeSync(side);
    database.close(); // and with it the descriptor
    for (let count = 0; count < 2; count++) {
      expect(memory.find('a:1')).toBeUndefined();
      memory.keep('a:1', ROW);
    }
  });

  it('keeps a bounded number of rows, and no large ones', () => {
    const { database, memory, commit } = open();
    commit();
    memory.committed();
    memory.find('a:1');
    for (let n = 0; n <= 2000; n++) memory.keep(`a:${n}`, ROW);
    memory.keep('a:large', { ...ROW, value: 'x'.repeat(16_385) });
    expect([memory.find('a:0'), memory.find('a:1'), memory.find('a:2000'), memory.find('a:large')]).toEqual([
      undefined,
      ROW,
      ROW,
      undefined,
    ]);
    database.close();
  });

  it('is not there for a database without a WAL-index', () => {
    expect([readMemory(':memory:'), readMemory(join(folder, 'missing.db'))]).toEqual([null, null]);
  });
});

describe('stores/sqlite with what it remembers', () => {
  it('sees every commit of another connection on the very next read, 2,000 times to and fro', async () => {
    const path = freshPath();
    const stores = [sqliteStore(path), sqliteStore(path)] as const;
    await stores[0].write('a:1', 0, 'any');
    await stores[1].write('a:1', 0, 'any');
    for (let round = 1; round <= 2000; round++) {
      const [here, there] = round % 2 === 0 ? stores : [stores[1], stores[0]];
      if (round % 7 === 0) {
        expect(await there.remove('a:1')).toBe(true);
        expect(await here.read('a:1')).toBeNull();
      }
      await there.write('a:1', round, 'any');
      for (let time = 0; time < 2; time++) expect((await here.read('a:1'))?.value).toBe(round);
    }
    stores[0].close();
    expect((await stores[1].read('a:1'))?.value).toBe(2000);
    stores[1].close();
  });

  it('sees every commit of another process, with checkpoints and VACUUM between, also after a store beside it was closed', async () => {
    const path = freshPath();
    const [store, beside] = [sqliteStore(path), sqliteStore(path)];
    await store.write('a:1', 0, 'any');
    await beside.write('a:1', 0, 'any');
    const program = `const database = new (require('node:sqlite').DatabaseSync)(${JSON.stringify(path)});
      database.exec('PRAGMA busy_timeout = 5000');
      require('node:readline').createInterface({ input: process.stdin }).on('line', (line) => { database.exec(line); console.log('done'); });`;
    const other = spawn(process.execPath, ['-e', program], { stdio: ['pipe', 'pipe', 'inherit'] });
    const said = createInterface({ input: other.stdout })[Symbol.asyncIterator]();
    const tell = async (statement: string): Promise<void> => {
      other.stdin.write(`${statement}\n`);
      expect((await said.next()).value).toBe('done');
    };
    const between = ['SELECT 1', 'PRAGMA wal_checkpoint(TRUNCATE)', 'VACUUM', 'PRAGMA wal_checkpoint(RESTART)'];
    for (let round = 1; round <= 400; round++) {
      await tell(`UPDATE records SET value = '${round}', version = ${1000 + round}`);
      for (let time = 0; time < 2; time++) expect((await store.read('a:1'))?.value).toBe(round);
      if (round % 10 === 0) await tell(between[(round / 10) % between.length] ?? '');
      if (round === 200) beside.close();
    }
    await tell('DELETE FROM records');
    expect(await store.read('a:1')).toBeNull();
    expect(await store.write('a:1', 'new', 'absent')).not.toBeNull();
    other.stdin.end();
    await once(other, 'close');
    expect((await store.read('a:1'))?.value).toBe('new');
    store.close();
  });

  it('shows its own writes at once, and none that failed', async () => {
    const store = sqliteStore(freshPath());
    let version = (await store.write('a:1', 0, 'any')) ?? 0;
    for (let round = 1; round <= 100; round++) {
      expect((await store.read('a:1'))?.value).toBe(round - 1);
      const writes = await Promise.all([
        store.write('a:1', round, version),
        store.write('a:1', 'late', version),
        store.write('b:1', 1, 'any'),
      ]);
      expect(writes[1]).toBeNull();
      version = writes[0] ?? 0;
      expect(await store.read('a:1')).toEqual({ value: round, version });
    }
    store.close();
  });

  it('lets what it remembers expire, and gives every reader a copy', async () => {
    const clock = { time: 100 };
    const store = sqliteStore(freshPath(), { now: () => clock.time });
    await store.write('a:1', { list: [1] }, 'any', { until: 200 });
    for (let time = 0; time < 3; time++) {
      const value = (await store.read('a:1'))?.value as { list: number[] };
      expect(value).toEqual({ list: [1] });
      value.list.push(2);
    }
    clock.time = 199;
    expect(await store.read('a:1')).not.toBeNull();
    clock.time = 200;
    expect(await store.read('a:1')).toBeNull();
    store.close();
  });
});
