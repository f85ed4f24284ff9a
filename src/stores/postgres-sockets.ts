/**
 * Sockets of `postgres`, which cannot close a single hanging connection: we create them through its `socket` option, and destroy those that
 * receive nothing. Otherwise it uses them like its own.
 */

/** The part of a `node:net` socket that is used. */
interface Socket {
  host?: string | undefined;
  port?: number | undefined;
  readonly bytesRead: number;
  destroy(): void;
  once(event: 'close', listener: () => void): unknown;
}

interface Net {
  connect(options: { readonly path: string } | { readonly host: string; readonly port: number }): Socket;
}

/** Options of an `sql`. */
interface SqlOptions {
  readonly host: readonly string[];
  readonly port: readonly number[];
  readonly path?: string | false | undefined;
  socket?: ((options: SqlOptions) => Socket | Promise<Socket>) | undefined;
}

/**
 * Gives a function that notes how much each socket has received, and returns a function that destroys those that have received nothing since
 * and resolves when `postgres` knows: until then it would keep using them.
 * Without `node:net` nothing is destroyed: in such runtimes connections do not outlive a request.
 */
export function droppedWhereSilent(sql: object): () => () => Promise<void> {
  const sockets = watched(sql);
  return () => {
    const before = [...sockets].map((socket) => [socket, socket.bytesRead] as const);
    return async () => {
      const silent = before.filter(([socket, bytes]) => sockets.has(socket) && socket.bytesRead === bytes);
      await Promise.all(
        silent.map(async ([socket]) => {
          const closed = new Promise<void>((done) => socket.once('close', done));
          socket.destroy();
          await closed;
        }),
      );
    };
  };
}

const known = new WeakMap<object, ReadonlySet<Socket>>();

/** The open sockets of an `sql`; two stores on one `sql` share them. */
function watched(sql: object): ReadonlySet<Socket> {
  const { options } = sql as { readonly options?: SqlOptions };
  if (!options) return new Set();
  const before = known.get(options);
  if (before) return before;
  const sockets = new Set<Socket>();
  known.set(options, sockets);
  const make = options.socket ?? makerOf();
  if (!make) return sockets;
  options.socket = async (given) => {
    const socket = await make(given);
    sockets.add(socket);
    socket.once('close', () => sockets.delete(socket));
    return socket;
  };
  return sockets;
}

/** Connects like `postgres` itself: to its hosts in turn. The socket may still be connecting. */
function makerOf(): SqlOptions['socket'] | null {
  const { process, navigator } = globalThis as {
    process?: { getBuiltinModule?(name: string): unknown };
    navigator?: { readonly userAgent?: string };
  };
  const net = navigator?.userAgent === 'Cloudflare-Workers' ? undefined : (process?.getBuiltinModule?.('node:net') as Net | undefined);
  if (!net) return null;
  let turn = 0;
  return ({ host: hosts, port: ports, path }) => {
    if (path) return net.connect({ path });
    const at = turn++ % hosts.length;
    const [host = 'localhost', port = 5432] = [hosts[at], ports[at]];
    return Object.assign(net.connect({ host, port }), { host, port }); // used to check the certificate
  };
}
