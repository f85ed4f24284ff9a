/**
 * `npm run bench -- admin [--grants 1000000] [--users 100000] [--samples 200] [--engine sqlite|postgres] [--data FOLDER]`: how long an administrator
 * waits for each list, search and page, on SQLite and PostgreSQL with very many users and grants, through the whole administration API and the whole
 * page; and how much memory it takes. With `--data` the filled SQLite file is kept in that folder, and used again.
 */
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import pg from 'pg';
import { adminApi } from '../dist/admin/index.js';
import { OAuthProvider, password } from '../dist/node/main.js';
import { postgresStore } from '../dist/stores/postgres.js';
import { sqliteStore } from '../dist/stores/sqlite.js';
import type { Store } from '../dist/model/store.js';
import { makeBrowser, type Browser } from '../src/testing/browser.ts';
import { registerClient } from '../src/testing/oauth-client.ts';
import { startPostgres } from '../test/support/postgres.ts';
import { fillMore, pagesOf } from './admin-pages.ts';
import { AT_ONCE, copyOf, type Fill, type FilledRow, idOf, postgresFill, rowOf, sqliteFill } from './store-filling.ts';

const ISSUER = 'http://localhost:8787';
const ADMIN = { username: 'admin', password: 'correct horse battery staple' };
const MAIL = 'someone@acme.example';
/** Text that stands for the user of the sample in its records. */
const HASH = /[A-Za-z0-9_-]{43}/g;

interface Place {
  readonly name: string;
  readonly store: Store;
  readonly fill: Fill;
  readonly close: () => Promise<void>;
}

/** Runs it. */
export async function benchAdmin(args: readonly string[]): Promise<void> {
  const { values } = parseArgs({
    args: [...args],
    options: {
      grants: { type: 'string', default: '1000000' },
      users: { type: 'string', default: '100000' },
      samples: { type: 'string', default: '200' },
      engine: { type: 'string' },
      data: { type: 'string' },
    },
  });
  const [grants, users, samples] = [Number(values.grants), Number(values.users), Number(values.samples)];
  const rows: string[] = [];
  for await (const place of places(values.engine, values.data)) {
    rows.push(...(await measured(place, grants, users, samples)));
    await place.close();
  }
  console.log(`\n${grants} grants, ${users} users, ${samples} requests of each kind, in ms\n`);
  console.log(`| store | request | p50 | p95 |\n| --- | --- | --- | --- |\n${rows.join('\n')}`);
}

async function* places(engine?: string, data?: string): AsyncGenerator<Place> {
  const folder = data ?? mkdtempSync(join(tmpdir(), 'portcullis-admin-'));
  mkdirSync(folder, { recursive: true });
  try {
    if (engine !== 'postgres') {
      const path = join(folder, 'portcullis.db');
      const store = sqliteStore(path);
      yield { name: 'sqlite', store, fill: sqliteFill(path), close: async () => store.close() };
    }
    if (engine === 'sqlite') return;
    const postgres = await startPostgres();
    if (typeof postgres === 'string') {
      console.error(`postgres: left out, ${postgres}.`);
      return;
    }
    const pool = new pg.Pool({ connectionString: await postgres.freshUrl() });
    const close = async (): Promise<void> => (await pool.end(), await postgres.stop());
    yield { name: 'postgres', store: postgresStore(pool), fill: postgresFill(pool), close };
  } finally {
    if (data === undefined) rmSync(folder, { recursive: true, force: true });
  }
}

async function measured({ name, store, fill }: Place, grants: number, users: number, samples: number): Promise<readonly string[]> {
  const env = { PORTCULLIS: store, PORTCULLIS_LIMITS: 'off' };
  const provider = new OAuthProvider<typeof env>({
    issuer: ISSUER,
    apiRoute: '/mcp',
    apiHandler: () => new Response('{}'),
    logins: [password()],
    scopesSupported: { read: 'Read' },
    clientRegistrationEndpoint: '/register',
    admin: adminApi({ permission: 'admin' }),
    clientPolicy: {},
    accessKeys: {},
    audit: { keep: '1y' },
  });
  const { accounts, listGrants } = provider.helpers(env);
  const send = async (request: Request): Promise<Response> => provider.fetch(request, env);
  let someone = await accounts.findByUsername('someone');
  if (!someone) {
    console.error(`${name}: filling with ${users} users and ${grants} grants …`);
    await accounts.create({ ...ADMIN, permissions: ['admin'] });
    const before = new Set((await allOf(store)).map(({ key }) => key));
    someone = await accounts.create({ username: 'someone', password: ADMIN.password, email: MAIL, emailVerified: true });
    const { id } = someone;
    const sample = (await allOf(store)).filter(({ key }) => !before.has(key));
    const client = await registerClient({ send, issuer: ISSUER });
    await client.redeem(await client.signIn(makeBrowser(send), { username: 'someone', password: ADMIN.password }));
    const grant = (await allOf(store)).find(({ key }) => key.startsWith('grant:'));
    if (!grant) throw new Error('There is no grant to copy.');
    await fillMore(store, fill, await allOf(store), client.id);

    const usersAtOnce = Math.floor(AT_ONCE / sample.length);
    for (let at = 0; at < users; at += usersAtOnce)
      await fill(lanes(at, users, usersAtOnce).flatMap((n) => sample.map((row) => userCopy(row, id, n))));
    const each = Math.max(1, Math.ceil(grants / users));
    for (let at = 0; at < grants; at += AT_ONCE)
      await fill(lanes(at, grants, AT_ONCE).map((n) => copyOf(grant, n, userId(Math.floor(n / each)))));
  }

  const admin = makeBrowser(send);
  await admin.submit(await admin.get(`${ISSUER}/login`), ADMIN);
  const ask = asking(send, admin);
  const cursor = async (act: string): Promise<string> => {
    let after = '';
    for (let page = 0; page < 50; page++) {
      const { next } = await ask(after === '' ? act : `${act}?after=${encodeURIComponent(after)}`);
      if (typeof next === 'string') after = next;
    }
    return after;
  };
  const deep = async (act: string): Promise<string> => `${act}?after=${encodeURIComponent(await cursor(act))}`;
  const someUser = userId(Math.floor(users / 2));
  const requests: readonly (readonly [string, string])[] = [
    ['users, first page', 'users'],
    ['users, page 50', await deep('users')],
    ['find a user by address', `users/find?q=${encodeURIComponent(MAIL)}`],
    ['find a user by name', 'users/find?q=someone'],
    ['find a user who is not there', 'users/find?q=nosuchuser'],
    ['show a user', `users/show?id=${someone.id}`],
    ['grants of a user', `grants?user=${someUser}`],
    ['grants of a client', 'grants?client=filler-1'],
    ['all grants, first page', 'grants'],
    ['all grants, page 50', await deep('grants')],
    ['grants with a scope, a page', 'grants?scope=read'],
    ['clients, first page', 'clients'],
    ['keys', 'keys'],
    ['audit', 'audit'],
  ];
  const visit = visiting(send, admin);
  const named = {
    user: someone.id,
    otherUser: someUser,
    mail: MAIL,
    after: { users: await cursor('users'), grants: await cursor('grants') },
  };
  const all: readonly (readonly [string, () => Promise<unknown>])[] = [
    ...requests.map(([label, path]) => [label, () => ask(path)] as const),
    ...pagesOf(named).map(([label, path]) => [`page: ${label}`, () => visit(path)] as const),
  ];
  for (const [, get] of all) for (let at = 0; at < samples / 10; at++) await get(); // loads modules, fills caches
  const memory = ownMemory();
  const rows: string[] = [];
  for (const [label, get] of all) {
    const times: number[] = [];
    for (let at = 0; at < samples; at++) {
      const began = performance.now();
      await get();
      times.push(performance.now() - began);
    }
    const sorted = times.toSorted((one, other) => one - other);
    const part = (share: number): string => (sorted[Math.floor(share * (sorted.length - 1))] ?? 0).toFixed(1);
    rows.push(`| ${name} | ${label} | ${part(0.5)} | ${part(0.95)} |`);
  }
  const grown = (ownMemory() - memory) / 2 ** 20;
  console.error(
    `${name}: ${(await listGrants({ userId: someUser })).grants.length} grants of one user; memory grew by ${grown.toFixed(0)} MiB.`,
  );
  return rows;
}

function asking(send: (request: Request) => Promise<Response>, admin: Browser): (path: string) => Promise<Record<string, unknown>> {
  const cookie = [...admin.cookies].map(([key, value]) => `${key}=${value}`).join('; ');
  return async (path) => {
    const response = await send(new Request(`${ISSUER}/admin/api/${path}`, { headers: { cookie, 'sec-fetch-site': 'same-origin' } }));
    if (response.status !== 200) throw new Error(`${path}: ${response.status} ${await response.text()}`);
    return (await response.json()) as Record<string, unknown>;
  };
}

/** Opens pages as the browser of the administrator does. */
function visiting(send: (request: Request) => Promise<Response>, admin: Browser): (path: string) => Promise<unknown> {
  const cookie = [...admin.cookies].map(([key, value]) => `${key}=${value}`).join('; ');
  const headers = { cookie, 'sec-fetch-site': 'same-origin', 'sec-fetch-mode': 'navigate' };
  return async function visit(path): Promise<unknown> {
    const response = await send(new Request(`${ISSUER}/admin${path}`, { headers }));
    const text = await response.text();
    const to = response.headers.get('location');
    if (to?.startsWith('/admin')) return visit(to.slice('/admin'.length)); // search, where only one thing was found
    if (response.status !== 200) throw new Error(`/admin${path}: ${response.status} ${text}`);
    return text;
  };
}

setFlagsFromString('--expose-gc');
const collect = runInNewContext('gc') as () => void;

/** Bytes that this process alone keeps: without garbage, and without pages of the file that SQLite maps, which the system may take back. */
function ownMemory(): number {
  collect();
  const status = existsSync('/proc/self/status') ? readFileSync('/proc/self/status', 'utf8') : '';
  const [, kilobytes] = /^RssAnon:\s+(\d+) kB$/m.exec(status) ?? [];
  return kilobytes === undefined ? process.memoryUsage().rss : Number(kilobytes) * 1024;
}

async function allOf(store: Store): Promise<readonly FilledRow[]> {
  if (!store.all) throw new Error('This store lists no records.');
  return (await store.all()).records.map(rowOf);
}

function lanes(at: number, end: number, most: number): readonly number[] {
  return Array.from({ length: Math.min(most, end - at) }, (_, lane) => at + lane);
}

function userId(at: number): string {
  return idOf(10_000_000 + at);
}

/** A record of the sample for another user: other id, name, address and hashes. */
function userCopy(row: FilledRow, sampleId: string, at: number): FilledRow {
  const other = (text: string): string =>
    text
      .replaceAll(sampleId, userId(at))
      .replaceAll('someone', `user${at}`)
      .replaceAll(HASH, () => `${idOf(at)}${idOf(-at - 1)}`.slice(0, 43));
  return {
    ...row,
    key: other(row.key) as FilledRow['key'],
    index: row.index.map((list) => other(list) as typeof list),
    text: other(row.text),
  };
}
