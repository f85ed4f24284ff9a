/** Several processes on one SQLite file, and processes that die: what one process alone cannot show. */
import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { chmodSync, mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { DatabaseSync } from 'node:sqlite';
import { fileURLToPath } from 'node:url';
import { afterAll, describe, expect, it } from 'vitest';
import type { Key } from '../../src/model/store.ts';
import { sqliteStore } from '../../src/stores/sqlite.ts';

const PROGRAMS = new URL('../support/', import.meta.url);
const folder = mkdtempSync(join(tmpdir(), 'portcullis-processes-'));
let made = 0;
const freshPath = (): string => join(folder, `${++made}.db`);
afterAll(() => rmSync(folder, { recursive: true, force: true }));

describe('stores/sqlite over several processes', () => {
  it('spends each code once across processes', async () => {
    const path = freshPath();
    await freshCodes(path, 300);
    const spent = await race(path, 4, 300, 'atomic');
    expect(spent.toSorted((a, b) => a - b)).toEqual(Array.from({ length: 300 }, (_, n) => n));
  });

  it('would be seen to spend codes twice if it wrote without a condition: the race above can fail', async () => {
    let spent: readonly number[] = [];
    for (let round = 0; round < 10 && spent.length <= 1000; round++) {
      const path = freshPath();
      await freshCodes(path, 1000);
      spent = await race(path, 4, 1000, 'naive'); // a busy machine may run one after the other
    }
    expect(spent.length).toBeGreaterThan(1000);
  });

  it('lets processes that open a new file at the same moment make it together, without an error', async () => {
    for (let round = 0; round < 3; round++) {
      const spent = await race(freshPath(), 6, 20, 'create');
      expect(spent.toSorted((a, b) => a - b)).toEqual(Array.from({ length: 20 }, (_, n) => n));
    }
  });

  it('keeps every acknowledged write if the process is killed while writing (FLT-11)', async () => {
    const path = freshPath();
    for (let round = 0; round < 4; round++) {
      const { written, removed } = await writeUntilKilled(path, `round${round}`, 400);
      expect(written.size).toBeGreaterThan(50);
      const database = new DatabaseSync(path);
      expect(database.prepare('PRAGMA integrity_check').all().map(Object.values)).toEqual([['ok']]);
      const store = sqliteStore(database);
      for (const [key, n] of written) {
        const stored = await store.read(key);
        // A removal may have been under way: done, and not yet said. What was said to be removed is gone.
        if (removed.has(key)) expect(stored).toBeNull();
        else if (stored) expect((stored.value as { n: number }).n).toBeGreaterThanOrEqual(n);
        else expect(n).toBe(5);
      }
      const listed = await store.list(`user:round${round}`);
      for (const key of listed.keys) expect(await store.read(key)).not.toBeNull();
      database.close();
    }
  });

  it('names the path and the fix if it has no permission', () => {
    const closed = join(folder, 'closed');
    mkdirSync(closed, { mode: 0o755 });
    chmodSync(folder, 0o755);
    const program = `import { sqliteStore } from ${JSON.stringify(new URL('../../src/stores/sqlite.ts', import.meta.url).href)};
      if (process.getuid() === 0) { process.setgid(65534); process.setuid(65534); } // only now: the source may lie where only root reads
      try { sqliteStore(${JSON.stringify(join(closed, 'x.db'))}); } catch (error) { console.log(error.message); }`;
    if (process.getuid?.() !== 0) chmodSync(closed, 0o555);
    const { stdout } = spawnSync(process.execPath, ['--input-type=module', '-e', program], { encoding: 'utf8' });
    expect(stdout.trim()).toBe(
      `The database ${join(closed, 'x.db')} cannot be opened: no permission. Make file and folder writable for this user.`,
    );
  });
});

function start(program: string, ...parameters: readonly string[]): ChildProcess {
  return spawn(process.execPath, [fileURLToPath(new URL(program, PROGRAMS)), ...parameters], { stdio: ['pipe', 'pipe', 'inherit'] });
}

async function freshCodes(path: string, count: number): Promise<void> {
  const store = sqliteStore(path);
  await Promise.all(Array.from({ length: count }, (_, n) => store.write(`code:${n}`, 'fresh', 'absent')));
  store.close();
}

/** Starts that many racers, lets them go when all are ready, and gives every code that any of them spent. */
async function race(path: string, processes: number, codes: number, way: 'atomic' | 'naive' | 'create'): Promise<number[]> {
  const racers = Array.from({ length: processes }, () => start('sqlite-racer.ts', path, String(codes), way));
  const spent: number[] = [];
  const ready = racers.map(
    (racer) =>
      new Promise<void>((resolve) => {
        createInterface({ input: racer.stdout ?? process.stdin }).on('line', (line) => {
          if (line === 'ready') resolve();
          else spent.push(Number(line.split(' ')[1]));
        });
      }),
  );
  const ended = racers.map((racer) => once(racer, 'close'));
  await Promise.all(ready);
  for (const racer of racers) racer.stdin?.write('go\n');
  for (const [code] of await Promise.all(ended)) expect(code).toBe(0);
  return spent;
}

/** Kills the writer once it has said so many lines, and gives what it had said by then. */
async function writeUntilKilled(path: string, word: string, lines: number): Promise<{ written: Map<Key, number>; removed: Set<Key> }> {
  const writer = start('sqlite-writer.ts', path, word);
  const written = new Map<Key, number>();
  const removed = new Set<Key>();
  let said = 0;
  createInterface({ input: writer.stdout ?? process.stdin }).on('line', (line) => {
    const [verb, key = '', n] = line.split(' ');
    if (verb === 'removed') removed.add(key as Key);
    else if (n !== undefined) written.set(key as Key, Number(n));
    if (++said === lines) writer.kill('SIGKILL');
  });
  await once(writer, 'close');
  return { written, removed };
}
