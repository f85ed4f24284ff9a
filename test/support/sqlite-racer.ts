/**
 * A process that races others to spend codes in one SQLite file, and prints the codes that it believes to have spent.
 * Arguments: the file, how many codes, and `atomic` or `naive`. It opens the file when a line comes in on its input, so that several
 * begin together; the naive way reads and then writes without a condition.
 */
import { once } from 'node:events';
import { sqliteStore } from '../../src/stores/sqlite.ts';

const [path = '', count = '0', way = 'atomic'] = process.argv.slice(2);
process.stdout.write('ready\n');
await once(process.stdin, 'data');

const store = sqliteStore(path);
for (let n = 0; n < Number(count); n++) {
  if (way === 'create') {
    if ((await store.write(`code:${n}`, 'spent', 'absent')) !== null) process.stdout.write(`spent ${n}\n`);
    continue;
  }
  const code = await store.read(`code:${n}`);
  if (code?.value !== 'fresh') continue;
  const version = await store.write(`code:${n}`, 'spent', way === 'naive' ? 'any' : code.version);
  if (version !== null) process.stdout.write(`spent ${n}\n`);
}
store.close();
process.exit();
