/** The PostgreSQL store on a real server, by both drivers. */
import { EventEmitter } from 'node:events';
import pg from 'pg';
import postgres from 'postgres';
import { afterAll, describe, expect, it } from 'vitest';
import { withStoreRetry } from '../../src/core/store-retry.ts';
import { NothingDone, type Seconds, type Store } from '../../src/model/store.ts';
import { LAYOUTS, migration } from '../../src/stores/postgres-sql.ts';
import { postgresStore } from '../../src/stores/postgres.ts';
import { overPg, type PgDriver, type PostgresDriver } from '../../src/stores/postgres-driver.ts';
import { storeSuite } from '../../src/testing/store-suite.ts';
import { engineOr, NO_RESTART, oursOr } from '../support/engine.ts';
import { startPostgres } from '../support/postgres.ts';
import { expectKept } from '../support/store-rules.ts';

const server = engineOr('stores/postgres', await startPostgres());
const open: (() => Promise<unknown>)[] = [];
afterAll(async () => {
  await Promise.all(open.map((end) => end()));
  await server?.stop();
});

function poolOf(connectionString: string): pg.Pool {
  const pool = new pg.Pool({ connectionString, max: 4, idleTimeoutMillis: 500 });
  open.push(() => pool.end());
  return pool;
}

/** A pool of the test's own, on which no store listens for broken connections. */
function adminOf(url: string): pg.Pool {
  return poolOf(url).on('error', () => undefined);
}

function sqlOf(url: string): postgres.Sql {
  const sql = postgres(url, { max: 4, onnotice: () => undefined });
  open.push(() => sql.end());
  return sql;
}

type Make = (now: () => Seconds) => Store;
const DRIVERS: Readonly<Record<string, (url: string) => Make>> = {
  pg: (url) => over(poolOf(url)),
  'pg without prepared statements': (url) => over(poolOf(url), false),
  postgres: (url) => over(sqlOf(url)),
};
const over =
  (driver: PgDriver | PostgresDriver, prepare = true): Make =>
  (now) =>
    postgresStore(driver, { now, prepare });

describe.skipIf(!server)('stores/postgres', async () => {
  for (const [driver, connect] of Object.entries(server ? DRIVERS : {})) {
    describe(`by ${driver}`, async () => {
      const url = (await server?.freshUrl()) ?? '';
      const [make, admin] = [connect(url), adminOf(url)];
      for (const { name, run } of storeSuite) {
        it(name, async () => {
          await expectKept(run, async (now) => {
            const store = make(now);
            await store.read('a:1'); // makes the tables; emptying them is quicker than a database for each case
            await admin.query('TRUNCATE portcullis_records, portcullis_entries');
            const copy = async (): Promise<() => Promise<void>> => {
              await admin.query('CREATE TABLE kept AS SELECT * FROM portcullis_records');
              return async () =>
                void (await admin.query('TRUNCATE portcullis_records; INSERT INTO portcullis_records SELECT * FROM kept; DROP TABLE kept'));
            };
            return { store, reopen: async () => make(now), copy };
          });
        });
      }
    });
  }

  it('FLT-22 creates its tables once for any number of simultaneous processes', async () => {
    const url = (await server?.freshUrl()) ?? '';
    const stores = Array.from({ length: 6 }, () => postgresStore(poolOf(url)));
    const answers = await Promise.all(stores.map((store, n) => store.write('a:1', n, 'absent')));
    expect(answers.filter((version) => version !== null)).toHaveLength(1);
    const { rows } = await adminOf(url).query('SELECT layout FROM portcullis_layout');
    expect(rows).toEqual([{ layout: LAYOUTS.length }]);
  });

  it('reads the records of a list with the list, so that a page of a hundred takes one query', async () => {
    const store = postgresStore(poolOf((await server?.freshUrl()) ?? ''));
    for (const n of [1, 2, 3]) await store.write(`grant:${n}`, { n }, 'any', { index: ['user:1'] });
    const { keys, records } = await store.list('user:1', undefined, true);
    expect(keys.map((key) => records?.get(key)?.value)).toEqual([{ n: 1 }, { n: 2 }, { n: 3 }]);
    expect((await store.list('user:1')).records).toBeUndefined();
  });

  it('F-70 keeps to the schema that has its tables, and says so where several have, or none may be made', async () => {
    const url = (await server?.freshUrl()) ?? '';
    const admin = adminOf(url);
    const store = postgresStore(poolOf(url));
    await store.write('a:1', 'ours', 'any');
    await admin.query('CREATE SCHEMA postgres; CREATE TABLE postgres.portcullis_records (LIKE public.portcullis_records INCLUDING ALL)'); // "$user" comes first
    expect((await store.read('a:1'))?.value).toBe('ours');
    expect((await postgresStore(poolOf(url)).read('a:1'))?.value).toBe('ours');
    await admin.query('CREATE TABLE postgres.portcullis_layout (layout int)');
    await expect(postgresStore(poolOf(url)).read('a:1')).rejects.toThrow('several schemas of the search path: postgres, public. Name one');
    expect((await postgresStore(poolOf(url), { schema: 'public' }).read('a:1'))?.value).toBe('ours');
    await admin.query('CREATE SCHEMA "odd ""name"');
    for (const driver of [poolOf(url), sqlOf(url)]) {
      const odd = postgresStore(driver, { schema: 'odd "name' });
      expect(await odd.write('b:1', 1, 'any', { index: ['user:1'] })).not.toBeNull();
      expect([(await odd.list('user:1')).keys, await odd.count?.()]).toEqual([['b:1'], 1]);
      await odd.remove('b:1');
    }
    expect(() => postgresStore(poolOf(url), { schema: '' })).toThrow('`schema`');
  });

  it('F-70 says at the first use which right a role lacks, and works with those that the documentation names', async () => {
    const url = (await server?.freshUrl()) ?? '';
    const admin = adminOf(url);
    const role = `app_${Date.now().toString(36)}`;
    await admin.query(`CREATE ROLE ${role} LOGIN`);
    const as = (): Store => postgresStore(poolOf(Object.assign(new URL(url), { username: role }).href));
    await expect(as().read('a:1')).rejects.toThrow(/may not create tables in the schema public\. GRANT USAGE, CREATE ON SCHEMA public/);
    await postgresStore(poolOf(url)).write('a:1', 1, 'any');
    await admin.query(
      `GRANT SELECT ON portcullis_layout TO ${role}; GRANT SELECT, INSERT ON portcullis_records, portcullis_entries TO ${role}`,
    );
    await expect(as().read('a:1')).rejects.toThrow(/lacks privileges.* UPDATE on "public"\.portcullis_records/);
    await admin.query(`GRANT SELECT, INSERT, UPDATE, DELETE ON portcullis_records, portcullis_entries TO ${role}`);
    const store = as();
    const version = (await store.write('a:2', 1, 'any', { index: ['user:1'] })) ?? 0;
    expect(await store.write('a:2', 2, version, { index: [] })).not.toBeNull();
    expect(await store.remove('a:2')).toBe(true);
  });

  it('says in one line what to do where the user, the database or the right to write is missing, and reads nothing as absent', async () => {
    const url = (await server?.freshUrl()) ?? '';
    await postgresStore(poolOf(url)).write('a:1', 1, 'any');
    const at = (changes: Partial<URL>): string => Object.assign(new URL(url), changes).href;
    for (const driver of [poolOf, sqlOf]) {
      await expect(postgresStore(driver(at({ username: 'stranger' }))).read('a:1')).rejects.toThrow(
        /^PostgreSQL changed nothing: role "stranger" does not exist\. Give the pool the right user and password\.$/,
      );
      await expect(postgresStore(driver(at({ pathname: '/nowhere' }))).read('a:1')).rejects.toThrow(
        /^PostgreSQL changed nothing: database "nowhere" does not exist\. Create the database, or name another one\.$/,
      );
    }
    const replica = postgresStore(poolOf(`${url}?options=-c%20default_transaction_read_only%3Don`));
    expect((await replica.read('a:1'))?.value).toBe(1);
    await expect(replica.write('a:1', 2, 'any')).rejects.toThrow(
      /read-only transaction\. It is read-only: lead the pool to the primary\.$/,
    );
    const owner = adminOf(url);
    const role = `late_${Date.now().toString(36)}`;
    await owner.query(`CREATE ROLE ${role} LOGIN; GRANT SELECT ON portcullis_layout TO ${role};
      GRANT SELECT, INSERT, UPDATE, DELETE ON portcullis_records, portcullis_entries TO ${role}`);
    const late = postgresStore(poolOf(at({ username: role })));
    expect((await late.read('a:1'))?.value).toBe(1);
    await owner.query(`REVOKE SELECT ON portcullis_records FROM ${role}`);
    await expect(late.read('a:1')).rejects.toThrow(
      /permission denied .+ Its user lacks a right: GRANT SELECT, INSERT, UPDATE, DELETE on the tables portcullis_… to it\.$/,
    );
  });

  it('works behind a pooler that loses prepared statements: it prepares none after the first that was lost', async () => {
    const pool = poolOf((await server?.freshUrl()) ?? '');
    const store = postgresStore(pool);
    await store.write('a:1', 1, 'any');
    await store.read('a:1');
    pool.on('acquire', (connection) => void connection.query('DEALLOCATE ALL'));
    await expect(store.read('a:1')).rejects.toThrow(
      /^PostgreSQL changed nothing: prepared statement .+ does not exist\. A pooler .+ prepare: false\.$/,
    );
    for (let n = 0; n < 4; n++) expect((await store.read('a:1'))?.value).toBe(1);
    for (let n = 0; n < 4; n++) expect(await store.write('a:1', 1, 'any')).not.toBeNull();
  });

  it('F-70 stops a process of an older version once a newer one has migrated', async () => {
    const url = (await server?.freshUrl()) ?? '';
    const clock = { time: 1000 };
    const store = postgresStore(poolOf(url), { now: () => clock.time });
    await store.write('a:1', 1, 'any');
    await adminOf(url).query('INSERT INTO portcullis_layout VALUES (99)');
    clock.time += 30;
    await expect(store.write('a:1', 2, 'any')).rejects.toThrow('newer version of Portcullis');
    await expect(store.read('a:1')).rejects.toThrow('newer version of Portcullis');
  });

  it('survives a connection that is killed while it is opened (F-70)', async () => {
    // A pool of our own: with a real one the two messages come in one packet once in some hundred kills.
    const rows = [{ layout: LAYOUTS.length }];
    const connection = Object.assign(new EventEmitter(), { query: async () => ({ rows }), release: () => undefined });
    const pool = Object.assign(new EventEmitter(), {
      totalCount: 0,
      query: connection.query,
      async connect() {
        pool.emit('connect', connection);
        connection.emit('error', new Error('terminating connection due to administrator command')); // throws where no one listens
        return connection;
      },
    });
    await expect(overPg(pool as never, new Map())('SELECT 1', [])).resolves.toEqual(rows);
  });

  it('F-70 answers reads while connections are killed', async () => {
    const url = (await server?.freshUrl()) ?? '';
    const [store, admin] = [withStoreRetry(postgresStore(poolOf(url))), adminOf(url)];
    await store.write('a:1', 1, 'any');
    const kill = 'SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()';
    let failed = 0;
    for (let round = 0; round < 15; round++) {
      const reads = Array.from({ length: 10 }, () => store.read('a:1').catch(() => failed++));
      await admin.query(kill);
      await Promise.all(reads);
    }
    expect(failed).toBeLessThan(20); // of 150: those whose second connection was killed as well. Without a second try it is some 30
  });

  it('FLT-22 migrates forward whole or not at all, and refuses tables of a newer version in one line', async () => {
    const pool = poolOf((await server?.freshUrl()) ?? '');
    await postgresStore(pool).write('a:1', 1, 'any');
    const columns = async (): Promise<number> =>
      (await pool.query("SELECT 1 FROM information_schema.columns WHERE table_name = 'portcullis_records' AND column_name = 'extra'")).rows
        .length;
    const step = 'ALTER TABLE portcullis_records ADD COLUMN extra text';
    await expect(pool.query(migration([...LAYOUTS, [step, 'CREATE TABLE portcullis_layout (x int)']]))).rejects.toThrow('already exists');
    expect(await columns()).toBe(0);
    for (let time = 0; time < 2; time++) await pool.query(migration([...LAYOUTS, [step]]));
    expect(await columns()).toBe(1);
    await expect(postgresStore(pool).read('a:1')).rejects.toThrow(
      /^The tables portcullis_… were written by a newer version .+another database\.$/,
    );
    await pool.query('DELETE FROM portcullis_layout WHERE layout > 1');
    expect((await postgresStore(pool).read('a:1'))?.value).toBe(1);
  });

  it('FLT-10 says of a serialization failure, a deadlock and a refused connection that nothing was done', async () => {
    const failing = (code: string): PgDriver => ({ query: () => Promise.reject(Object.assign(new Error('no'), { code })) });
    for (const code of ['40001', '40P01', '57P03', 'ECONNREFUSED'])
      await expect(postgresStore(failing(code)).read('a:1')).rejects.toBeInstanceOf(NothingDone);
    for (const code of ['57P01', 'ECONNRESET', '23505'])
      await expect(postgresStore(failing(code)).read('a:1')).rejects.toMatchObject({ code });
  });

  it('FLT-10 loses no update where the database runs every transaction as serializable', async () => {
    const url = (await server?.freshUrl()) ?? '';
    const admin = adminOf(url);
    const pool = poolOf(`${url}?options=-c%20default_transaction_isolation%3Dserializable`);
    const store = postgresStore(pool);
    await store.write('count:1', 0, 'absent');
    const raise = async (): Promise<void> => {
      for (;;) {
        try {
          const stored = await store.read('count:1');
          if (stored && (await store.write('count:1', Number(stored.value) + 1, stored.version, { index: ['user:1'] })) !== null) return;
        } catch (error) {
          expect(error).toBeInstanceOf(NothingDone);
        }
      }
    };
    await Promise.all(Array.from({ length: 12 }, raise));
    expect((await store.read('count:1'))?.value).toBe(12);
    const other = await pool.connect();
    await other.query('BEGIN');
    await other.query("UPDATE portcullis_records SET value = '99' WHERE key = 'count:1'");
    const overtaken = store.write('count:1', 13, 'any').catch((error: unknown) => error);
    for (let waits = 0; waits === 0;) waits = (await admin.query('SELECT 1 FROM pg_locks WHERE NOT granted')).rows.length;
    await other.query('COMMIT');
    other.release();
    expect(await overtaken).toBeInstanceOf(NothingDone);
    expect((await store.read('count:1'))?.value).toBe(99);
  });

  it('FLT-05 recovers by itself after the server was killed and restarted, with all confirmed writes', async (test) => {
    const restart = oursOr(test, server?.restart, NO_RESTART);
    const url = (await server?.freshUrl()) ?? '';
    const stores = [postgresStore(poolOf(url)), postgresStore(sqlOf(url))];
    for (const [n, store] of stores.entries()) await store.write(`a:${n}`, n, 'any', { index: ['user:1'] });
    await restart();
    for (const [n, store] of stores.entries()) {
      const read = await store.read(`a:${n}`).catch(() => store.read(`a:${n}`)); // the one that meets the dead connection may fail
      expect(read?.value).toBe(n);
      expect(await store.write(`b:${n}`, 1, 'absent')).not.toBeNull();
    }
  });

  it('refuses something that is neither driver', () => {
    expect(() => postgresStore({} as PgDriver)).toThrow('pass the Pool of `pg`, or the `sql` function of `postgres`');
  });
});
