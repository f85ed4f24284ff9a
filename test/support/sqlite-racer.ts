/**
 * A process that races others to spend codes in one SQLite file, and prints the codes that it believes to have spent.
 * Arguments: the file, how many codes, and `atomic` or `naive`. It opens the file when a line comes in on its input, so that several
 * begin together; the naive way reads and then writes without a condition.
 */
import { once } from 'node:events';
import type { Key, Store } from '../../src/model/store.ts';
import { isBusy } from '../../src/stores/sqlite-file.ts';
import { sqliteStore } from '../../src/stores/sqlite.ts';

const [path = '', count = '0', way = 'atomic'] = process.argv.slice(2);
process.stdout.write('ready\n');
await once(process.stdin, 'data');

const store = sqliteStore(path);
/** On a slow disk one of several may wait for the lock longer than SQLite lets it: then nothing was done, and it is asked again. */
async function write(key: Key, when: Parameters<Store['write']>[2]): Promise<number | null> {
  for (;;) {
    try {
      return await store.write(key, 'spent', when);
    } catch (error) {
      if (!isBusy(error)) throw error;
    }
  }
}

for (let n = 0; n < Number(count); n++) {
  if (way === 'create') {
    if ((await write(`code:${n}`, 'absent')) !== null) process.stdout.write(`spent ${n}\n`);
    continue;
  }
  const code = await store.read(`code:${n}`);
  if (code?.value !== 'fresh') continue;
  const version = await write(`code:${n}`, way === 'naive' ? 'any' : code.version);
  if (version !== null) process.stdout.write(`spent ${n}\n`);
}
store.close();
process.exit();
