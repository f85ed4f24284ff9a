/**
 * What a fault of the store costs: four processes on one store, callers that read and refresh without a pause, and a fault of two seconds. How many were
 * refused, how long the slowest answer took, and when the last refusal was, counted from the end of the fault.
 */
import { Redis } from 'ioredis';
import { spawnSync } from 'node:child_process';
import { setTimeout as wait } from 'node:timers/promises';
import pg from 'pg';
import { makeBrowser } from '../src/testing/browser.ts';
import { registerClient, tokensOf } from '../src/testing/oauth-client.ts';
import { FLEET_ISSUER, FLEET_PERSON, type Fleet, type Member, startFleet } from '../test/support/fleet.ts';
import type { TestPostgres } from '../test/support/postgres.ts';
import { startSwallower } from '../test/support/proxy.ts';
import { startRedis, type TestRedis } from '../test/support/redis.ts';

const PROCESSES = 4;
const FAULT_MS = 2000;
/** All is well when nothing was refused for so long. */
const QUIET_MS = 4000;

/** A store with a fault that can be put in and taken out. */
interface Ground {
  readonly place: string;
  begin(fleet: Fleet): Promise<unknown>;
  /** What takes it away; absent for connections that hang, which never come back. */
  end?(fleet: Fleet): Promise<unknown>;
  stop?(): unknown;
}

/** What the faults are tried on. */
export interface Grounds {
  sqlite(): Promise<string>;
  readonly postgres: TestPostgres | null;
  readonly redis: TestRedis | null;
}

function groundsOf({ sqlite, postgres, redis }: Grounds): Readonly<Record<string, () => Promise<Ground | null>>> {
  const limit = async (fleet: Fleet, bytes: string): Promise<void> => {
    for (const member of fleet.members) spawnSync('prlimit', [`--pid=${member.pid()}`, `--fsize=${bytes}:`]);
  };
  const hanging = async (url: string): Promise<Ground> => {
    const proxy = await startSwallower(Number(new URL(url).port));
    const place = Object.assign(new URL(url), { port: String(proxy.port) }).href;
    return { place, begin: async () => proxy.hang(), stop: () => proxy.stop() };
  };
  return {
    'sqlite: no room on the disk, then room': async () => ({
      place: await sqlite(),
      begin: (fleet) => limit(fleet, '1024'),
      end: (fleet) => limit(fleet, 'unlimited'),
    }),
    'postgres: killed, then started': async () =>
      postgres?.restart ? { place: await postgres.freshUrl(), begin: postgres.restart } : null,
    'postgres: open connections swallow all bytes': async () => (postgres ? hanging(await postgres.freshUrl()) : null),
    'postgres: demoted to read-only, then the primary again': async () => {
      if (!postgres) return null;
      const place = await postgres.freshUrl();
      const admin = new pg.Client({ connectionString: place });
      await admin.connect();
      const set = async (to: string): Promise<void> => {
        await admin.query(`ALTER DATABASE ${new URL(place).pathname.slice(1)} SET default_transaction_read_only = ${to}`);
        await admin.query(
          'SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()',
        );
        await admin.query('SET default_transaction_read_only = off');
      };
      return { place, begin: () => set('on'), end: () => set('off'), stop: () => admin.end() };
    },
    'redis: killed, then started': async () => (redis?.restart ? { place: `${redis.url}/11`, begin: redis.restart } : null),
    'redis: open connections swallow all bytes': async () => (redis ? hanging(`${redis.url}/12`) : null),
    'redis: no memory left, then more': async () => {
      if (!redis) return null;
      const admin = new Redis(redis.url);
      const set = (bytes: string): Promise<unknown> => admin.config('SET', 'maxmemory', bytes);
      return { place: `${redis.url}/13`, begin: () => set('1'), end: () => set('0'), stop: () => admin.disconnect() };
    },
    'redis: primary killed, replica promoted': async () => {
      if (!redis) return null;
      const [primary, replica] = [await startRedis('--databases', '1'), await startRedis('--databases', '1')];
      if (typeof primary === 'string' || typeof replica === 'string') return null;
      const admin = new Redis(replica.url);
      await admin.call('REPLICAOF', '127.0.0.1', new URL(primary.url).port);
      const proxy = await startSwallower(Number(new URL(primary.url).port));
      return {
        place: `redis://127.0.0.1:${proxy.port}`,
        begin: () => primary.stop(),
        async end() {
          await admin.call('REPLICAOF', 'NO', 'ONE');
          proxy.lead(Number(new URL(replica.url).port));
        },
        stop: () => (proxy.stop(), admin.disconnect(), replica.stop()),
      };
    },
  };
}

/** Rows of the table of faults. @param names of the engines that are wanted; all where absent. */
export async function faultRows(grounds: Grounds, names?: readonly string[]): Promise<readonly string[]> {
  const rows: string[] = [];
  for (const [name, make] of Object.entries(groundsOf(grounds))) {
    if (names && !names.some((one) => name.startsWith(one))) continue;
    const ground = await make();
    if (ground) rows.push(await rowOf(name, ground));
  }
  return rows;
}

async function rowOf(name: string, ground: Ground): Promise<string> {
  const fleet = await startFleet(ground.place, PROCESSES);
  try {
    const seen = { calls: 0, refreshes: 0, slowest: 0, lastRefused: 0 };
    let isOpen = true;
    const note = (kind: 'calls' | 'refreshes', began: number, status: number): void => {
      seen.slowest = Math.max(seen.slowest, performance.now() - began);
      if (status === 200) return;
      seen[kind]++;
      seen.lastRefused = performance.now();
    };
    const workers: Promise<void>[] = [];
    for (const member of fleet.members) {
      const client = await registerClient({ send: (request) => member.send(request), issuer: FLEET_ISSUER });
      let { access, refresh } = tokensOf(await client.redeem(await client.signIn(makeBrowser(member.send), FLEET_PERSON)));
      const call = async (): Promise<void> => {
        const began = performance.now();
        note('calls', began, await statusOf(member, access));
        await wait(5);
      };
      const renew = async (): Promise<void> => {
        const began = performance.now();
        const answer = await client.refresh(refresh).catch(() => null);
        note('refreshes', began, answer?.status ?? 0);
        if (answer?.status === 200) ({ access, refresh } = tokensOf(answer));
        else if (answer && answer.status < 500) throw new Error(`${name}: a refresh came to ${answer.status}: somebody was signed out`);
        await wait(25);
      };
      for (const step of [call, renew])
        workers.push(
          (async () => {
            while (isOpen) await step();
          })(),
        );
    }
    await wait(500);
    Object.assign(seen, { calls: 0, refreshes: 0, slowest: 0 });
    const began = performance.now();
    await ground.begin(fleet);
    if (ground.end) await wait(FAULT_MS);
    await ground.end?.(fleet);
    const over = ground.end || name.includes('started') ? performance.now() : began;
    const isQuiet = (): boolean => performance.now() - Math.max(seen.lastRefused, over) > QUIET_MS;
    while (!isQuiet() && performance.now() - over < 60_000) await wait(50);
    isOpen = false;
    await Promise.all(workers);
    const well = isQuiet() ? ms(Math.max(0, seen.lastRefused - over)) : 'not within 60 s';
    return `| ${name} | ${seen.calls} | ${seen.refreshes} | ${ms(seen.slowest)} | ${well} |`;
  } finally {
    await fleet.stop();
    await ground.stop?.();
  }
}

const ms = (value: number): string => `${Math.round(value).toLocaleString('en')} ms`;

/** The status, or 0 where no answer came. */
async function statusOf(member: Member, access: string): Promise<number> {
  try {
    const request = new Request(`${FLEET_ISSUER}/mcp`, { method: 'POST', headers: { authorization: `Bearer ${access}` }, body: '{}' });
    const response = await member.send(request);
    await response.body?.cancel();
    return response.status;
  } catch {
    return 0;
  }
}
