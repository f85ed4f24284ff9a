/** A free port for a server that cannot take any by itself. */
import { once } from 'node:events';
import { createServer } from 'node:net';

/**
 * The system gives ports from 32768 on to every connection and every server that asks for any, so one of those that was free a moment ago may be
 * taken by now. These are below, and each process starts in a block of its own.
 */
const FIRST = 20_000;
const COUNT = 12_000;
const BLOCK = 40;
let given = (process.pid * BLOCK) % COUNT;

/** A port that no one else is given. It is free on both loopback addresses, since `localhost` is both. */
export async function freePort(): Promise<number> {
  for (let tries = 0; tries < COUNT; tries++) {
    const port = FIRST + (given++ % COUNT);
    if ((await isFree(port, '127.0.0.1')) && (await isFree(port, '::1'))) return port;
  }
  throw new Error(`There is no free port from ${FIRST} to ${FIRST + COUNT - 1}.`);
}

async function isFree(port: number, host: string): Promise<boolean> {
  const server = createServer().listen(port, host);
  try {
    await once(server, 'listening');
  } catch (error) {
    return (error as { code?: string }).code !== 'EADDRINUSE'; // this machine may have no IPv6
  }
  server.close();
  await once(server, 'close');
  return true;
}
