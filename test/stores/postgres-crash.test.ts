/** What two processes make of a PostgreSQL that lost its last writes: a crash with `synchronous_commit=off`, as after a failover or PITR. */
import pg from 'pg';
import { afterAll, describe, expect, it } from 'vitest';
import { postgresStore } from '../../src/stores/postgres.ts';
import { makeClock } from '../../src/testing/clock.ts';
import { type App, appOn } from '../support/app.ts';
import { engineOr } from '../support/engine.ts';
import { startPostgres } from '../support/postgres.ts';

// The WAL writer may take its time, so that what is lost is more than a moment.
const server = engineOr('stores/postgres-crash', await startPostgres('synchronous_commit=off', 'wal_writer_delay=10000'));
const open: pg.Pool[] = [];
afterAll(async () => {
  await Promise.all(open.map((pool) => pool.end()));
  await server?.stop();
});

function poolOf(connectionString: string): pg.Pool {
  const pool = new pg.Pool({ connectionString, max: 2 }).on('error', () => undefined);
  open.push(pool);
  return pool;
}

describe.skipIf(!server)('stores/postgres after kill -9', () => {
  it('F-14 refuses a revoked grant in every process, also in one that has read the states which were lost', async () => {
    const url = (await server?.freshUrl()) ?? '';
    const clock = makeClock();
    const processOn = (): Promise<App> => appOn(postgresStore(poolOf(url), clock), clock);
    const [a, b] = [await processOn(), await processOn()];
    const admin = poolOf(url);
    const { client, tokens: first } = await a.signedIn();
    const versionOf = async (): Promise<string> => {
      const { rows } = await admin.query<{ version: string }>("SELECT version FROM portcullis_records WHERE key LIKE 'grant:%'");
      return rows[0]?.version ?? '';
    };
    await admin.query('CHECKPOINT');
    const kept = await versionOf();
    await client.refresh(first.refresh);
    expect((await b.call(first.access)).status).toBe(200); // b knows the grant as it is after the refresh
    const lost = await versionOf();
    await server?.kill?.();
    expect(await versionOf()).toBe(kept); // else nothing was lost, and this test shows nothing
    await client.revoke(first.access);
    expect([(await a.call(first.access)).status, (await b.call(first.access)).status]).toEqual([401, 401]);
    expect(await versionOf()).not.toBe(lost);
  });
});
