/** Records on their way through every engine on Node, by the command line; and whole sign-ins on PostgreSQL and Redis. */
import { Redis } from 'ioredis';
import { join } from 'node:path';
import pg from 'pg';
import { describe, expect, it } from 'vitest';
import { runCommand } from '../../src/cli/commands.ts';
import type { Seconds, Store } from '../../src/model/store.ts';
import { postgresStore } from '../../src/stores/postgres.ts';
import { redisStore } from '../../src/stores/redis.ts';
import type { RedisClient } from '../../src/stores/redis-client.ts';
import { sqliteStore } from '../../src/stores/sqlite.ts';
import { makeClock } from '../../src/testing/clock.ts';
import { tokensOf } from '../../src/testing/oauth-client.ts';
import { appOn } from '../support/app.ts';
import { startEngines } from '../support/engines.ts';

const { postgres, redis, folder, open } = await startEngines('runtimes/store-engines');

function onPostgres(url: string, now?: () => Seconds): Store {
  const pool = new pg.Pool({ connectionString: url, max: 4 });
  open.push(() => pool.end());
  return postgresStore(pool, now ? { now } : {});
}

function onRedis(now?: () => Seconds, prefix = `${crypto.randomUUID()}:`): Store {
  const client = new Redis(redis?.url ?? '');
  open.push(() => client.disconnect());
  return redisStore(client as unknown as RedisClient, now ? { now, prefix } : { prefix });
}

describe.skipIf(!postgres || !redis)('runtimes/store-engines', () => {
  const ENGINES: Readonly<Record<string, (now: () => Seconds) => Promise<Store>>> = {
    postgres: async (now) => onPostgres((await postgres?.freshUrl()) ?? '', now),
    redis: async (now) => onRedis(now),
  };

  it.each(Object.keys(ENGINES))('signs in, calls, refreshes, detects a replay and revokes on %s', async (name) => {
    const clock = makeClock();
    const store = await ENGINES[name]?.(clock.now);
    const app = await appOn(store as Store, clock);
    const { client, tokens } = await app.signedIn({ token_endpoint_auth_method: 'client_secret_post' });
    expect((await app.call(tokens.access)).access?.userId).toBe(app.aliceId);
    const [one, two] = await Promise.all([client.refresh(tokens.refresh), client.refresh(tokens.refresh)]);
    expect(tokensOf(one)).toEqual(tokensOf(two)); // the loser of the race gets the same successor
    clock.pass(200);
    expect((await client.refresh(tokens.refresh)).status).toBe(400); // after the grace it is theft
    expect((await app.call(tokensOf(one).access)).status).toBe(401);
    const again = await app.signedIn({ token_endpoint_auth_method: 'client_secret_post' });
    expect((await again.client.revoke(again.tokens.refresh)).status).toBe(200);
    expect((await app.call(again.tokens.access)).status).toBe(401);
    expect(await app.provider.helpers(app.env).health()).toEqual({ ok: true });
    const { code, client: other } = await app.toCode();
    const answers = await Promise.all(Array.from({ length: 8 }, () => other.redeem(code)));
    expect(answers.filter(({ status }) => status === 200)).toHaveLength(1);
  });

  it('is administered by the command line beside a server that runs, on PostgreSQL and on Redis', async () => {
    const url = (await postgres?.freshUrl()) ?? '';
    const prefix = `${crypto.randomUUID()}:`;
    const places = [
      [onPostgres(url), url],
      [onRedis(undefined, prefix), `${redis?.url}?prefix=${prefix}`],
    ] as const;
    for (const [store, place] of places) {
      const app = await appOn(store, makeClock(Math.floor(Date.now() / 1000)), { audit: { keep: '30d' } });
      const { tokens } = await app.signedIn();
      await expect.poll(() => store.read('audit-log:1')).not.toBeNull();
      expect((await app.call(tokens.access)).status).toBe(200);
      const run = async (...argv: string[]): Promise<unknown> => {
        const [out, err]: [string[], string[]] = [[], []];
        const terminal = { out: (line: string) => void out.push(line), err: (line: string) => void err.push(line), open() {}, after: () => () => undefined };
        expect([await runCommand([...argv, '--store', place, '--json'], terminal), err]).toEqual([0, []]);
        return JSON.parse(out.join('\n'));
      };
      expect(await run('user', 'find', 'alice')).toMatchObject({ users: [{ id: app.aliceId }] });
      expect(await run('grant', 'revoke-all', '--user', 'alice', '--yes')).toEqual({ ended: 1 });
      expect((await app.call(tokens.access)).status).toBe(401);
      expect(await run('audit', 'export', '--act', 'grants/revoke-all')).toMatchObject({ kind: 'admin.acted' }); // written before the end
      expect(await run('audit', 'list')).toMatchObject({ act: 'grants/revoke-all', by: expect.stringMatching(/^cli:/), target: app.aliceId });
    }
  }); // prettier-ignore

  it('carries records from SQLite to PostgreSQL to Redis and back by the command line, none lost, each with its end and its lists', async () => {
    const url = (await postgres?.freshUrl()) ?? '';
    const [first, last] = [join(folder, 'first.db'), join(folder, 'last.db')];
    const far = Math.floor(Date.now() / 1000) + 10_000;
    const start = sqliteStore(first);
    for (let n = 0; n < 450; n++)
      await start.write(`grant:${n}`, { n }, 'any', { ...(n % 2 === 0 ? { until: far } : {}), index: [`user:${n % 3}`] });
    start.close();
    const said: string[] = [];
    const run = (...argv: string[]): Promise<number> =>
      runCommand(['store', ...argv], {
        out: (line) => void said.push(line),
        err: (line) => void said.push(line),
        open() {},
        after: () => () => undefined,
      });
    const way = [first, url, `${redis?.url}`, last];
    for (const [at, to] of way.slice(1).entries()) {
      const file = join(folder, `${at}.jsonl`);
      expect([await run('export', way[at] ?? '', file), await run('import', to, file)], said.join('\n')).toEqual([0, 0]);
    }
    expect(said.filter((line) => line.startsWith('450 records imported'))).toHaveLength(3);
    const end = sqliteStore(last);
    const records = [];
    for (let page = await end.all(); ; page = await end.all(page.next)) {
      records.push(...page.records);
      if (page.next === undefined) break;
    }
    expect(new Map(records.map(({ key, value, until, index }) => [key, { value, until, index }]))).toEqual(
      new Map(
        Array.from({ length: 450 }, (_, n) => [
          `grant:${n}`,
          { value: { n }, until: n % 2 === 0 ? far : undefined, index: [`user:${n % 3}`] },
        ]),
      ),
    );
    end.close();
  });
});
