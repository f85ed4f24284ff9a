/**
 * Node server around `{ fetch }`, the same object that a Worker exports: its options, start, sweeps and graceful stop.
 * A single request is handled in `http/answer.ts`.
 */
import { createServer, type IncomingMessage, type Server } from 'node:http';
import type { Socket } from 'node:net';
import { defined } from '../lib/json.ts';
import { insteadOf } from '../lib/check-options.ts';
import type { FetchObject } from '../model/context.ts';
import type { OAuthHelpers } from '../provider/helpers.ts';
import type { Provider } from '../provider/provider.ts';
import { openEmbedded } from './databases.ts';
import { answering, checkSettings, type Answering } from './http/answer.ts';
import { closed, listen } from './http/listen.ts';
import { makeProxyWarning } from './http/request.ts';
import type { NodeListenerOptions } from './middleware.ts';

/** How a server listens, and where its limits are. Times are in seconds, sizes in bytes. */
export interface ServeOptions extends NodeListenerOptions {
  /** Default: the variable PORT, else 8787; 0 takes any free one. */
  readonly port?: number | undefined;
  /** Default: the variable HOST, else `localhost`, which is 127.0.0.1 and, where the machine has it, ::1. */
  readonly host?: string | undefined;
  /** Folder of the embedded store, for an `OAuthProvider` without one. Default: the variable PORTCULLIS_DATA. */
  readonly data?: string | undefined;
  /** How long a client may take for the headers of a request. Default 10. */
  readonly headerTimeout?: number | undefined;
  /** How long `stop` waits for what is in flight, and then for `waitUntil` promises. Default 10. */
  readonly drainTimeout?: number | undefined;
  /** Stop on SIGTERM and SIGINT, then end the process with 0. A second signal ends it at once. Default false. */
  readonly signals?: boolean | undefined;
}

/** A server that listens. */
export interface NodeServer {
  /** Where it listens, for a browser on this machine. */
  readonly url: string;
  readonly port: number;
  /** Takes nothing new, finishes what is in flight, hangs up on the rest after `drainTimeout`, awaits `waitUntil` promises. */
  stop(): Promise<void>;
}

/** A server around an `OAuthProvider`. */
export interface ProviderServer extends NodeServer {
  /** Accounts, clients and grants, outside of a request. */
  readonly helpers: OAuthHelpers;
}

/** Hosts that can only be reached from this machine. */
const ON_LOOPBACK: ReadonlySet<string> = new Set(['localhost', '127.0.0.1', '::1']);

const DEFAULTS = {
  headerTimeout: 10,
  requestTimeout: 60,
  drainTimeout: 10,
  signals: false,
  trustProxy: 0,
  bodyLimit: 4 * 1024 * 1024,
  maxRequests: 1000,
};

/** Longer than the usual minute of a load balancer, so that it never sends a request into a closing connection. */
const KEEP_ALIVE = 65;

/** How often a stop looks for connections that have become idle. */
const IDLE_MS = 25;

/** Connections that have asked nothing yet; beyond that the one that has been silent longest gives way. */
const MAX_SILENT = 1024;

/**
 * Answers HTTP requests with an `OAuthProvider`, or with any object that has `fetch`. For a provider it opens the store of
 * the data folder and, where no issuer is configured, takes the address it listens on.
 *
 * @throws {TypeError} for an option that makes no sense, or an app without `fetch`.
 * @throws {Error} for a port, host or data folder that cannot be had; its one line names the fix.
 * @example
 * const { url, stop } = await serve(app, { port: 8787, data: './data' });
 */
export function serve<Env>(app: Provider<Env>, options?: ServeOptions): Promise<ProviderServer>;
/** The same for an application that needs no store. */
export function serve<Env>(app: FetchObject<Env>, options?: ServeOptions): Promise<NodeServer>;
export async function serve<Env>(app: FetchObject<Env> | Provider<Env>, options: ServeOptions = {}): Promise<NodeServer> {
  const given = (options.env ?? { ...process.env }) as Record<string, unknown>;
  const env = isProvider(app) ? { ...given } : given; // a provider's gets a store and an issuer
  const settings = {
    ...DEFAULTS,
    port: portOf(env['PORT']),
    host: typeof env['HOST'] === 'string' && env['HOST'] !== '' ? env['HOST'] : 'localhost',
    ...defined(options),
    env,
  };
  check(app, settings);
  outliveLogs();
  if (env['PORTCULLIS_LIMITS'] === 'off' && !ON_LOOPBACK.has(settings.host)) {
    throw new TypeError(
      `serve: PORTCULLIS_LIMITS=off is for load tests on loopback, and ${settings.host} reaches beyond; set HOST=localhost.`,
    );
  }
  const desk = answering(app as FetchObject, settings);
  const limits = {
    headersTimeout: settings.headerTimeout * 1000,
    requestTimeout: settings.requestTimeout * 1000,
    connectionsCheckingInterval: 500,
    keepAliveTimeout: KEEP_ALIVE * 1000,
    joinDuplicateHeaders: true, // as the Fetch standard has it; Node would drop a second Authorization unseen
  };
  /** Connections that have not asked yet: Node does not count them as idle. */
  const silent = new Set<Socket>();
  let look: ((message: IncomingMessage) => void) | undefined;
  const make = (): Server =>
    createServer(limits, (message, to) => {
      silent.delete(message.socket);
      look?.(message);
      desk.answer(message, to);
    }).on('connection', (socket: Socket) => {
      silent.add(socket);
      const [longest] = silent.size > MAX_SILENT ? silent : [];
      longest?.destroy();
      socket.once('close', () => silent.delete(socket));
    });
  const servers = [make(), make()] as const;
  const { port, url } = await listen(servers, settings.host, settings.port);
  const shut = (): Promise<void> => drain(servers, silent, desk, settings.drainTimeout * 1000);
  if (!isProvider(app)) return serverOf(url, port, shut, settings.signals);
  // Only now that the port is ours: a start that fails there leaves nothing behind. No request comes before this turn ends.
  if (!env['PORTCULLIS_ISSUER'] && !app.isNamed) look = makeOtherName(url);
  else if (options.trustProxy === undefined) look = makeProxyWarning();
  if (ON_LOOPBACK.has(settings.host)) env['PORTCULLIS_ISSUER'] ||= url; // elsewhere the public address must be told
  const provided = await provide(app, env, options.data).catch(async (error: unknown) => {
    await shut();
    throw error;
  });
  const stop = (): Promise<void> => shut().finally(() => provided.close());
  return Object.assign(serverOf(url, port, stop, settings.signals), { helpers: provided.helpers });
}

/** The variable PORT, in digits: `Number` would take a blank for 0, which is any port. */
const portOf = (value: unknown = ''): number => (value === '' ? 8787 : /^\d+$/.test(String(value)) ? Number(value) : Number.NaN);

/**
 * A log on a full disk, or whose reader is gone, reports an `error` that would end the process. The lines are lost, and later ones are written
 * when there is room again.
 */
function outliveLogs(): void {
  for (const stream of [process.stdout, process.stderr]) if (!stream.listeners('error').includes(ignore)) stream.on('error', ignore);
}

function ignore(): void {}

/** By its face, not by its class: a process with a guard alone does not load the whole server for this question. */
function isProvider(app: object): app is Provider<unknown> {
  return typeof (app as Partial<Provider<unknown>>).helpers === 'function' && 'isNamed' in app;
}

function serverOf(url: string, port: number, shut: () => Promise<void>, signals: boolean): NodeServer {
  let stopping: Promise<void> | undefined;
  const stop = (): Promise<void> => (stopping ??= shut().finally(() => ignoreSignals()));
  const ignoreSignals = signals ? stopOnSignals(stop) : ignore;
  return { url, port, stop };
}

/** Puts the store into the environment, and lets the provider check itself. */
async function provide(
  app: Provider<unknown>,
  env: Record<string, unknown>,
  data: string | undefined,
): Promise<{ helpers: OAuthHelpers; close(): void }> {
  const folder = data || env['PORTCULLIS_DATA'];
  const embedded = env['PORTCULLIS'] === undefined && typeof folder === 'string' && folder !== '' ? openEmbedded(folder) : null;
  if (embedded) env['PORTCULLIS'] = embedded.store;
  try {
    const all = app.tenants.map((tenant) => app.helpers(env, tenant)); // so that whatever is wrong with one is found now
    const helpers = all[0] ?? app.helpers(env);
    await helpers.checkStore();
    const rest = startSweeper((most) => helpers.sweep(most));
    return { helpers, close: () => (rest(), embedded?.close()) };
  } catch (error) {
    embedded?.close();
    throw error;
  }
}

/** In flight first, since it may still hand promises to `waitUntil`; both have a deadline, so that a stop is a stop. */
async function drain(servers: readonly Server[], silent: ReadonlySet<Socket>, desk: Answering, milliseconds: number): Promise<void> {
  desk.stop();
  const ended = Promise.all(servers.map(closed));
  for (const socket of silent) socket.destroy();
  // Node keeps a connection alive if its last response began before the stop, and `close` would wait for it.
  const sweep = setInterval(() => servers.forEach((server) => server.closeIdleConnections()), IDLE_MS);
  const isEnded = await within(ended, milliseconds);
  clearInterval(sweep);
  if (!isEnded) {
    for (const server of servers) server.closeAllConnections();
    await ended;
  }
  await within(desk.settled(), milliseconds);
}

/** True if the promise fulfils in time. */
async function within(promise: Promise<unknown>, milliseconds: number): Promise<boolean> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<false>((resolve) => {
    timer = setTimeout(() => resolve(false), milliseconds);
  });
  try {
    return await Promise.race([promise.then(() => true), late]);
  } finally {
    clearTimeout(timer);
  }
}

function stopOnSignals(stop: () => Promise<void>): () => void {
  const signals = ['SIGTERM', 'SIGINT'];
  const remove = (): void => signals.forEach((signal) => void process.off(signal, end));
  const end = (): void => {
    remove(); // the next one ends the process, as it would have
    void stop().then(() => process.exit(0));
  };
  signals.forEach((signal) => void process.on(signal, end));
  return remove;
}

/** A wrong option is found at the start, in one line. */
function check(app: unknown, settings: ServeOptions & typeof DEFAULTS & { port: number; host: string }): void {
  const known = [...Object.keys(DEFAULTS), 'port', 'host', 'data', 'origin', 'env', 'onError', 'overrideGlobalObjects'];
  const wrong = (name: string, want: string): TypeError => new TypeError(`serve: ${name} must be ${want}.`);
  if (typeof (app as { fetch?: unknown } | null)?.fetch !== 'function') throw wrong('the first argument', 'an object with a fetch method');
  for (const name of Object.keys(settings)) {
    if (!known.includes(name)) throw new TypeError(`serve: unknown option ${name}; ${insteadOf(name, known)}.`);
  }
  if (!Number.isInteger(settings.port) || settings.port < 0 || settings.port > 65_535)
    throw wrong('port', 'a whole number from 0 to 65535, as the option or as the variable PORT');
  if (typeof settings.host !== 'string' || settings.host === '') throw wrong('host', 'a name or an address');
  for (const name of ['headerTimeout', 'drainTimeout'] as const) {
    const least = name === 'drainTimeout' ? 0 : 1;
    if (!Number.isFinite(settings[name]) || settings[name] < least) throw wrong(name, `a number, at least ${least}`);
  }
  if (typeof settings.signals !== 'boolean') throw wrong('signals', 'true or false');
  checkSettings('serve', settings);
}

/** A name of the DNS, with a port perhaps: nothing else of a stranger's header comes into a log. */
const NAME = /^(?=.{1,253}$)(?:[a-z\d](?:[a-z\d-]{0,61}[a-z\d])?\.)+[a-z](?:[a-z\d-]{0,61}[a-z\d])?(?::\d{1,5})?$/i;

const LOOPBACK = /^(?:localhost|127\.0\.0\.1|\[::1\])(?::\d{1,5})?$/i;

/**
 * Makes the function that warns once, where a request came for another name than localhost: a server without an issuer uses localhost in all of
 * its URLs, and behind a tunnel no client can use those. A client that came to 127.0.0.1 refuses metadata about localhost (RFC 9728 §3.3).
 */
function makeOtherName(own: string): (request: IncomingMessage) => void {
  let isTold = false;
  return ({ headers: { host = '', 'x-forwarded-host': forwarded }, url = '' }) => {
    const names = [host, typeof forwarded === 'string' ? (forwarded.split(',')[0] ?? '').trim() : ''];
    const name = isTold ? '' : names.find((one) => NAME.test(one) && !/\.localhost(:|$)/i.test(one));
    const isOther = name === undefined && LOOPBACK.test(host) && `http://${host}`.toLowerCase() !== own;
    if (!name && !(isOther && url.startsWith('/.well-known/oauth-protected-resource'))) return;
    isTold = true;
    const what = name ? `a request came for ${name};` : `a client came for ${host}, but this server is ${own}: connect to that, or`;
    console.warn(`portcullis: ${what} set PORTCULLIS_ISSUER=${name ? `https://${name}` : `http://${host}`}`);
  };
}

/** Records looked at in one go. */
const SWEEP_SIZE = 2000;
const EVERY_MS = 5000;
/** Where so many of those were expired there are more: what expires lies together, as it was written together. */
const MANY = SWEEP_SIZE / 10;
/** Time for requests between two goes that follow each other. */
const REST_MS = 100;

/**
 * Removes expired records while a server runs, in small batches, so that no request waits long; without long pauses where much has expired. A
 * failure is harmless: expired records are never read, and the next run removes them. It keeps no process alive.
 *
 * @returns a function that ends it.
 */
export function startSweeper(sweep: (most: number) => Promise<number>): () => void {
  let over = false;
  let timer: ReturnType<typeof setTimeout>;
  const go = async (): Promise<void> => {
    let found = 0;
    try {
      found = await sweep(SWEEP_SIZE);
    } catch (error) {
      const { causesOf } = await import('../core/listeners.ts');
      console.error(`portcullis: expired records could not be swept: ${causesOf(error)}`);
    }
    later(found >= MANY ? REST_MS : EVERY_MS);
  };
  const later = (pause: number): void => {
    if (!over) timer = setTimeout(() => void go(), pause).unref();
  };
  later(EVERY_MS);
  return () => {
    over = true;
    clearTimeout(timer);
  };
}
