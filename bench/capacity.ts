/**
 * `npm run bench -- capacity [--grants 1000000] [--rounds 3]`: what one vCPU serves, in the form of Keycloak's sizing guide: calls, refreshes and
 * sign-ins with a password a second, memory, and how long requests take at half of the most that this machine answers and at 70 % of it, with very
 * many grants in SQLite.
 *
 * Capacity is CPU time turned round: 1,000,000 divided by the CPU µs of a request, of the whole process tree. Waiting counts from the moment at
 * which a request was due, so that one that comes late does not hide the time of those behind it.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { OAuthProvider } from '../dist/node/main.js';
import { sqliteStore } from '../dist/stores/sqlite.js';
import { makeBrowser } from '../src/testing/browser.ts';
import { registerClient } from '../src/testing/oauth-client.ts';
import type { Result } from './load.ts';
import { jobOf, measure, open, startLoad, type Bench, type Load } from './measure.ts';
import { median } from './report.ts';
import { CLIENT_ID, REDIRECT_URI, VERIFIER } from './servers/answers.ts';
import { AT_ONCE, copyOf, type FilledRow, rowOf, sqliteFill } from './store-filling.ts';
import { answerFor, OPTIONS } from './store-server.ts';

const SECRET = 'correct horse battery staple';
const SIGN_INS = 24;
const REQUESTS = { code: 2000, refresh: 2000, guard: 16_000 };
/** So many that one is free when a request is due. */
const CONNECTIONS = 64;

/** Runs it. */
export async function benchCapacity(args: readonly string[]): Promise<void> {
  const { values } = parseArgs({
    args: [...args],
    options: { grants: { type: 'string', default: '1000000' }, rounds: { type: 'string', default: '3' } },
  });
  const folder = mkdtempSync(join(tmpdir(), 'portcullis-capacity-'));
  process.once('exit', () => rmSync(folder, { recursive: true, force: true }));
  const path = join(folder, 'portcullis.db');
  console.error(`Filling a database with ${values.grants} grants …`);
  await fill(path, Number(values.grants));
  const bench = await open({ name: 'capacity', side: 'node', file: 'servers/capacity.ts', args: [path, SECRET], asks: REQUESTS });
  const idle = bench.server.memory();
  const load = startLoad();
  const signIns: number[] = [];
  for (let round = 0; round <= Number(values.rounds); round++) {
    for (const operation of ['code', 'refresh', 'guard'] as const) await measure(bench, operation, load, round === 0 ? 1 / 3 : 1);
    if (round === 0) bench.figures.clear();
    else signIns.push(await signInMicros(bench));
  }
  const micros = { ...Object.fromEntries([...bench.figures].map(([name, all]) => [name, median(all)])), 'sign-in': median(signIns) };
  console.log(`\n${values.grants} grants in SQLite, one process, ${values.rounds} rounds, medians\n`);
  console.log('| operation | CPU µs | a second and vCPU | p50, p99 at 50 % load, ms | at 70 % load |\n| --- | --- | --- | --- | --- |');
  for (const [name, cost] of Object.entries(micros)) {
    const rate = 1_000_000 / cost;
    const [half, more] =
      name === 'guard' || name === 'refresh' ? [await waits(bench, load, name, 0.5), await waits(bench, load, name, 0.7)] : ['–', '–'];
    console.log(`| ${name} | ${cost.toFixed(0)} | ${rate.toFixed(rate < 100 ? 1 : 0)} | ${half} | ${more} |`);
  }
  console.log(`\nMemory: ${idle.toFixed(0)} MiB after the start, ${bench.server.memory().toFixed(0)} MiB after all of it.`);
  load.stop();
  await bench.server.stop();
}

/** Copies of a real grant, written past the store. */
async function fill(path: string, grants: number): Promise<void> {
  const store = sqliteStore(path);
  const env = { PORTCULLIS: store, PORTCULLIS_LIMITS: 'off' };
  const provider = new OAuthProvider<typeof env>(OPTIONS);
  const helpers = provider.helpers(env);
  const server = { store, helpers, fetch: (request: Request) => provider.fetch(request, env), digest: () => '' };
  const [code = ''] = (await (await answerFor(server, new Request(`${OPTIONS.issuer}/bench/codes?count=1`))).json()) as string[];
  const form = { grant_type: 'authorization_code', client_id: CLIENT_ID, code, redirect_uri: REDIRECT_URI, code_verifier: VERIFIER };
  const redeemed = await provider.fetch(new Request(`${OPTIONS.issuer}/token`, { method: 'POST', body: new URLSearchParams(form) }), env);
  if (redeemed.status !== 200) throw new Error(`The sample was not redeemed: ${await redeemed.text()}`);
  const { records } = await store.all();
  const sample = records.find(({ key }) => key.startsWith('grant:'));
  if (!sample) throw new Error('There is no grant to copy.');
  store.close();
  const write = sqliteFill(path);
  const row: FilledRow = rowOf(sample);
  for (let at = 0; at < grants; at += AT_ONCE)
    await write(Array.from({ length: Math.min(AT_ONCE, grants - at) }, (_, lane) => copyOf(row, at + lane)));
}

/** CPU of whole sign-ins: the consent page, a password, the code and its tokens. */
async function signInMicros({ server }: Bench): Promise<number> {
  const issuer = `http://127.0.0.1:${server.port}`;
  const send = (request: Request): Promise<Response> => fetch(request, { redirect: 'manual' });
  const client = await registerClient({ send, issuer });
  const before = server.cpu();
  for (let at = 0; at < SIGN_INS; at++) {
    const code = await client.signIn(makeBrowser(send), { username: 'alice', password: SECRET });
    const { status } = await client.redeem(code);
    if (status !== 200) throw new Error(`A sign-in came to ${status}.`);
  }
  return (server.cpu() - before) / SIGN_INS;
}

/** How long requests take that come at a steady rate: a share of what the server answers at most, measured just before. */
async function waits(bench: Bench, load: Load, operation: 'guard' | 'refresh', share: number): Promise<string> {
  const answered = async (rate?: number): Promise<Result> => {
    if (operation === 'refresh') await measure(bench, 'code', load, 1);
    const job = { ...(await jobOf(bench, operation, REQUESTS[operation])), connections: rate === undefined ? 16 : CONNECTIONS };
    const result = await load.run(rate === undefined ? job : { ...job, rate });
    if (result.failures > 0) throw new Error(`${operation}: ${result.failures} failed: ${result.sample}`);
    return result;
  };
  const { milliseconds } = await answered();
  const { waits: all } = await answered((share * REQUESTS[operation] * 1000) / milliseconds);
  const sorted = all.toSorted((one, other) => one - other);
  return [0.5, 0.99].map((part) => (sorted[Math.floor(part * (sorted.length - 1))] ?? 0).toFixed(1)).join(', ');
}
