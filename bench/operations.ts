/**
 * `npm run bench -- operations [--engine sqlite|postgres|redis|workerd]… [--rounds 40] [--revocation]`: what an operator wants to know before a bad
 * night. How soon a revocation is felt in four processes, by calls and by held streams (`--revocation`: only that); what a rolling deployment and a
 * crash cost in calls; how soon all is well again after the engine was killed, hung, was demoted or full (faults.ts). Prints the tables of
 * docs/reference/operations.md.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { faultRows } from './faults.ts';
import { call, CALLERS, cookiesOf, PROCESSES, revocationRow, signedIn, workerdEngines } from './revocation.ts';
import { startFleet } from '../test/support/fleet.ts';
import { startPostgres } from '../test/support/postgres.ts';
import { startRedis } from '../test/support/redis.ts';

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
    options: {
      engine: { type: 'string', multiple: true },
      rounds: { type: 'string', default: '40' },
      revocation: { type: 'boolean', default: false },
    },
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
      const start = async (count: number, kind: 'calls' | 'streams'): ReturnType<typeof startFleet> =>
        startFleet(await engine.place(), count, kind === 'calls' ? 'process-server.ts' : 'session-server.ts');
      rows.revocation.push(await revocationRow({ name: engine.name, start }, Number(values.rounds)));
      if (!values.revocation) rows.deployment.push(await deployment(engine));
    }
    for (const engine of workerdEngines(folder))
      if (!values.engine || values.engine.includes('workerd')) rows.revocation.push(await revocationRow(engine, Number(values.rounds)));
    const sqlite = async (): Promise<string> => mkdtempSync(join(folder, 'faults-'));
    if (!values.revocation)
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
  if (values.revocation) return;
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
