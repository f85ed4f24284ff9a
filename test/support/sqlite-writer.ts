/**
 * A process that writes to a SQLite store until it is killed. It says what it was answered, one line each, only after the answer:
 * `wrote KEY N` and `removed KEY`. Arguments: the file, and a word that makes its keys its own.
 */
import type { Key } from '../../src/model/store.ts';
import { sqliteStore } from '../../src/stores/sqlite.ts';

const [path = '', word = ''] = process.argv.slice(2);
const store = sqliteStore(path);

async function writeOn(lane: number): Promise<never> {
  for (let n = 0; ; n++) {
    const key: Key = `grant:${word}-${lane}-${n}`;
    let version = await store.write(key, { n: 0, padding: 'x'.repeat(1500) }, 'absent', { index: [`user:${word}`] });
    for (let step = 1; step <= 5; step++) {
      version = await store.write(key, { n: step, padding: 'y'.repeat(1500) }, version ?? 'any');
      process.stdout.write(`wrote ${key} ${step}\n`);
    }
    if (n % 3 === 0 && (await store.remove(key))) process.stdout.write(`removed ${key}\n`);
  }
}

await Promise.all([0, 1, 2, 3].map(writeOn));
