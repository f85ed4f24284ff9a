/**
 * What a signed token of somebody else's server costs at the guard, seen for the first time and again, beside `jwtVerify` of jose alone.
 *
 *   npm run bench -- jwt [--rounds 5] [--only node|worker]
 */
import { parseArgs } from 'node:util';
import { startLoad, type Load } from './measure.ts';
import { start, type Running } from './processes.ts';
import { median } from './report.ts';
import { ALGS } from './servers/jwt-app.ts';

const TOKENS = 1500;

/** Runs the whole comparison. */
export async function benchJwt(argv: readonly string[]): Promise<void> {
  const { values } = parseArgs({ args: [...argv], options: { rounds: { type: 'string', default: '5' }, only: { type: 'string' } } });
  const load = startLoad();
  const servers: (readonly [string, Running])[] = [];
  if (values.only !== 'worker') servers.push(['node', await start('servers/jwt.ts')]);
  if (values.only !== 'node') servers.push(['workerd', await start('servers/workerd.ts', ['jwt'])]);
  const figures = new Map<string, number[]>();
  const keep = (key: string, micros: number): void => void figures.set(key, [...(figures.get(key) ?? []), micros]);
  for (let round = 0; round <= Number(values.rounds); round++) {
    if (round === 1) figures.clear(); // the first round warms up
    for (const alg of ALGS)
      for (const [name, server] of servers) {
        const tokens = (await (await fetch(`http://127.0.0.1:${server.port}/setup?alg=${alg}&tokens=${TOKENS}`)).json()) as string[];
        keep(`${name} ${alg} bare`, await measure(server, `/bare/${alg}`, tokens, TOKENS, load));
        keep(`${name} ${alg} first`, await measure(server, `/ours/${alg}`, tokens, TOKENS, load));
        keep(`${name} ${alg} again`, await measure(server, `/ours/${alg}`, tokens.slice(-100), 2 * TOKENS, load));
      }
  }
  await Promise.all(servers.map(([, server]) => server.stop()));
  load.stop();
  console.log(
    '\n| CPU µs | jose alone | verifyJwt, first | verifyJwt, seen before | first, of jose | seen, of jose |\n| --- | --- | --- | --- | --- | --- |',
  );
  for (const [name] of servers)
    for (const alg of ALGS) {
      const [bare = NaN, first = NaN, again = NaN] = ['bare', 'first', 'again'].map((what) =>
        median(figures.get(`${name} ${alg} ${what}`) ?? []),
      );
      console.log(
        `| ${name}, ${alg} | ${bare.toFixed(0)} | ${first.toFixed(0)} | ${again.toFixed(0)} | ${(bare / first).toFixed(2)}× | ${(bare / again).toFixed(2)}× |`,
      );
    }
  console.log('\nG3 wants 1.15× for the first sight (RS256 on Node 1.8×): see decision 16.');
}

async function measure(server: Running, path: string, values: readonly string[], requests: number, load: Load): Promise<number> {
  const before = server.cpu();
  const { failures, sample } = await load.run({
    port: server.port,
    path,
    requests,
    connections: 16,
    status: 200,
    vary: { place: 'bearer', values },
  });
  if (failures > 0) throw new Error(`${path}: ${failures} of ${requests} requests failed: ${sample}`);
  return (server.cpu() - before) / requests;
}
