import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import { password } from '../../src/logins/password.ts';
import { makeHashQueue } from '../../src/node/runtime.ts';
import { OAuthProvider } from '../../src/node/main.ts';
import { serve, type NodeServer } from '../../src/node/serve.ts';
import { gate } from '../support/node-server.ts';

/** A queue with one worker that holds each job until it is told, and the order in which jobs were done. */
function held(maxWaiting = 4) {
  const queue = makeHashQueue(1, maxWaiting);
  const done: string[] = [];
  const gates: ReturnType<typeof gate<void>>[] = [];
  const ask = (network: string, signal?: AbortSignal): Promise<string> =>
    queue(
      async () => {
        const open = gate<void>();
        gates.push(open);
        await open.promise;
        done.push(network);
        return network;
      },
      { network, ...(signal ? { signal } : {}) },
    ).catch((error: { reason: string; status: number }) => `${error.status} ${error.reason}`);
  const finish = async (): Promise<void> => {
    gates.shift()?.resolve();
    for (let turn = 0; turn < 20; turn++) await Promise.resolve();
  };
  return { ask, finish, done, gates };
}

describe('node/runtime, queue of hashes', () => {
  it('alternates between networks, and answers 503 when it is full (F-67)', async () => {
    const { ask, finish, done } = held();
    const flood = Array.from({ length: 5 }, () => ask('flood'));
    expect(await ask('flood')).toBe('503 hashing_busy');
    const honest = ask('honest'); // takes the place of the last one of the longest line
    expect(await flood[4]).toBe('503 hashing_busy');
    for (let job = 0; job < 5; job++) await finish();
    expect(done).toEqual(['flood', 'flood', 'honest', 'flood', 'flood']);
    expect(await honest).toBe('honest');
  });

  it('drops the work of a caller that has disconnected (F-67)', async () => {
    const { ask, finish, done, gates } = held();
    const [first, left] = [ask('a'), new AbortController()];
    const second = ask('b', left.signal);
    left.abort();
    expect(await second).toBe('503 caller_left');
    expect(await ask('b', left.signal)).toBe('503 caller_left');
    const third = ask('c');
    await finish();
    await finish();
    expect([await first, await third, done, gates.length]).toEqual(['a', 'c', ['a', 'c'], 0]);
  });

  it('goes on after a job that fails', async () => {
    const queue = makeHashQueue(1);
    const failing = queue(() => Promise.reject(new Error('no memory')));
    const after = queue(async () => 'done');
    await expect(failing).rejects.toThrow('no memory');
    expect(await after).toBe('done');
  });
});

const servers: NodeServer[] = [];
const folders: string[] = [];
afterEach(async () => {
  await Promise.all(servers.splice(0).map((server) => server.stop()));
  for (const folder of folders.splice(0)) rmSync(folder, { recursive: true, force: true });
});

describe('a flood of wrong passwords', () => {
  /** Of the time that the whole flood would take one after the other, an honest person may wait for so much. It was all of it before. */
  const SHARE = 0.5;
  const FLOOD = 100;

  async function start(): Promise<{ post: (network: string, secret: string, signal?: AbortSignal) => Promise<number> }> {
    const folder = mkdtempSync(join(tmpdir(), 'portcullis-hashing-'));
    folders.push(folder);
    const logins = [password({ accounts: () => [{ username: 'ada', password: 'correct horse battery' }] })];
    const app = new OAuthProvider({ apiRoute: '/mcp', apiHandler: () => new Response(), logins });
    const server = await serve(app, { port: 0, data: folder, trustProxy: 1, drainTimeout: 0.2, env: { PORTCULLIS_LIMITS: 'off' } });
    servers.push(server);
    const post = async (network: string, secret: string, signal?: AbortSignal): Promise<number> => {
      const answer = await fetch(`${server.url}/login`, {
        method: 'POST',
        redirect: 'manual',
        headers: { origin: server.url, 'x-forwarded-for': network },
        body: new URLSearchParams({ username: 'ada', password: secret }),
        ...(signal ? { signal } : {}),
      });
      await answer.text();
      return answer.status;
    };
    return { post };
  }

  it('makes an honest person wait for a few hashes and not for all of them; the rest is told to come back (F-67)', async () => {
    const { post } = await start();
    expect(await post('192.0.2.9', 'correct horse battery')).toBe(303);
    const alone = await timed(() => post('192.0.2.9', 'correct horse battery'));
    const flood = Array.from({ length: FLOOD }, () => post('198.51.100.1', 'wrong'));
    await new Promise((rest) => setTimeout(rest, 50));
    let status = 0;
    const crowded = await timed(async () => (status = await post('192.0.2.9', 'correct horse battery')));
    const answers = await Promise.all(flood);
    console.info(`alone ${alone.toFixed(0)} ms, among ${FLOOD} wrong ones ${crowded.toFixed(0)} ms`);
    expect([status, crowded < alone * FLOOD * SHARE]).toEqual([303, true]);
    expect(answers.filter((one) => one === 503).length).toBeGreaterThan(0); // how many depends on how fast they come
    expect(answers.filter((one) => one === 403).length).toBeGreaterThan(0);
  });

  it('costs next to nothing when the callers hang up (F-67)', async () => {
    const { post } = await start();
    expect(await post('192.0.2.9', 'correct horse battery')).toBe(303);
    const before = process.cpuUsage();
    await post('192.0.2.9', 'correct horse battery');
    const one = spent(before);
    const left = new AbortController();
    const flood = Array.from({ length: 60 }, (_, at) => post(`198.51.100.${at}`, 'wrong', left.signal).catch(() => 0));
    await new Promise((rest) => setTimeout(rest, 60));
    const flooded = process.cpuUsage();
    left.abort();
    await Promise.all(flood);
    expect(await post('192.0.2.9', 'correct horse battery')).toBe(303);
    const rest = spent(flooded);
    console.info(`one sign-in ${one.toFixed(0)} ms of the processor, after sixty that hung up ${rest.toFixed(0)} ms`);
    expect(rest).toBeLessThan(one * 15); // it was sixty times as much
  });
});

async function timed(work: () => Promise<unknown>): Promise<number> {
  const started = performance.now();
  await work();
  return performance.now() - started;
}

function spent(since: NodeJS.CpuUsage): number {
  const { user, system } = process.cpuUsage(since);
  return (user + system) / 1000;
}
