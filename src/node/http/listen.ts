/**
 * Opens the listening sockets; an error is one line that names the port and the fix.
 */
import type { Server } from 'node:http';
import { isIPv6, type AddressInfo } from 'node:net';

/** Where a server listens. */
export interface Place {
  readonly port: number;
  readonly url: string;
}

/** How often a free port is looked for that is free on both loopback addresses. */
const ATTEMPTS = 10;

/**
 * Lets one server listen per address of the host: `localhost` is both loopback addresses, since clients differ in which they try.
 *
 * @param servers two, of which the second stays unused where one address is enough.
 * @throws an `Error` whose message names the port and the fix.
 */
export async function listen(servers: readonly [Server, Server], host: string, port: number): Promise<Place> {
  const [first, second] = servers;
  for (let attempt = 1; ; attempt += 1) {
    const taken = await bind(first, host === 'localhost' ? '127.0.0.1' : host, port).catch((error: unknown) => {
      throw explained(error, host, port);
    });
    if (host !== 'localhost') return { port: taken, url: urlOf(nameOf(host), taken) };
    try {
      await bind(second, '::1', taken);
    } catch (error) {
      const { code } = error as { code?: string };
      if (code === 'EADDRINUSE') {
        await closed(first);
        if (port === 0 && attempt < ATTEMPTS) continue;
        throw explained(error, host, taken);
      }
      // Any other refusal: this machine has no IPv6, and no client of it will try ::1.
    }
    return { port: taken, url: urlOf(host, taken) };
  }
}

/** Stops accepting, hangs up on idle connections, and resolves when the last connection has ended. */
export function closed(server: Server): Promise<void> {
  return new Promise((resolve) => {
    server.close(() => resolve()); // its one error is "not running", which is what is wanted
  });
}

function bind(server: Server, host: string, port: number): Promise<number> {
  return new Promise((resolve, reject) => {
    const fail = (error: Error): void => reject(error);
    server.once('error', fail);
    server.listen({ host, port }, () => {
      server.off('error', fail);
      resolve((server.address() as AddressInfo).port);
    });
  });
}

/** An origin as URLs have it: port 80 is not written. */
function urlOf(name: string, port: number): string {
  return new URL(`http://${name}:${port}`).origin;
}

/** A name that a browser on this machine can open. */
function nameOf(host: string): string {
  if (host === '0.0.0.0' || host === '::') return 'localhost';
  return isIPv6(host) ? `[${host}]` : host;
}

function explained(error: unknown, host: string, port: number): Error {
  const { code, message } = error as { code?: string; message: string };
  return new Error(
    code === 'EADDRINUSE'
      ? `Port ${port} on ${host} is taken: stop the program that uses it, or choose another port (PORT=${port + 1}).`
      : code === 'EACCES'
        ? `Port ${port} on ${host} is not for this user: choose a port above 1023 (PORT=8787).`
        : code === 'EADDRNOTAVAIL' || code === 'ENOTFOUND' || code === 'EAI_AGAIN' || code === 'EINVAL'
          ? `Host ${host} (port ${port}) is no address of this machine: use localhost, 0.0.0.0 or one of its own (HOST=localhost).`
          : `Cannot listen on port ${port} of ${host}: ${message}`,
    { cause: error },
  );
}
