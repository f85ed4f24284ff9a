/**
 * What an MCP call costs: `tools/call` of an `McpAgent` of ours, open and behind the whole provider, on Node and in workerd, beside
 * Cloudflare's `McpAgent` behind workers-oauth-provider; and what many declared tools add. One interleaved run.
 *
 *   npm run bench -- mcp [--quick] [--rounds 5] [--only node|worker] [--what open|guarded|call|list]…
 */
import { once } from 'node:events';
import { type IncomingMessage, request } from 'node:http';
import { text } from 'node:stream/consumers';
import { parseArgs } from 'node:util';
import type { Job } from './load.ts';
import { startLoad, type Load } from './measure.ts';
import { start, type Running } from './processes.ts';
import { median } from './report.ts';
import { CLIENT_ID, HOST, REDIRECT_URI, VERIFIER } from './servers/answers.ts';

const CONNECTIONS = 16;
const ACCEPT = 'accept: application/json, text/event-stream\r\n';
const HEAD = `${ACCEPT}mcp-protocol-version: 2025-11-25\r\n`;
const message = (method: string, params: object): string => JSON.stringify({ jsonrpc: '2.0', id: 1, method, params });
const call = (name: string): string => message('tools/call', { name, arguments: name === 'whoami' ? {} : { id: 'x' } });

/** A server and the lines of the head that its callers send. */
interface Target {
  readonly name: 'node' | 'node cached' | 'worker' | 'worker cached' | 'agents';
  readonly server: Running;
  /** By path: a line for each caller. */
  readonly callers: ReadonlyMap<string, readonly string[]>;
}

interface Asked {
  readonly of: Target['name'];
  readonly what: string;
  readonly path: string;
  readonly body: string;
  readonly requests: number;
  /** What a right answer holds. */
  readonly holds: string;
}

const open = (of: Asked['of'], path: string, what: string, requests: number): Asked => ({ of, what, path, body: call('whoami'), requests, holds: 'Hello, Alice!' }); // prettier-ignore
const many = (of: Asked['of'], count: number): readonly Asked[] => [
  { of, what: `call, ${count} tools`, path: `/open/tools/${count}`, body: call(`tool-${count - 1}`), requests: 2000, holds: '"text":"x"' },
  { of, what: `list, ${count} tools`, path: `/open/tools/${count}`, body: message('tools/list', {}), requests: 20_000 / count, holds: `tool-${count - 1}"` }, // prettier-ignore
];
const ours = (of: Asked['of']): readonly Asked[] => [
  open(of, '/open', 'open', 2000),
  open(of, '/mcp', 'guarded', 2000),
  ...[10, 100, 1000].flatMap((count) => many(of, count)),
];
const ASKED: readonly Asked[] = [
  ...ours('node'),
  open('node cached', '/mcp', 'guarded', 2000),
  ...ours('worker'),
  open('worker cached', '/mcp', 'guarded', 2000),
  open('agents', '/open', 'open', 500),
  open('agents', '/mcp', 'guarded', 500),
];

/** Runs the whole comparison. */
export async function benchMcp(argv: readonly string[]): Promise<void> {
  const { values } = parseArgs({
    args: [...argv],
    options: {
      quick: { type: 'boolean', default: false },
      rounds: { type: 'string', default: '5' },
      only: { type: 'string' },
      what: { type: 'string', multiple: true },
    },
  });
  const rounds = values.quick ? 1 : Number(values.rounds);
  const load = startLoad();
  const targets: Target[] = [];
  if (values.only !== 'worker')
    targets.push(await ready('node', 'servers/mcp.ts'), await ready('node cached', 'servers/mcp.ts', ['cached']));
  if (values.only !== 'node') targets.push(await ready('worker', 'servers/workerd.ts', ['mcp']), await ready('worker cached', 'servers/workerd.ts', ['mcp-cached']), await ready('agents', 'servers/workerd.ts', ['agents'])); // prettier-ignore
  const figures = new Map<string, number[]>();
  for (let round = 0; round <= rounds; round++) {
    for (const asked of ASKED) {
      const target = targets.find(({ name }) => name === asked.of);
      if (!target || !(values.what?.some((what) => asked.what.startsWith(what)) ?? true)) continue;
      const micros = await measure(target, asked, load, round === 0 ? 1 / 3 : 1);
      const key = `${asked.of} ${asked.what}`;
      if (round > 0) figures.set(key, [...(figures.get(key) ?? []), micros]); // the first round warms up
      if (round > 0) console.error(`round ${round}: ${key}: ${micros.toFixed(0)} µs`);
    }
  }
  await Promise.all(targets.map(({ server }) => server.stop()));
  load.stop();
  tell(figures, rounds);
}

async function measure({ server, callers }: Target, { path, body, requests, holds }: Asked, load: Load, share: number): Promise<number> {
  const count = Math.ceil(requests * share);
  const values = callers.get(path) ?? [HEAD];
  const job: Job = { port: server.port, path, requests: count, connections: CONNECTIONS, status: 200, json: body, head: '', vary: { place: 'head', values } }; // prettier-ignore
  const answer = await ask(server, path, body, values[0] ?? '');
  if (!answer.text.includes(holds)) throw new Error(`${path} answered ${answer.status} ${answer.text.slice(0, 300)}`);
  const before = server.cpu();
  const { failures, sample } = await load.run(job);
  if (failures > 0) throw new Error(`${path}: ${failures} of ${count} requests failed: ${sample}`);
  return (server.cpu() - before) / count;
}

/** Starts a server, signs callers in, and where it keeps sessions, begins one for each. */
async function ready(name: Target['name'], file: string, args: readonly string[] = []): Promise<Target> {
  const server = await start(file, args);
  const tokens = await tokensOf(server, CONNECTIONS);
  const bearers = tokens.map((token) => `${HEAD}authorization: Bearer ${token}\r\n`);
  if (name !== 'agents') return { name, server, callers: new Map([['/mcp', bearers]]) };
  const begun = async (path: string, heads: readonly string[]): Promise<[string, string[]]> => [
    path,
    await Promise.all(heads.map((head) => session(server, path, head))),
  ];
  return {
    name,
    server,
    callers: new Map([
      await begun('/mcp', bearers),
      await begun(
        '/open',
        bearers.map(() => HEAD),
      ),
    ]),
  };
}

async function session(server: Running, path: string, head: string): Promise<string> {
  const params = { protocolVersion: '2025-11-25', capabilities: {}, clientInfo: { name: 'bench', version: '1' } };
  const { id } = await ask(server, path, message('initialize', params), head);
  const own = `${head}mcp-session-id: ${id}\r\n`;
  await ask(server, path, JSON.stringify({ jsonrpc: '2.0', method: 'notifications/initialized' }), own);
  return own;
}

async function ask(server: Running, path: string, body: string, head: string): Promise<{ status: number; text: string; id: string }> {
  const lines = head.split('\r\n').filter(Boolean).map((line) => line.split(': ')); // prettier-ignore
  const headers = { ...(Object.fromEntries(lines) as Record<string, string>), host: HOST, 'content-type': 'application/json' };
  const asked = request({ port: server.port, host: '127.0.0.1', path, method: 'POST', headers }).end(body);
  const [response] = (await once(asked, 'response')) as [IncomingMessage];
  const id = response.headers['mcp-session-id'];
  return { status: response.statusCode ?? 0, text: await text(response), id: typeof id === 'string' ? id : '' };
}

async function tokensOf({ port }: Running, count: number): Promise<readonly string[]> {
  const codes = (await (await fetch(`http://127.0.0.1:${port}/setup?codes=${count}`)).json()) as string[];
  return Promise.all(
    codes.map(async (code) => {
      const form = { grant_type: 'authorization_code', client_id: CLIENT_ID, redirect_uri: REDIRECT_URI, code_verifier: VERIFIER, code };
      const response = await fetch(`http://127.0.0.1:${port}/token`, { method: 'POST', body: new URLSearchParams(form) });
      return ((await response.json()) as { access_token: string }).access_token;
    }),
  );
}

/** A table, and a line for each promise. */
function tell(figures: ReadonlyMap<string, readonly number[]>, rounds: number): void {
  const cost = (key: string): number => median(figures.get(key) ?? []);
  const columns = ['open', 'guarded', ...[10, 100, 1000].flatMap((count) => [`call, ${count} tools`, `list, ${count} tools`])];
  const shown = (micros: number): string => (Number.isNaN(micros) ? '–' : Math.round(micros).toLocaleString('en'));
  console.log(`\n| CPU µs | ${columns.join(' | ')} |\n|${' --- |'.repeat(columns.length + 1)}`);
  for (const name of ['node', 'node cached', 'worker', 'worker cached', 'agents'])
    console.log(`| ${name} | ${columns.map((what) => shown(cost(`${name} ${what}`))).join(' | ')} |`);
  console.log(`\nCPU µs per request of the whole process tree, ${rounds} rounds, medians, ${CONNECTIONS} connections.\n`);
  const promises: (readonly [string, number, number])[] = [
    ...['node', 'worker'].flatMap((of): (readonly [string, number, number])[] => [
      [`E1, ${of}: guarded ≤ 1.08× open`, cost(`${of} guarded`) / cost(`${of} open`), 1.08],
      [`E1, ${of}, tokens cached`, cost(`${of} cached guarded`) / cost(`${of} open`), 1.08],
      [`${of}: a call among 1,000 tools ≤ 1.05× one among 10`, cost(`${of} call, 1000 tools`) / cost(`${of} call, 10 tools`), 1.05],
      [`${of}: a list of 1,000 ≤ 12× one of 100`, cost(`${of} list, 1000 tools`) / cost(`${of} list, 100 tools`), 12],
    ]),
    ['workerd: guarded ≤ a third of agents behind workers-oauth-provider', cost('worker guarded') / cost('agents guarded'), 1 / 3],
  ];
  for (const [what, ratio, most] of promises)
    if (!Number.isNaN(ratio)) console.log(`${ratio <= most ? 'met   ' : 'MISSED'} ${what}: ${ratio.toFixed(2)}`);
}
