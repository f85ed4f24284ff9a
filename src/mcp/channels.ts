/**
 * Channels for {@link userEvents} over engines that many processes share. Drivers are passed in and known by shape.
 */
import type { Awaitable } from '../model/runtime.ts';
import type { Channel } from './user-events.ts';

/** A Redis client that publishes: node-redis and ioredis alike. */
export interface RedisPublisher {
  publish(channel: string, message: string): Awaitable<unknown>;
}

/** A Redis connection that listens and does nothing else: of node-redis, `client.duplicate()`; of ioredis, another `new Redis()`. */
export type RedisSubscriber =
  | { pSubscribe: unknown; subscribe(channel: string, listener: (message: string) => void): Awaitable<unknown> }
  | {
      psubscribe: unknown;
      subscribe(channel: string): Awaitable<unknown>;
      on(event: 'message', listener: (channel: string, message: string) => void): unknown;
    };

/** How to fail: a channel that breaks makes news late, not calls wrong. */
export interface ChannelOptions {
  /** The channel's name; `portcullis` by default. */
  readonly name?: string;
  readonly onError?: (error: unknown) => void;
}

/** News over Redis Pub/Sub. */
export function redisChannel(publisher: RedisPublisher, subscriber: RedisSubscriber, options: ChannelOptions = {}): Channel {
  const { name = 'portcullis', onError = logError } = options;
  return {
    send: async (text) => void (await publisher.publish(name, text)),
    listen(receive) {
      if ('pSubscribe' in subscriber) return void Promise.resolve(subscriber.subscribe(name, receive)).catch(onError);
      subscriber.on('message', (channel, text) => channel === name && receive(text));
      Promise.resolve(subscriber.subscribe(name)).catch(onError);
    },
  };
}

/** A connected `Client` of `pg`, kept for listening alone. */
export interface PostgresListener {
  query(text: string, values?: unknown[]): Promise<unknown>;
  on(event: 'notification', listener: (message: { readonly channel: string; readonly payload?: string | undefined }) => void): unknown;
}

/** News over PostgreSQL NOTIFY. @param pool anything with `query`, to send by. */
export function postgresChannel(pool: Pick<PostgresListener, 'query'>, listener: PostgresListener, options: ChannelOptions = {}): Channel {
  const { name = 'portcullis', onError = logError } = options;
  if (!/^[a-z_][a-z0-9_]{0,62}$/.test(name)) throw new TypeError('postgresChannel: `name` must be a plain lower-case identifier.');
  return {
    send: async (text) => void (await pool.query('SELECT pg_notify($1, $2)', [name, text])),
    listen(receive) {
      listener.on('notification', ({ channel, payload }) => channel === name && payload !== undefined && receive(payload));
      listener.query(`LISTEN ${name}`).catch(onError);
    },
  };
}

function logError(error: unknown): void {
  console.error('portcullis: news of changed rights do not come through', error);
}
