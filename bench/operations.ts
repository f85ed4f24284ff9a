/**
 * `npm run bench -- operations [--engine sqlite|postgres|redis]… [--rounds 40]`: what an operator wants to know before a bad night. How soon a
 * revocation is felt in four processes, by calls and by held streams; what a rolling deployment and a crash cost in calls; how soon all is
 * well again after the engine was killed, hung, was demoted or full (faults.ts). Prints the tables of docs/reference/operations.md.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { makeBrowser, type Send } from '../src/testing/browser.ts';
import { registerClient, type TestClient, type Tokens, tokensOf } from '../src/testing/oauth-client.ts';
import { faultRows } from './faults.ts';
import { FLEET_ISSUER, FLEET_PERSON, type Fleet, startFleet } from '../test/support/fleet.ts';
import { startPostgres } from '../test/support/postgres.ts';
import { PEOPLE } from '../test/support/session-agent.ts';
import { startRedis } from '../test/support/redis.ts';

const PROCESSES = 4;
/** Callers that never pause, so that the last good call is close to the end. */
const CALLERS = 8;

interface Engine {
  readonly name: string;
  place(): Promise<string>;
  /** Kills it and starts it again; absent where it lives in the processes. */
  readonly restart?: () => Promise<void>;
}

/** Runs it. */
export async function benchOperations(args: readonly string[]): Promise<void> {
  const { values } = parseArgs({
    args: [...args],
    options: { engine: { type: 'string', multiple: true }, rounds: { type: 'string', default: '40' } },
  });
  const folder = mkdtempSync(join(tmpdir(), 'portcullis-operations-'));
  const [postgres, redis] = [await startPostgres(), await startRedis()];
  let databases = 0;
  const redisPlace = async (): Promise<string> => (typeof redis === 'string' ? '' : `${redis.url}/${databases++}`);
  const engines: Engine[] = [
    { name: 'sqlite', place: async () => mkdtempSync(join(folder, 'data-')) },
    ...(typeof postgres === 'string'
      ? []
      : [{ name: 'postgres', place: () => postgres.freshUrl(), ...(postgres.restart ? { restart: postgres.restart } : {}) }]),
    ...(typeof redis === 'string' ? [] : [{ name: 'redis', place: redisPlace, ...(redis.restart ? { restart: redis.restart } : {}) }]),
  ];
  const rows = { revocation: [] as string[], deployment: [] as string[], faults: [] as readonly string[] };
  try {
    for (const engine of engines.filter(({ name }) => !values.engine || values.engine.includes(name))) {
      rows.revocation.push(await revocation(engine, Number(values.rounds)));
      rows.deployment.push(await deployment(engine));
    }
    const sqlite = async (): Promise<string> => mkdtempSync(join(folder, 'faults-'));
    rows.faults = await faultRows(
      { sqlite, postgres: typeof postgres === 'string' ? null : postgres, redis: typeof redis === 'string' ? null : redis },
      values.engine,
    );
  } finally {
    if (typeof postgres !== 'string') await postgres.stop();
    if (typeof redis !== 'string') await redis.stop();
    rmSync(folder, { recursive: true, force: true });
  }
  print(
    'Revocation latency: from the request to the start of the last call that was still answered 200, in ms',
    [
      'store',
      'by the client: p50',
      'p99',
      'by an administrator: p50',
      'p99',
      'calls good after the answer',
      'held stream ends: p50',
      'p99',
    ],
    rows.revocation,
  );
  print(
    'Calls lost, and time to the first good call',
    ['store', 'rolling deployment', 'kill -9 of one process', 'engine killed: calls refused', 'well again after'],
    rows.deployment,
  );
  print(
    'Faults of the store, under callers that read and refresh without a pause',
    ['fault', 'calls refused', 'refreshes refused', 'slowest answer', 'last refusal after its end'],
    rows.faults,
  );
}

function print(title: string, head: readonly string[], rows: readonly string[]): void {
  process.stdout.write(`\n${title}\n\n| ${head.join(' | ')} |\n|${head.map(() => ' --- |').join('')}\n${rows.join('\n')}\n`);
}

/** How soon a revocation at one process is felt at all. */
async function revocation(engine: Engine, rounds: number): Promise<string> {
  const fleet = await startFleet(await engine.place(), PROCESSES);
  const felt = { client: [] as number[], admin: [] as number[] };
  let late = 0;
  try {
    const cookies = await cookiesOf(fleet.doors[0]!);
    for (let round = 0; round < 2 * rounds; round++) {
      const by = round % 2 === 0 ? 'client' : 'admin';
      const { client, tokens } = await signedIn(fleet, round, cookies);
      const good: number[] = [];
      let isOpen = true;
      const callers = Array.from({ length: CALLERS }, async (_, at) => {
        while (isOpen) {
          const began = performance.now();
          if ((await call(fleet.doors[at % PROCESSES]!, tokens.access)) === 200) good.push(began);
        }
      });
      await wait(50);
      const asked = performance.now();
      if (by === 'client') await client.revoke(tokens.refresh);
      else await revokeAsAdmin(fleet.doors[round % PROCESSES]!, cookies, tokens.refresh);
      const answered = performance.now();
      await wait(50);
      isOpen = false;
      await Promise.all(callers);
      felt[by].push(Math.max(0, Math.max(...good) - asked));
      late += good.filter((began) => began > answered).length;
    }
  } finally {
    await fleet.stop();
  }
  const streams = await streamEnds(engine, Math.min(rounds, 10));
  const figures = [felt.client, felt.admin].flatMap((times) => [shown(times, 50), shown(times, 99)]);
  return `| ${[engine.name, ...figures, late, shown(streams, 50), shown(streams, 99)].join(' | ')} |`;
}

/** Ends the grant of a token as an administrator does on a page or the command line. */
async function revokeAsAdmin(send: Send, cookies: ReadonlyMap<string, string>, token: string): Promise<void> {
  const headers = {
    cookie: [...cookies].map(([name, value]) => `${name}=${value}`).join('; '),
    origin: FLEET_ISSUER,
    'sec-fetch-site': 'same-origin',
    'content-type': 'application/json',
  };
  const body = JSON.stringify({ id: token.slice(token.indexOf('_') + 1, token.indexOf('.')) });
  const answer = await send(new Request(`${FLEET_ISSUER}/admin/api/grants/revoke`, { method: 'POST', headers, body }));
  if (answer.status !== 200) throw new Error(`The administrator's revocation came to ${answer.status}: ${await answer.text()}`);
}

/** How soon a stream that an MCP client holds at another process is ended. The server of these tests looks every second. */
async function streamEnds(engine: Engine, rounds: number): Promise<readonly number[]> {
  const fleet = await startFleet(await engine.place(), 2, 'session-server.ts');
  const ends: number[] = [];
  try {
    const cookies = await cookiesOf(fleet.doors[0]!, PEOPLE[0]!);
    for (let round = 0; round < rounds; round++) {
      const { client, tokens } = await signedIn(fleet, round, cookies);
      const headers = {
        authorization: `Bearer ${tokens.access}`,
        'content-type': 'application/json',
        accept: 'application/json, text/event-stream',
      };
      const params = { protocolVersion: '2025-06-18', capabilities: {}, clientInfo: { name: 'bench', version: '1' } };
      const opened = await fleet.doors[0]!(
        new Request(`${FLEET_ISSUER}/mcp`, {
          method: 'POST',
          headers,
          body: JSON.stringify({ jsonrpc: '2.0', id: 1, method: 'initialize', params }),
        }),
      );
      const session = opened.headers.get('mcp-session-id') ?? '';
      await opened.text();
      const stream = await fleet.doors[1]!(new Request(`${FLEET_ISSUER}/mcp`, { headers: { ...headers, 'mcp-session-id': session } }));
      if (stream.status !== 200) throw new Error(`The stream did not open: ${stream.status}`);
      const asked = performance.now();
      await client.revoke(tokens.refresh);
      await stream.text().catch(() => '');
      ends.push(performance.now() - asked);
    }
  } finally {
    await fleet.stop();
  }
  return ends;
}

/** What is lost while processes are replaced one by one, while one is killed, and while the engine is. */
async function deployment(engine: Engine): Promise<string> {
  const fleet = await startFleet(await engine.place(), PROCESSES);
  try {
    const { tokens } = await signedIn(fleet, 0, await cookiesOf(fleet.doors[0]!));
    const inService = new Set(fleet.members);
    const failures = { deployment: 0, crash: 0, engine: 0 };
    let [phase, isOpen, lastGood]: [keyof typeof failures, boolean, number] = ['deployment', true, 0];
    const callers = Array.from({ length: CALLERS }, async (_, at) => {
      for (let turn = at; isOpen; turn++) {
        const members = [...inService];
        const status = await call(members[turn % members.length]!.send, tokens.access);
        if (status === 200) lastGood = performance.now();
        else failures[phase]++;
        if (status !== 200) await wait(5);
      }
    });
    for (const member of fleet.members) {
      inService.delete(member); // as a load balancer does first: what is on its way still arrives
      await wait(100);
      process.kill(member.pid(), 'SIGTERM');
      await wait(300);
      await member.kill();
      await member.start();
      inService.add(member);
      await wait(100);
    }
    phase = 'crash';
    await fleet.members[0]!.kill();
    inService.delete(fleet.members[0]!);
    await wait(300);
    phase = 'engine';
    let recovery = NaN;
    if (engine.restart) {
      const killed = performance.now();
      await engine.restart();
      const up = performance.now();
      while (lastGood < up && performance.now() - up < 30_000) await wait(5);
      recovery = lastGood - up;
      if (lastGood < killed) recovery = Infinity;
    }
    isOpen = false;
    await Promise.all(callers);
    const engineCells = engine.restart ? `${failures.engine} | ${Math.max(0, Math.round(recovery))} ms` : '– | –';
    return `| ${engine.name} | ${failures.deployment} | ${failures.crash} | ${engineCells} |`;
  } finally {
    await fleet.stop();
  }
}

async function cookiesOf(send: Send, person: { username: string; password: string } = FLEET_PERSON): Promise<ReadonlyMap<string, string>> {
  const browser = makeBrowser(send);
  await (await registerClient({ send, issuer: FLEET_ISSUER })).signIn(browser, person);
  return browser.cookies;
}

async function signedIn(
  fleet: Fleet,
  round: number,
  cookies: ReadonlyMap<string, string>,
): Promise<{ client: TestClient; tokens: Tokens }> {
  const send = fleet.doors[round % fleet.doors.length]!;
  const browser = makeBrowser(send);
  for (const [name, value] of cookies) browser.cookies.set(name, value);
  const client = await registerClient({ send, issuer: FLEET_ISSUER });
  return { client, tokens: tokensOf(await client.redeem(await client.signIn(browser, {}))) };
}

/** The status, or 0 where no answer came. */
async function call(send: Send, access: string): Promise<number> {
  try {
    const response = await send(
      new Request(`${FLEET_ISSUER}/mcp`, { method: 'POST', headers: { authorization: `Bearer ${access}` }, body: '{}' }),
    );
    await response.body?.cancel();
    return response.status;
  } catch {
    return 0;
  }
}

function shown(figures: readonly number[], percent: number): string {
  const sorted = figures.toSorted((a, b) => a - b);
  return (sorted[Math.min(sorted.length - 1, Math.floor((sorted.length * percent) / 100))] ?? NaN).toFixed(1);
}
