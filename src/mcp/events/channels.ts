/**
 * Channels for {@link userEvents} over engines that many processes share. Drivers are passed in and known by shape.
 */
import type { Awaitable } from '../../model/runtime.ts';
import type { Channel } from './user-events.ts';

/** A Redis client that publishes: node-redis and ioredis alike. */
export interface RedisPublisher {
  publish(channel: string, message: string): Awaitable<unknown>;
}

/**
 * A Redis connection that listens and does nothing else: of node-redis, `client.duplicate()`; of ioredis, another `new Redis()`. Either
 * comes back by itself when it breaks.
 */
export type RedisSubscriber = Emitter &
  (
    | { pSubscribe: unknown; subscribe(channel: string, listener: (message: string) => void): Awaitable<unknown> }
    | {
        psubscribe: unknown;
        subscribe(channel: string): Awaitable<unknown>;
        on(event: 'message', listener: (channel: string, message: string) => void): unknown;
      }
  );

interface Emitter {
  on(event: 'error' | 'ready' | 'end', listener: (error?: unknown) => void): unknown;
}

/** Options of a channel. If a channel fails, events are late and calls are still right. */
export interface ChannelOptions {
  /** The channel's name; `portcullis` by default. */
  readonly name?: string | undefined;
  /** Called if the engine fails; the channel tries again. Default: `console.error`. */
  readonly onError?: ((error: unknown) => void) | undefined;
}

/**
 * A channel for {@link userEvents} over Redis Pub/Sub.
 *
 * @param publisher a client of node-redis or ioredis.
 * @param subscriber a second connection, which is used for nothing else.
 * @example
 * userEvents(redisChannel(redis, redis.duplicate()))
 */
export function redisChannel(publisher: RedisPublisher, subscriber: RedisSubscriber, options: ChannelOptions = {}): Channel {
  const { name = 'portcullis', onError = logError } = options;
  heed(publisher, onError);
  heed(subscriber, onError);
  return {
    send: async (text) => void (await publisher.publish(name, text)),
    listen(receive, missed) {
      const heard = (): unknown => subscriber.on('ready', missed); // from now on `ready` means: connected again
      if ('pSubscribe' in subscriber) return void Promise.resolve(subscriber.subscribe(name, receive)).then(heard).catch(onError);
      subscriber.on('message', (channel, text) => channel === name && receive(text));
      Promise.resolve(subscriber.subscribe(name)).then(heard).catch(onError);
    },
  };
}

/** A connected `Client` of `pg`, used for listening only. */
export interface PostgresListener extends Emitter {
  query(text: string, values?: unknown[]): Promise<unknown>;
  /** Called before another connection replaces this one. */
  end?(): Awaitable<unknown>;
  on(event: 'error' | 'end', listener: (error?: unknown) => void): unknown;
  on(event: 'notification', listener: (message: { readonly channel: string; readonly payload?: string | undefined }) => void): unknown;
}

/** The first delay before reconnecting, in milliseconds; each further one is twice as long, up to half a minute. */
const FIRST_PAUSE = 500;
const MAX_PAUSE = 30_000;

/**
 * A channel for {@link userEvents} over PostgreSQL LISTEN and NOTIFY. An event has at most 8,000 bytes.
 *
 * @param pool any object with `query`, to send with.
 * @param connect makes a connected `Client`: called at the first subscription, and again after each lost connection.
 * @example
 * userEvents(
 *   postgresChannel(pool, async () => {
 *     const client = new app.Client();
 *     await client.connect();
 *     return client;
 *   }),
 * )
 */
export function postgresChannel(
  pool: Pick<PostgresListener, 'query'>,
  connect: () => Awaitable<PostgresListener>,
  options: ChannelOptions = {},
): Channel {
  const { name = 'portcullis', onError = logError } = options;
  if (!/^[a-z_][a-z0-9_]{0,62}$/.test(name)) throw new TypeError('postgresChannel: `name` must be a plain lower-case identifier.');
  if (typeof connect !== 'function')
    throw new TypeError('postgresChannel: give a function that makes a connected `Client` of `pg`: a client cannot be connected twice.');
  heed(pool, onError);
  return {
    send: async (text) => void (await pool.query('SELECT pg_notify($1, $2)', [name, text])),
    listen(receive, missed) {
      const open = async (pause: number, opened: () => void): Promise<void> => {
        let broken = false;
        let listener: PostgresListener | null = null;
        const again = (error: unknown, next: number): void => {
          if (broken) return; // reported by both `error` and `end`
          broken = true;
          onError(error);
          // A client that fails to LISTEN, as on a standby, is still connected: each try would leave a connection behind.
          Promise.resolve(listener?.end?.()).catch(onError);
          setTimeout(() => void open(Math.min(2 * next, MAX_PAUSE), missed), next);
        };
        try {
          listener = await connect();
          listener.on('error', (error) => again(error, FIRST_PAUSE));
          listener.on('end', () => again(new Error('The connection that listens for events has ended.'), FIRST_PAUSE));
          listener.on('notification', ({ channel, payload }) => channel === name && payload !== undefined && receive(payload));
          await listener.query(`LISTEN ${name}`);
          opened();
        } catch (error) {
          again(error, pause);
        }
      };
      void open(FIRST_PAUSE, () => undefined);
    },
  };
}

/** A lost connection makes a client emit `error`, and without a listener that ends the process. */
function heed(client: object, onError: (error: unknown) => void): void {
  const emitter = client as Partial<Emitter> & { listenerCount?: (event: string) => number };
  if (emitter.listenerCount?.('error') === 0) emitter.on?.('error', onError);
}

function logError(error: unknown): void {
  console.error('portcullis: events of changed rights do not arrive', error);
}
