/** PostgreSQL and Redis for one file of tests, with a folder beside them; all of it goes when the file is through. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll } from 'vitest';
import { engineOr } from './engine.ts';
import { startPostgres, type TestPostgres } from './postgres.ts';
import { startRedis, type TestRedis } from './redis.ts';

/** What a file of tests works with. */
export interface Engines {
  /** Null where the machine has none. */
  readonly postgres: TestPostgres | null;
  /** Null where the machine has none. */
  readonly redis: TestRedis | null;
  /** An empty folder. */
  readonly folder: string;
  /** What is to be ended before the engines are: run one by one, in this order. */
  readonly open: (() => unknown)[];
}

/** Starts them. To be called while the file is read: its last `afterAll` ends them. @param name the path of the file below `test`. */
export async function startEngines(name: string): Promise<Engines> {
  const postgres = engineOr(name, await startPostgres());
  const redis = engineOr(name, await startRedis());
  const folder = mkdtempSync(join(tmpdir(), `portcullis-${name.replaceAll('/', '-')}-`));
  const open: (() => unknown)[] = [];
  afterAll(async () => {
    for (const end of open) await end();
    await postgres?.stop();
    await redis?.stop();
    rmSync(folder, { recursive: true, force: true });
  });
  return { postgres, redis, folder, open };
}
