/** What the suite runs against on Node. Tests import it as '#under-test'; vitest picks this file or its sibling for workerd. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Databases } from '../../src/model/user-state.ts';
import type { Seconds, Store } from '../../src/model/store.ts';
import { sqliteDatabases } from '../../src/node/databases.ts';
import { memoryStore } from '../../src/stores/memory.ts';
import { sqliteStore } from '../../src/stores/sqlite.ts';
import { type Around, metered, VERBS } from './trips.ts';

/** The machine below. */
export const runtimeName: 'node' | 'workerd' = 'node';

let folder: string | undefined;
let made = 0;

/** Fresh, empty stores of every kind this runtime has, all on one clock. @param around gets each call of a store. */
export async function makeStores(now: () => Seconds, around?: Around): Promise<readonly { name: string; store: Store }[]> {
  const counted = (store: Store): Store => (around ? metered(store, around, VERBS) : store);
  return [
    { name: 'memory', store: counted(memoryStore({ now })) },
    { name: 'sqlite', store: counted(sqliteStore(freshPath(), { now })) },
  ];
}

/** A path in this process's own temporary folder, which goes with the process. */
function freshPath(): string {
  if (folder === undefined) {
    const path = mkdtempSync(join(tmpdir(), 'portcullis-test-'));
    process.once('exit', () => rmSync(path, { recursive: true, force: true }));
    folder = path;
  }
  return join(folder, `${++made}.db`);
}

/** Databases of users that no one has used. */
export function makeDatabases(): Databases {
  return sqliteDatabases(`${freshPath()}-users`);
}

/** The machine's own verbs. */
export { nodeRuntime as makeRuntime } from '../../src/node/runtime.ts';
