/**
 * Drivers of PostgreSQL by their shape, a `pg` Pool or the `sql` of `postgres`: sends statements, tells what a failure proves, and gives up
 * the connection of a query that exceeds its deadline.
 */
import { NothingDone } from '../model/store.ts';
import { Overdue, QUERY_DEADLINE, within } from './timing.ts';

/** A statement for `pg`. */
interface PgQuery {
  readonly text: string;
  readonly values?: unknown[];
  readonly name?: string;
}

/** The part of a `pg` Pool or Client that is used. */
export interface PgDriver {
  query(query: PgQuery): Promise<{ readonly rows: unknown[] }>;
}

/** A connection of a Pool. */
interface PgConnection extends PgDriver {
  release(destroy?: boolean): void;
  on?(event: 'error', listener: () => void): unknown;
  readonly connection?: { readonly stream?: { destroy?(): void } };
}

/** What distinguishes a Pool from a Client. */
interface PgPool extends PgDriver {
  readonly totalCount: number;
  connect(): Promise<PgConnection>;
  on?(event: 'connect', listener: (connection: PgConnection) => void): unknown;
}

/** The part of `sql` of `postgres` that is used. */
export interface PostgresDriver {
  unsafe(text: string, parameters?: never[], options?: { readonly prepare?: boolean }): PromiseLike<readonly unknown[]>;
}

/** A parameter of a statement. */
export type Parameter = string | number | null;
/** Runs one statement and returns its rows. @param milliseconds deadline. */
export type Query = (statement: string, parameters: readonly Parameter[], milliseconds?: number) => Promise<readonly unknown[]>;

/** SQLSTATEs and system errors that prove that nothing was changed, such as serialization failure, deadlock and too many connections. */
const NOTHING_DONE = new Set(['40001', '40P01', '55P03', '57P03', '53300', 'ECONNREFUSED']);
/** Failures after which nothing was changed either, with what an operator has to do about them. */
const FIXES: ReadonlyMap<string, string> = new Map([
  ['53100', 'Its disk is full: free space on it.'],
  ['25006', 'It is read-only: lead the pool to the primary.'],
  ['42501', 'Its user lacks a right: GRANT SELECT, INSERT, UPDATE, DELETE on the tables portcullis_… to it.'],
  ['28P01', 'Give the pool the right user and password.'],
  ['28000', 'Give the pool the right user and password.'],
  ['26000', 'A pooler loses prepared statements: give postgresStore the option prepare: false.'],
  ['42P05', 'A pooler loses prepared statements: give postgresStore the option prepare: false.'],
  ['3D000', 'Create the database, or name another one.'],
]);

/** No such prepared statement; one of that name exists already. */
const LOST_STATEMENT = new Set(['26000', '42P05']);

/** For `pg`. @param names gets the names of prepared statements; empty to prepare none. */
export function overPg(driver: PgDriver, names: ReadonlyMap<string, string>): Query {
  // An idle connection that breaks makes the pool emit `error`, which ends the process without a listener. Nothing is lost: the pool
  // replaces the connection, and an affected query rejects.
  const emitter = driver as { on?: (event: string, listener: () => void) => void; listenerCount?: (event: string) => number };
  if (emitter.listenerCount?.('error') === 0) emitter.on?.('error', () => undefined);
  const run = isPool(driver) ? pooled(driver) : (query: PgQuery, milliseconds: number) => within(milliseconds, () => driver.query(query));
  let isPrepared = true;
  return async (text, parameters, milliseconds = QUERY_DEADLINE) => {
    const name = isPrepared ? names.get(text) : undefined;
    const query = { text, ...(parameters.length > 0 ? { values: [...parameters] } : {}), ...(name === undefined ? {} : { name }) };
    try {
      return (await reportNothingDone(() => run(query, milliseconds))).rows;
    } catch (error) {
      // The statement was lost, or is another connection's: it would be again.
      if (error instanceof NothingDone && LOST_STATEMENT.has(String((error.cause as { code?: unknown }).code))) isPrepared = false;
      throw error;
    }
  };
}

/** Runs queries on connections of a pool. After one has hung, only connections that have answered since are used: others may hang too. */
function pooled(pool: PgPool): (query: PgQuery, milliseconds: number) => Promise<{ readonly rows: unknown[] }> {
  let hangs = 0;
  const heardAfter = new WeakMap<PgConnection, number>();
  const watched = new WeakSet<PgConnection>();
  /** The pool listens to idle connections only: one that breaks while in use would emit `error` without a listener, which ends the process. */
  const watch = (connection: PgConnection): void => {
    if (!watched.has(connection)) connection.on?.('error', () => undefined);
    watched.add(connection);
  };
  pool.on?.('connect', watch); // "ready" and "terminated" may come in one packet, before `connect` below is back
  const drop = (connection: PgConnection): void => {
    connection.release(true);
    connection.connection?.stream?.destroy?.(); // a regular close would wait for an answer
  };
  const trusted = async (milliseconds: number): Promise<PgConnection> => {
    const requestedAt = Date.now();
    for (;;) {
      const connection = await pool.connect();
      watch(connection);
      const isLate = Date.now() - requestedAt > milliseconds;
      if (!isLate && (heardAfter.get(connection) ?? hangs) >= hangs) return connection;
      if (!isLate) drop(connection);
      else connection.release();
      if (isLate) throw new NothingDone('No connection to PostgreSQL was free in time.'); // the operation has timed out
    }
  };
  return async (query, milliseconds) => {
    const connection = await trusted(milliseconds);
    try {
      const answer = await within(milliseconds, () => connection.query(query));
      heardAfter.set(connection, hangs);
      connection.release();
      return answer;
    } catch (error) {
      if (error instanceof Overdue) hangs++;
      drop(connection);
      throw error;
    }
  };
}

function isPool(driver: PgDriver): driver is PgPool {
  return typeof (driver as Partial<PgPool>).totalCount === 'number';
}

/** For `postgres`. */
export function overPostgres(sql: PostgresDriver, prepare: boolean): Query {
  const dropSilent = droppedWhereSilent(sql);
  return (text, parameters, milliseconds = QUERY_DEADLINE) =>
    reportNothingDone(async () => {
      let drop = async (): Promise<void> => undefined;
      try {
        const send = (): PromiseLike<readonly unknown[]> =>
          parameters.length > 0 ? sql.unsafe(text, [...parameters] as never[], { prepare }) : sql.unsafe(text);
        return await within(milliseconds, send, () => (drop = dropSilent()));
      } catch (error) {
        if (error instanceof Overdue) await drop();
        throw error;
      }
    });
}

/** Runs a query, and reports whether a failure left everything unchanged. */
async function reportNothingDone<T>(query: () => PromiseLike<T>): Promise<T> {
  try {
    return await query();
  } catch (error) {
    const { code } = (error ?? {}) as { code?: string };
    const fix = code === undefined ? undefined : FIXES.get(code);
    if (fix !== undefined) throw new NothingDone(`PostgreSQL changed nothing: ${(error as Error).message}. ${fix}`, { cause: error });
    if (code !== undefined && NOTHING_DONE.has(code)) throw new NothingDone(`PostgreSQL changed nothing (${code}).`, { cause: error });
    throw error;
  }
}

// Sockets of `postgres`, which cannot close a single hanging connection: we create them through its `socket` option, and destroy those that
// receive nothing. Otherwise it uses them like its own.

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
function droppedWhereSilent(sql: object): () => () => Promise<void> {
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
