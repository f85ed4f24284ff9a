/**
 * What each store costs, and whether it stays so: check, redeem, refresh and revoke beside the engine's own floor, with a thousand,
 * a hundred thousand and a million grants in it; pages of lists, the sweep, and the heap.
 *
 *   npm run bench -- stores [--engine NAME]… [--grants 1000,100000,1000000] [--samples 400] [--tokens 20000]
 */
import { setFlagsFromString } from 'node:v8';
import { parseArgs } from 'node:util';
import { runInNewContext } from 'node:vm';
import type { OAuthHelpers } from '../dist/provider/pages.js';
import { OAuthProvider } from '../dist/node/main.js';
import type { Json, Key, Store } from '../dist/model/store.js';
import { CLIENT_ID, CONSENT, ISSUER, REDIRECT_URI, VERIFIER } from './servers/answers.ts';
import { ENGINES, type Engine } from './store-engines.ts';
import { median } from './report.ts';

/** What is measured; `read` and `read + write` are the floor. */
const STEPS = ['read', 'check', 'read + write', 'redeem', 'refresh', 'revoke', 'list'] as const;
type Step = (typeof STEPS)[number];

interface Figure {
  readonly p50: number;
  readonly p99: number;
  /** CPU of this process, which the engine shares where it is embedded. */
  readonly cpu: number;
}

/** Grants of one user of the filling. */
const OF_ONE_USER = 100;
/** Writes at once while filling. */
const AT_ONCE = 64;
const FAR = 4_000_000_000;

/** Runs the whole comparison. */
export async function benchStores(argv: readonly string[]): Promise<void> {
  const { values } = parseArgs({
    args: [...argv],
    options: {
      engine: { type: 'string', multiple: true },
      grants: { type: 'string', default: '1000,100000,1000000' },
      samples: { type: 'string', default: '400' },
      tokens: { type: 'string', default: '20000' },
    },
  });
  const sizes = values.grants.split(',').map(Number);
  for (const name of Object.keys(ENGINES)) {
    if (!(values.engine?.includes(name) ?? true)) continue;
    const engine = await ENGINES[name]?.();
    if (!engine || typeof engine === 'string') console.log(`\n${name}: left out, ${engine ?? 'unknown'}.`);
    else {
      await benchEngine(name, engine, name === 'memory' ? sizes.filter((size) => size < 100_000) : sizes, Number(values.samples), Number(values.tokens));
      await engine.stop();
    }
  }
} // prettier-ignore

async function benchEngine(name: string, { store }: Engine, sizes: readonly number[], samples: number, tokens: number): Promise<void> {
  const server = await serverOn(store);
  await measureAll(server, store, 50); // warms up
  const rows: (readonly [number, ReadonlyMap<Step, Figure>])[] = [];
  let filled = 0;
  for (const size of sizes) {
    await fill(store, filled, size);
    filled = size;
    rows.push([size, await measureAll(server, store, samples)]);
  }
  console.log(`\n${name}: p50 / p99 in µs, one request at a time; CPU µs of this process\n`);
  console.log(`| grants | ${STEPS.join(' | ')} |\n| ${['', ...STEPS].map(() => '---').join(' | ')} |`);
  const cell = ({ p50, p99, cpu }: Figure): string => `${p50.toFixed(0)} / ${p99.toFixed(0)}; ${cpu.toFixed(0)}`;
  for (const [size, figures] of rows)
    console.log(`| ${size.toLocaleString('en')} | ${STEPS.map((step) => cell(figures.get(step) as Figure)).join(' | ')} |`);
  tell(name, rows);
  await heapAndSweep(name, server, store, tokens);
}

/** The shares of the floor, and how the largest size compares with the smallest. */
function tell(name: string, rows: readonly (readonly [number, ReadonlyMap<Step, Figure>])[]): void {
  const at = (row: number, step: Step): Figure => rows.at(row)?.[1].get(step) as Figure;
  const share = (floor: Step, step: Step): number => at(0, floor).cpu / at(0, step).cpu;
  const line = (met: boolean, text: string): void => console.log(`${met ? 'met   ' : 'MISSED'} ${name}: ${text}`);
  console.log();
  for (const [floor, step, least] of [['read', 'check', 0.7], ['read + write', 'redeem', 0.6], ['read + write', 'refresh', 0.6]] as const)
    line(share(floor, step) >= least, `${step} is ${(share(floor, step) * 100).toFixed(0)} % of the floor, ${floor} (CPU; at least ${least * 100} %)`);
  if (rows.length > 1)
    for (const step of ['check', 'refresh', 'revoke', 'list'] as const) {
      const ratio = at(-1, step).p50 / at(0, step).p50;
      const [dearer, most] = [at(-1, step).cpu / at(0, step).cpu, 1.25];
      if (rows.length === 2) line(dearer <= most, `S1, ${step} with ${rows.at(-1)?.[0].toLocaleString('en')} grants costs ${dearer.toFixed(2)}× of that with ${rows[0]?.[0].toLocaleString('en')} (CPU; at most ${most}×)`);
      line(ratio <= 2, `${step} with ${rows.at(-1)?.[0].toLocaleString('en')} grants takes ${ratio.toFixed(2)}× of that with ${rows[0]?.[0].toLocaleString('en')} (p50; at most 2×)`);
    }
} // prettier-ignore

interface Server {
  readonly helpers: OAuthHelpers;
  ask(path: string, form: Record<string, string> | null, token?: string): Promise<Record<string, string>>;
}

async function serverOn(store: Store): Promise<Server> {
  const client = {
    id: CLIENT_ID, redirectUris: [REDIRECT_URI], applicationType: 'native', grantTypes: ['authorization_code', 'refresh_token'],
    authMethod: 'none', createdAt: 0,
  }; // prettier-ignore
  await store.write(`client:${CLIENT_ID}`, client, 'any');
  const provider = new OAuthProvider({
    issuer: ISSUER,
    apiRoute: '/mcp',
    apiHandler: () => new Response('{}'),
    defaultHandler: () => new Response(null, { status: 404 }),
    scopesSupported: { read: 'Read', write: 'Write' },
    authorizationCodeTTL: 600,
  });
  const env = { PORTCULLIS: store, PORTCULLIS_LIMITS: 'off' };
  return {
    helpers: provider.helpers(env),
    async ask(path, form, token) {
      const headers: Record<string, string> = token === undefined ? {} : { authorization: `Bearer ${token}` };
      const body = form === null ? {} : { method: 'POST', body: new URLSearchParams({ client_id: CLIENT_ID, ...form }) };
      const answer = await provider.fetch(new Request(ISSUER + path, { headers, ...body }), env);
      if (answer.status !== 200) throw new Error(`${path}: ${answer.status} ${await answer.text()}`);
      return path === '/token' ? ((await answer.json()) as Record<string, string>) : {};
    },
  };
}

async function measureAll(server: Server, store: Store, samples: number): Promise<ReadonlyMap<Step, Figure>> {
  const codes: string[] = [];
  while (codes.length < samples)
    codes.push(new URL((await server.helpers.completeAuthorization(CONSENT)).redirectTo).searchParams.get('code') ?? '');
  const key = (at: number) => `grant:${codes[at]?.slice(5, 27)}` as const;
  const tokens: Record<string, string>[] = [];
  const token = (at: number, name: string): string => tokens[at]?.[name] ?? '';
  const redeem = { grant_type: 'authorization_code', redirect_uri: REDIRECT_URI, code_verifier: VERIFIER };
  const figures = new Map<Step, Figure>();
  const step = async (name: Step, run: (at: number) => Promise<unknown>): Promise<void> => void figures.set(name, await measure(samples, run));
  await step('redeem', async (at) => (tokens[at] = await server.ask('/token', { ...redeem, code: codes[at] ?? '' })));
  await step('read', (at) => floor(store, key(at), null));
  await step('read + write', (at) => floor(store, key(at), { ...redeem, code: codes[at] ?? '' }));
  await step('check', (at) => server.ask('/mcp', null, token(at, 'access_token')));
  await step('refresh', async (at) => (tokens[at] = await server.ask('/token', { grant_type: 'refresh_token', refresh_token: token(at, 'refresh_token') })));
  await step('list', () => server.helpers.listUserGrants('filled-0')); // has a hundred, whatever the size
  await step('revoke', (at) => server.ask('/revoke', { token: token(at, 'refresh_token') }));
  return figures;
} // prettier-ignore

/** The least that anybody does around one read, or one read and one conditional write: a request, its form, and an answer of our length. */
async function floor(store: Store, key: Key, form: Record<string, string> | null): Promise<unknown> {
  const body = form === null ? {} : { method: 'POST', body: new URLSearchParams({ client_id: CLIENT_ID, ...form }) };
  const request = new Request(`${ISSUER}/floor`, { headers: { authorization: `Bearer ${key}` }, ...body });
  const asked = form === null ? request.headers.get('authorization') : new URLSearchParams(await request.text()).get('code');
  const held = await store.read(key);
  if (!held || asked === null) throw new Error('The floor has nothing to stand on.');
  if (form === null) return new Response('{}');
  await store.write(key, held.value, held.version, { until: FAR });
  return Response.json({ access_token: key, refresh_token: key, token_type: 'Bearer', expires_in: 3600 }).json();
}

async function measure(samples: number, run: (at: number) => Promise<unknown>): Promise<Figure> {
  const times: number[] = [];
  const before = process.cpuUsage();
  for (let at = 0; at < samples; at++) {
    const began = performance.now();
    await run(at);
    times.push((performance.now() - began) * 1000);
  }
  const { user, system } = process.cpuUsage(before);
  const sorted = times.toSorted((a, b) => a - b);
  return { p50: median(times), p99: sorted[Math.floor(samples * 0.99)] ?? NaN, cpu: (user + system) / samples };
}

/** Puts grants into the store that look as real ones do, a hundred to each user. */
async function fill(store: Store, from: number, to: number): Promise<void> {
  const sample = (await store.list(`client:${CLIENT_ID}`)).keys[0];
  const grant = (sample && (await store.read(sample))?.value) as Record<string, Json> | undefined;
  if (!grant) throw new Error('There is no grant to fill the store with copies of.');
  let next = from;
  const lane = async (): Promise<void> => {
    while (next < to) {
      const at = next++;
      const [id, userId] = [`filled${String(at).padStart(16, '0')}`, `filled-${Math.floor(at / OF_ONE_USER)}`];
      await store.write(`grant:${id}`, { ...grant, id, userId, ended: null }, 'absent', { until: FAR, index: [`user:${userId}`, `client:filler-${at % 1000}`] });
    }
  };
  await Promise.all(Array.from({ length: AT_ONCE }, lane));
} // prettier-ignore

/** Memory after each tenth of many refreshes and checks, every one with tokens never seen before; and how fast what expired goes. */
async function heapAndSweep(name: string, server: Server, store: Store, tokens: number): Promise<void> {
  setFlagsFromString('--expose-gc');
  const collect = runInNewContext('gc') as () => void;
  const heaps: number[] = [];
  const code = new URL((await server.helpers.completeAuthorization(CONSENT)).redirectTo).searchParams.get('code') ?? '';
  let live = await server.ask('/token', { grant_type: 'authorization_code', redirect_uri: REDIRECT_URI, code_verifier: VERIFIER, code });
  for (let at = 1; at <= tokens; at++) {
    live = await server.ask('/token', { grant_type: 'refresh_token', refresh_token: live['refresh_token'] ?? '' });
    await server.ask('/mcp', null, live['access_token'] ?? '');
    if (at % Math.ceil(tokens / 10) !== 0) continue;
    collect();
    heaps.push(process.memoryUsage().heapUsed / 2 ** 20);
  }
  console.log(`${name}: heap in MiB over ${(2 * tokens).toLocaleString('en')} tokens: ${heaps.map((heap) => heap.toFixed(1)).join(', ')}`);
  if (!store.sweep) return;
  const expired = 20_000;
  for (let at = 0; at < expired; at += AT_ONCE)
    await Promise.all(Array.from({ length: AT_ONCE }, (_, lane) => store.write(`expired:${at + lane}`, { at }, 'any', { until: 1 })));
  const began = performance.now();
  let [removed, looked] = [0, 0];
  for (; removed < expired && looked < 5000; looked++) removed += await store.sweep(2000);
  const seconds = (performance.now() - began) / 1000;
  console.log(`${name}: the sweep removed ${removed} expired records, looking at ${looked * 2000}, in ${seconds.toFixed(1)} s`);
} // prettier-ignore
