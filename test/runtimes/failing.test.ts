/**
 * Stores that cannot write: the disk is full, an fsync fails, PostgreSQL is read-only, Redis is out of memory. Where the engine can be
 * brought to it, it really is; else the driver throws what it would throw. No one is signed out: reads go on, writes are 503 with `Retry-After`,
 * `health()` says no, and once the cause is gone all is well again without a restart.
 */
import { Redis } from 'ioredis';
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import pg from 'pg';
import { describe, expect, it } from 'vitest';
import type { Seconds, Store } from '../../src/model/store.ts';
import { postgresStore } from '../../src/stores/postgres.ts';
import type { PgDriver } from '../../src/stores/postgres-driver.ts';
import { redisStore } from '../../src/stores/redis.ts';
import type { RedisClient } from '../../src/stores/redis-client.ts';
import { sqliteStore } from '../../src/stores/sqlite.ts';
import type { SqliteDatabase } from '../../src/stores/sqlite-file.ts';
import { makeClock } from '../../src/testing/clock.ts';
import { registerClient, tokensOf } from '../../src/testing/oauth-client.ts';
import { makeBrowser } from '../../src/testing/browser.ts';
import { appOn } from '../support/app.ts';
import { engineOr } from '../support/engine.ts';
import { startEngines } from '../support/engines.ts';
import { FLEET_ISSUER, FLEET_PERSON, startFleet } from '../support/fleet.ts';

const { postgres, redis, folder, open } = await startEngines('runtimes/failing');

/** A store that can be brought to fail at every write, and repaired. */
interface Ailing {
  readonly store: Store;
  readonly ail: () => Promise<unknown>;
  readonly fix: () => Promise<unknown>;
}

const WRITES = /^\s*(INSERT|UPDATE|DELETE|WITH)/;

async function onPostgres(now: () => Seconds): Promise<{ pool: pg.Pool; admin: pg.Client; name: string; store: Store }> {
  const url = (await postgres?.freshUrl()) ?? '';
  const pool = new pg.Pool({ connectionString: url, max: 4, idleTimeoutMillis: 1 });
  const admin = new pg.Client({ connectionString: url });
  await admin.connect();
  open.push(() => admin.end(), () => pool.end()); // prettier-ignore
  return { pool, admin, name: new URL(url).pathname.slice(1), store: postgresStore(pool, { now }) };
}

function onRedis(): Redis {
  const client = new Redis(redis?.url ?? '');
  open.push(() => client.disconnect());
  return client;
}

/** A driver whose writes reject with an error of its own while it ails. */
function throwing(error: Error & { readonly code?: string }, isWrite: (text: string) => boolean) {
  const state = { ails: false };
  return {
    stop: <T>(text: string, send: () => Promise<T>): Promise<T> => (state.ails && isWrite(text) ? Promise.reject(error) : send()),
    ail: async () => (state.ails = true),
    fix: async () => (state.ails = false),
  };
}

const CAUSES: Readonly<Record<string, { readonly there: boolean; readonly make: (now: () => Seconds) => Promise<Ailing> }>> = {
  'SQLite whose fsync fails (SQLITE_IOERR_FSYNC)': {
    there: true,
    async make(now) {
      const state = { ails: false };
      const broken = Object.assign(new Error('disk I/O error'), { code: 'ERR_SQLITE_ERROR', errcode: 1034 });
      const fail = (text: string): void => {
        if (state.ails && /COMMIT|^\s*(INSERT|UPDATE|DELETE)/.test(text)) throw broken;
      };
      const database = new DatabaseSync(join(folder, 'fsync.db'));
      open.push(() => database.close());
      const ailing: SqliteDatabase = {
        exec: (text) => (fail(text), database.exec(text)),
        close: () => database.close(),
        prepare(text) {
          const statement = database.prepare(text);
          return {
            all: (...given) => (fail(text), statement.all(...given)),
            get: (...given) => (fail(text), statement.get(...given)),
            run: (...given) => (fail(text), statement.run(...given)),
          };
        },
      };
      return { store: sqliteStore(ailing, { now }), ail: async () => (state.ails = true), fix: async () => (state.ails = false) };
    },
  },
  'PostgreSQL that has become read-only (25006)': {
    there: postgres !== null,
    async make(now) {
      const { admin, name, store } = await onPostgres(now);
      const set = async (to: string): Promise<unknown> => {
        await admin.query(`ALTER DATABASE ${name} SET default_transaction_read_only = ${to}`);
        const others = 'SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()';
        await admin.query(others);
        return admin.query('SET default_transaction_read_only = off');
      };
      return { store, ail: () => set('on'), fix: () => set('off') };
    },
  },
  'PostgreSQL whose disk is full (53100)': {
    there: postgres !== null,
    async make(now) {
      const { pool } = await onPostgres(now);
      const { stop, ...rest } = throwing(
        Object.assign(new Error('could not extend file: No space left on device'), { code: '53100' }),
        (text) => WRITES.test(text),
      );
      const driver: PgDriver = { query: (query) => stop(query.text, () => pool.query({ ...query })) };
      return { store: postgresStore(driver, { now }), ...rest };
    },
  },
  'Redis that is out of memory (OOM)': {
    there: redis !== null,
    async make(now) {
      const client = onRedis();
      const limit = (bytes: string) => () => client.call('CONFIG', 'SET', 'maxmemory', bytes);
      return { store: redisStore(client as unknown as RedisClient, { now, prefix: 'oom:' }), ail: limit('1'), fix: limit('0') };
    },
  },
  'Redis that cannot keep its data (MISCONF)': {
    there: redis !== null,
    async make(now) {
      const client = onRedis();
      const { stop, ...rest } = throwing(new Error('MISCONF Errors writing to the AOF file: No space left on device'), (command) => /^(EVAL|SET)/.test(command));
      const ailing: RedisClient = { call: (command, ...given) => stop(command, () => client.call(command, ...given)) };
      return { store: redisStore(ailing, { now, prefix: 'misconf:' }), ...rest };
    },
  },
}; // prettier-ignore

describe.each(Object.entries(CAUSES).filter(([, { there }]) => there))('%s', (_, { make }) => {
  it('FLT-05 FLT-11 refuses writes with 503, goes on reading, signs no user out, and recovers by itself', async () => {
    const clock = makeClock();
    const { store, ail, fix } = await make(clock.now);
    const app = await appOn(store, clock);
    const { client, tokens } = await app.signedIn();
    const { client: other, code } = await app.toCode();
    await ail();
    clock.pass(31); // the schema is looked at again
    for (const answer of [await client.refresh(tokens.refresh), await other.redeem(code)])
      expect([answer.status, answer.headers.has('retry-after')]).toEqual([503, true]);
    expect((await app.call(tokens.access)).status).toBe(200);
    expect((await app.provider.helpers(app.env).health()).ok).toBe(false);
    await fix();
    const next = tokensOf(await client.refresh(tokens.refresh));
    expect((await app.call(next.access)).status).toBe(200);
    expect((await other.redeem(code)).status).toBe(200);
    expect((await app.provider.helpers(app.env).health()).ok).toBe(true);
  });
});

/** Disks that can be filled: only root may make one. */
const disk = (size: string, owner = ''): string | null => {
  const place = mkdtempSync(join(tmpdir(), 'portcullis-disk-'));
  if (spawnSync('mount', ['-t', 'tmpfs', '-o', `size=${size},mode=755${owner === '' ? '' : `,uid=${owner}`}`, 'tmpfs', place]).status !== 0)
    return null;
  open.push(() => (spawnSync('umount', ['-l', place]), rmSync(place, { recursive: true })));
  return place;
};
/** What no engine compresses. */
const noise = (length: number): string => Buffer.from(crypto.getRandomValues(new Uint8Array(length / 2))).toString('hex');
const filled = async (store: Store, bytes: number, until: Seconds): Promise<void> => {
  for (let n = 0; n < 20_000; n++)
    if ((await store.write(`junk:${bytes}-${n}`, noise(bytes), 'any', { until }).catch(() => 'full')) === 'full') return;
  throw new Error('The store took all of it.');
};

/** Stores that are really full: of memory, or of disk. */
const FULL: Readonly<Record<string, { readonly there: boolean; readonly make: (now: () => Seconds) => Promise<{ readonly store: Store; readonly fill: () => Promise<unknown> }> }>> = {
  'Redis that is out of memory': {
    there: redis !== null,
    async make(now) {
      const client = onRedis();
      open.unshift(() => client.call('CONFIG', 'SET', 'maxmemory', '0'));
      return { store: redisStore(client as unknown as RedisClient, { now, prefix: 'full:' }), fill: () => client.call('CONFIG', 'SET', 'maxmemory', '1') };
    },
  },
  'SQLite whose disk is full': {
    there: true,
    async make(now) {
      const place = disk('4m') ?? '';
      const store = sqliteStore(join(place, 'p.db'), { now });
      open.unshift(() => store.close());
      return { store, fill: async () => (await filled(store, 3000, now() + 60), filled(store, 10, now() + 60)) };
    },
  },
  'PostgreSQL whose disk is full': {
    there: postgres !== null,
    async make(now) {
      const place = disk('12m', spawnSync('id', ['-u', 'postgres'], { encoding: 'utf8' }).stdout.trim()) ?? '';
      const { pool, admin } = await onPostgres(now);
      await admin.query(`CREATE TABLESPACE small LOCATION '${place}'`);
      const store = postgresStore(pool, { now });
      await store.read('a:1');
      for (const table of ['portcullis_records', 'portcullis_entries']) await admin.query(`ALTER TABLE ${table} SET TABLESPACE small`);
      return { store, fill: async () => (await filled(store, 1500, now() + 60), filled(store, 10, now() + 60)) };
    },
  },
}; // prettier-ignore
const isRoot = engineOr('runtimes/failing', process.getuid?.() === 0 ? {} : 'only root can make a disk that is full');

describe.skipIf(!isRoot).each(Object.entries(FULL).filter(([, { there }]) => there))('%s', (_, { make }) => {
  it('F-69 F-70 still revokes: a grant by its refresh token, one access token, an app; and sweeps what has expired', async () => {
    const clock = makeClock();
    const { store, fill } = await make(clock.now);
    const app = await appOn(store, clock);
    const people = [await app.signedIn(), await app.signedIn(), await app.signedIn()];
    const { grants } = await app.provider.helpers(app.env).listUserGrants(app.aliceId);
    await fill();
    await expect(app.signedIn()).rejects.toThrow('503');
    const [one, two, three] = people;
    expect((await one!.client.revoke(one!.tokens.refresh)).status).toBe(200);
    expect((await two!.client.revoke(two!.tokens.access)).status).toBe(200);
    const last = grants.find(({ clientId }) => clientId === three!.client.id);
    await app.provider.helpers(app.env).revokeGrant(last!.id, app.aliceId);
    for (const { tokens } of people) expect((await app.call(tokens.access)).status).toBe(401);
    if (!store.sweep) return; // Redis forgets by itself
    clock.pass(1000);
    let swept = 0;
    for (let round = 0; round < 10; round++) swept += await store.sweep(2000);
    expect(swept).toBeGreaterThan(100);
  });
});

const prlimit = engineOr(
  'runtimes/failing',
  spawnSync('sh', ['-c', 'command -v prlimit']).status === 0 ? {} : 'there is no prlimit on this machine (apt-get install util-linux)',
);

describe.skipIf(!prlimit)('a server on SQLite with a full disk', () => {
  it('FLT-11 refuses writes with 503, still reads, and recovers by itself with an intact file', async () => {
    const place = mkdtempSync(join(folder, 'full-'));
    const fleet = await startFleet(place, 1);
    const [server] = fleet.members;
    open.push(() => fleet.stop());
    const send = server!.send;
    const client = await registerClient({ send, issuer: FLEET_ISSUER });
    const tokens = tokensOf(await client.redeem(await client.signIn(makeBrowser(send), FLEET_PERSON)));
    const call = async (token: string): Promise<number> =>
      (await send(new Request(`${FLEET_ISSUER}/mcp`, { method: 'POST', headers: { authorization: `Bearer ${token}` }, body: '{}' })))
        .status;
    const limit = (bytes: string): void => {
      const { status, stderr } = spawnSync('prlimit', [`--pid=${server!.pid()}`, `--fsize=${bytes}:`], { encoding: 'utf8' });
      expect([status, stderr]).toEqual([0, '']);
    };
    limit('1024'); // no file may grow or be written beyond its first kilobyte
    const refused = await client.refresh(tokens.refresh);
    expect([refused.status, refused.headers.has('retry-after')]).toEqual([503, true]);
    expect(await call(tokens.access)).toBe(200);
    limit('unlimited');
    const next = tokensOf(await client.refresh(tokens.refresh));
    expect(await call(next.access)).toBe(200);
    await server!.kill();
    const database = new DatabaseSync(join(place, 'portcullis.db'));
    expect(database.prepare('PRAGMA integrity_check').all().map(Object.values)).toEqual([['ok']]);
    database.close();
  });
});
