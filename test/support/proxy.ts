/** Proxies: one as it stands before several machines, to the next of which each request goes; one that swallows bytes. */
import { createServer, request as ask, type IncomingMessage } from 'node:http';
import { type AddressInfo, connect, createServer as createTcpServer, type Socket } from 'node:net';
import { once } from 'node:events';

/** The proxy. */
export interface Proxy {
  readonly port: number;
  stop(): void;
}

/** A proxy that knows what it has sent and is not answered yet. */
export interface Balancer extends Proxy {
  /** Fulfils when no request is under way to a port. */
  drained(port: number): Promise<void>;
}

/** Starts it. @param ports where the machines listen just now. */
export async function startProxy(ports: () => readonly number[]): Promise<Balancer> {
  let turn = 0;
  const underWay = new Map<number, Set<Promise<unknown>>>();
  const counted = async (port: number, coming: ReturnType<typeof forward>): ReturnType<typeof forward> => {
    const own = underWay.get(port) ?? new Set();
    underWay.set(port, own.add(coming));
    return coming.finally(() => own.delete(coming));
  };
  const server = createServer((incoming, outgoing) => {
    void (async () => {
      const chunks: Buffer[] = [];
      for await (const chunk of incoming) chunks.push(chunk as Buffer);
      const all = ports();
      const first = turn++;
      for (let at = 0; at < all.length; at++) {
        const port = all[(first + at) % all.length] ?? 0;
        const answer = await counted(port, forward(incoming, Buffer.concat(chunks), port));
        if (answer === 'refused') continue; // no one listens there, so nothing was done
        if (answer === 'broken') break;
        outgoing.writeHead(answer.status, answer.headers).end(answer.body);
        return;
      }
      outgoing.writeHead(502).end(); // it may have been done: only the client knows whether that may be asked again
    })();
  });
  server.keepAliveTimeout = 0; // an idle connection that is closed while a request comes on it would lose that request
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    port: (server.address() as AddressInfo).port,
    drained: async (port) => void (await Promise.all(underWay.get(port) ?? new Set<Promise<unknown>>())),
    stop: () => (server.close(), server.closeAllConnections()),
  };
}

interface Answer {
  readonly status: number;
  readonly headers: string[];
  readonly body: Buffer;
}

function forward(incoming: IncomingMessage, body: Buffer, port: number): Promise<Answer | 'refused' | 'broken'> {
  return new Promise((resolve) => {
    const { method, url: path, rawHeaders: headers } = incoming;
    const sent = ask({ host: '127.0.0.1', port, method, path, headers }, (answer) => {
      const chunks: Buffer[] = [];
      answer.on('data', (chunk: Buffer) => chunks.push(chunk));
      answer.on('end', () => resolve({ status: answer.statusCode ?? 0, headers: answer.rawHeaders, body: Buffer.concat(chunks) }));
      answer.on('error', () => resolve('broken'));
    });
    sent.on('error', (error: NodeJS.ErrnoException) => resolve(error.code === 'ECONNREFUSED' ? 'refused' : 'broken'));
    sent.end(body);
  });
}

/** A proxy that gives up with 504 on a server of which it hears nothing for so long, and hands on what it hears at once. */
export async function startImpatientProxy(port: number, patience: number): Promise<Proxy> {
  const server = createServer((incoming, outgoing) => {
    const { method, url: path, rawHeaders: headers } = incoming;
    const sent = ask({ host: '127.0.0.1', port, method, path, headers }, (answer) => {
      outgoing.writeHead(answer.statusCode ?? 502, answer.rawHeaders);
      answer.pipe(outgoing);
    });
    sent.setTimeout(patience, () => sent.destroy(new Error('too late')));
    sent.on('error', () => (outgoing.headersSent ? outgoing.destroy() : outgoing.writeHead(504).end()));
    incoming.pipe(sent);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return { port: (server.address() as AddressInfo).port, stop: () => (server.close(), server.closeAllConnections()) };
}

/** A proxy of TCP that can let connections hang: they stay open, and no byte comes through any more. */
export interface Swallower {
  readonly port: number;
  /** Leads new connections elsewhere. */
  lead(port: number): void;
  /** Swallows what those that are open now send and are sent; new ones work. Gives how many there were. */
  hang(): number;
  /** How often something was swallowed so far that is longer than a good-bye. */
  swallowed(): number;
  /** How many were opened so far. */
  opened(): number;
  stop(): void;
}

/** Bytes with which a driver of PostgreSQL ends a connection. */
const GOOD_BYE = 5;

/** Starts it. @param target the port that it leads to. */
export async function startSwallower(target: number): Promise<Swallower> {
  let [to, count, lost] = [target, 0, 0];
  const pairs = new Map<Socket, Socket>();
  const server = createTcpServer({ allowHalfOpen: true }, (incoming) => {
    count++;
    const outgoing = connect({ port: to, host: '127.0.0.1', allowHalfOpen: true });
    pairs.set(incoming, outgoing);
    incoming.pipe(outgoing).pipe(incoming);
    const end = (): void => {
      pairs.delete(incoming);
      incoming.destroy();
      outgoing.destroy();
    };
    for (const socket of [incoming, outgoing]) socket.on('error', end).on('close', end);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    port: (server.address() as AddressInfo).port,
    lead: (port) => void (to = port),
    opened: () => count,
    swallowed: () => lost,
    hang() {
      for (const [incoming, outgoing] of pairs) {
        incoming
          .unpipe(outgoing)
          .on('data', (bytes: Buffer) => void (lost += bytes.length > GOOD_BYE ? 1 : 0))
          .resume();
        outgoing.unpipe(incoming).resume();
      }
      return pairs.size;
    },
    stop() {
      server.close();
      for (const pair of pairs) for (const socket of pair) socket.destroy();
    },
  };
}
