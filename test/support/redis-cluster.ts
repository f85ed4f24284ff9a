/** A real Redis Cluster for tests: three primaries on free ports, each with a third of the slots. */
import { connect } from 'node:net';
import { freePort } from './port.ts';
import { startRedis, type TestRedis } from './redis.ts';

/** The cluster. */
export interface TestRedisCluster {
  readonly urls: readonly string[];
  readonly stop: () => Promise<void>;
}

const NODES = 3;
const SLOTS = 16_384;

/** Starts it; or says why there is none. */
export async function startRedisCluster(): Promise<TestRedisCluster | string> {
  const nodes: TestRedis[] = [];
  const stop = async (): Promise<void> => void (await Promise.all(nodes.map((node) => node.stop())));
  for (let at = 0; at < NODES; at++) {
    const node = await startRedis('--cluster-enabled', 'yes', '--cluster-port', String(await freePort()), '--appendfsync', 'no');
    if (typeof node === 'string') return stop().then(() => node);
    nodes.push(node);
  }
  const urls = nodes.map(({ url }) => url);
  for (const [at, url] of urls.entries()) {
    const [from, to] = [at, at + 1].map((part) => Math.floor((SLOTS * part) / NODES)) as [number, number];
    await say(url, 'CLUSTER', 'ADDSLOTSRANGE', String(from), String(to - 1));
    await say(url, 'CLUSTER', 'SET-CONFIG-EPOCH', String(at + 1));
  }
  const bus = /cport=|@(\d+)/.exec(await say(urls[0] ?? '', 'CLUSTER', 'NODES'))?.[1] ?? '';
  for (const url of urls.slice(1)) await say(url, 'CLUSTER', 'MEET', '127.0.0.1', new URL(urls[0] ?? '').port, bus);
  for (const url of urls)
    while (!/cluster_state:ok[^]*cluster_known_nodes:3/.test(await say(url, 'CLUSTER', 'INFO')))
      await new Promise((next) => setTimeout(next, 50));
  return { urls, stop };
}

/** One command on a connection of its own; the answer as it comes. @throws {Error} when it is refused. */
function say(url: string, ...words: readonly string[]): Promise<string> {
  return new Promise((resolve, reject) => {
    const socket = connect(Number(new URL(url).port), '127.0.0.1', () => socket.write(`${words.join(' ')}\r\n`));
    socket.once('data', (data) => {
      socket.destroy();
      const answer = data.toString();
      if (answer.startsWith('-')) reject(new Error(`${words.join(' ')}: ${answer}`));
      else resolve(answer);
    });
    socket.once('error', reject);
  });
}
