/** The engines, each started in a temporary place; or why one is not there. On Node in this process, on Workers in a workerd of its own. */
import { Redis } from 'ioredis';
import { hash } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { Agent, type IncomingMessage, request } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import pg from 'pg';
import type { Store } from '../dist/model/store.js';
import { OAuthProvider } from '../dist/node/main.js';
import { memoryStore } from '../dist/stores/memory.js';
import { postgresStore } from '../dist/stores/postgres.js';
import { redisStore } from '../dist/stores/redis.js';
import { sqliteStore } from '../dist/stores/sqlite.js';
import { startPostgres } from '../test/support/postgres.ts';
import { startRedis } from '../test/support/redis.ts';
import { start } from './processes.ts';
import { ISSUER } from './servers/answers.ts';
import { AT_ONCE, type Fill, postgresFill, redisFill, sqliteFill } from './store-filling.ts';
import { answerFor, OPTIONS } from './store-server.ts';

/** Something asked of a server. */
export interface Asked {
  readonly path: string;
  readonly form?: Record<string, string>;
  readonly token?: string;
}

/** A server on a store of its own. */
export interface Subject {
  /** The body of its answer, as JSON if it is any. @throws {Error} for any other status than 200. */
  readonly ask: (asked: Asked) => Promise<unknown>;
  readonly fill: Fill;
}

/** An engine that runs. */
export interface Engine {
  /** A server on an empty store. @param grants that it will hold, in words of its own. */
  readonly open: (grants: number) => Promise<Subject>;
  /** CPU µs so far of the process that does the work. */
  readonly cpu: () => number;
  /** Whether that process is this one, whose heap can be looked at. */
  readonly here: boolean;
  /** The most grants that it is asked to hold. */
  readonly most: number;
  readonly stop: () => Promise<void>;
}

const MILLION = 1_000_000;

/** All of them. */
export const ENGINES: Readonly<Record<string, () => Promise<Engine | string>>> = {
  memory: async () => ({
    ...HERE,
    most: 100_000,
    open: async () => {
      const store = memoryStore({ capacity: 400_000 });
      return subjectOn(store, async (rows) => {
        for (const { key, text: value, until, index } of rows) await store.write(key, JSON.parse(value), 'absent', { until, index });
      });
    },
    stop: async () => undefined,
  }),
  async sqlite() {
    const folder = mkdtempSync(join(tmpdir(), 'portcullis-bench-'));
    const stores: { close(): void }[] = [];
    const open = async (grants: number): Promise<Subject> => {
      const path = join(folder, `${grants}.db`);
      const store = sqliteStore(path);
      stores.push(store);
      return subjectOn(store, sqliteFill(path));
    };
    const stop = async (): Promise<void> => {
      for (const store of stores) store.close();
      rmSync(folder, { recursive: true, force: true });
    };
    return { ...HERE, open, stop };
  },
  async postgres() {
    const server = await startPostgres();
    if (typeof server === 'string') return server;
    const pools: pg.Pool[] = [];
    const open = async (): Promise<Subject> => {
      const pool = new pg.Pool({ connectionString: await server.freshUrl(), max: 8 });
      pools.push(pool);
      return subjectOn(postgresStore(pool), postgresFill(pool));
    };
    return { ...HERE, open, stop: async () => (await Promise.all(pools.map((pool) => pool.end())), server.stop()) };
  },
  async redis() {
    const server = await startRedis('--appendfsync', 'everysec', '--databases', '16');
    if (typeof server === 'string') return server;
    const clients: Redis[] = [];
    const open = async (): Promise<Subject> => {
      const client = new Redis(`${server.url}/${clients.length}`); // a database of its own: a key space of its own
      clients.push(client);
      return subjectOn(redisStore(client as unknown as Parameters<typeof redisStore>[0]), redisFill(client, 'portcullis:'));
    };
    return { ...HERE, open, stop: async () => (clients.forEach((client) => client.disconnect()), server.stop()) };
  },
  'durable-object': () => inWorkerd('durable-object'),
  d1: () => inWorkerd('d1'),
};

const HERE = { cpu: cpuHere, here: true, most: MILLION } as const;

function cpuHere(): number {
  const { user, system } = process.cpuUsage();
  return user + system;
}

/** Our server in this process, asked by its `fetch`. */
async function subjectOn(store: Store, fill: Fill): Promise<Subject> {
  await store.read('nothing:here'); // makes the tables
  const env = { PORTCULLIS: store, PORTCULLIS_LIMITS: 'off' };
  const provider = new OAuthProvider<typeof env>(OPTIONS);
  const digest = (value: string): string => hash('sha256', value, 'base64url');
  const server = { store, helpers: provider.helpers(env), fetch: (asked: Request) => provider.fetch(asked, env), digest };
  return {
    fill,
    async ask({ path, form, token }) {
      const headers: Record<string, string> = token === undefined ? {} : { authorization: `Bearer ${token}` };
      const body = form === undefined ? {} : { method: 'POST', body: new URLSearchParams(form) };
      const answer = await answerFor(server, new Request(ISSUER + path, { headers, ...body }));
      return jsonOf(path, answer.status, await answer.text());
    },
  };
}

/** The same in workerd, whose figures hold its HTTP and its storage too. */
async function inWorkerd(kind: string): Promise<Engine> {
  const server = await start('servers/workerd.ts', ['stores']);
  const agent = new Agent({ keepAlive: true });
  const send = async (path: string, headers: Record<string, string>, body?: string): Promise<unknown> => {
    const answer = await new Promise<IncomingMessage>((resolve, reject) => {
      const method = body === undefined ? 'GET' : 'POST';
      request({ agent, port: server.port, host: '127.0.0.1', method, path, headers: { host: new URL(ISSUER).host, ...headers } }, resolve)
        .on('error', reject)
        .end(body);
    });
    return jsonOf(path, answer.statusCode ?? 0, await text(answer));
  };
  const open = async (grants: number): Promise<Subject> => {
    const place = { 'x-bench-store': kind, 'x-bench-grants': String(grants) };
    return {
      fill: async (rows) => {
        const json = { ...place, 'content-type': 'application/json' };
        for (let at = 0; at < rows.length; at += AT_ONCE / 2) await send('/bench/fill', json, JSON.stringify(rows.slice(at, at + AT_ONCE / 2)));
      },
      ask: ({ path, form, token }) => {
        const typed = form === undefined ? {} : { 'content-type': 'application/x-www-form-urlencoded' };
        const bearer = token === undefined ? {} : { authorization: `Bearer ${token}` };
        return send(path, { ...place, ...typed, ...bearer }, form === undefined ? undefined : new URLSearchParams(form).toString());
      },
    };
  };
  return { open, cpu: () => server.cpu('workerd'), here: false, most: 100_000, stop: async () => (agent.destroy(), server.stop()) };
} // prettier-ignore

function jsonOf(path: string, status: number, body: string): unknown {
  if (status !== 200) throw new Error(`${path}: ${status} ${body}`);
  return body.startsWith('{') || body.startsWith('[') ? JSON.parse(body) : body;
}
