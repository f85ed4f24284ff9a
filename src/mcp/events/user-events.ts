/**
 * Events for one user: a list changed, or a subscribed resource was updated. The code that changes a user's rights, or a resource, publishes
 * the event; the open streams of this user's clients, in any process, receive it. Streams of other users do not. Between processes a channel
 * carries them: Redis or PostgreSQL, whose drivers are passed in and known by shape.
 */
import type { Access } from '../../model/access.ts';
import { keyOf } from '../../model/live-permissions.ts';
import type { Awaitable } from '../../model/runtime.ts';

/** Which lists changed. */
export type ListKind = 'tools' | 'resources' | 'prompts';

/**
 * An event: a list changed; a resource was updated, which is sent to its subscribers; or resources were updated, and it is not known which,
 * so that it is sent for every subscription.
 */
export type UserEvent = ListKind | 'updates' | { readonly updated: string };

/** The user that an event is for, and the issuer if that is not our own server. */
export interface EventUser {
  readonly userId: string;
  readonly issuer?: string | undefined;
}

/** Carries events from their publishers to the streams of a user. */
export interface UserEvents {
  /** @param events default: all three lists. */
  publish(user: EventUser, events?: readonly UserEvent[]): Awaitable<void>;
  /** @returns a function that ends the subscription; it may be called again. */
  subscribe(user: EventUser, listener: (event: UserEvent) => void): () => void;
}

/** What an engine must do: deliver a text to every process that listens, this one included. */
export interface Channel {
  send(text: string): Awaitable<void>;
  /** Called once, at the first subscription. @param missed to be called when texts may have been lost, as after a lost connection. */
  listen(receive: (text: string) => void, missed: () => void): void;
}

/** The lists. */
export const LISTS: readonly ListKind[] = ['tools', 'resources', 'prompts'];
/** Sent to subscribers that may have missed an event. */
export const MISSED: readonly UserEvent[] = [...LISTS, 'updates'];

/**
 * Events for the open streams of a user: within one process or, through a channel, in all processes that share it.
 *
 * @example
 * const events = userEvents();
 * await events.publish({ userId: 'ada' }, ['tools']); // her clients read the list of tools again
 */
export function userEvents(channel: Channel | null = null): UserEvents {
  const listeners = new Map<string, Set<(event: UserEvent) => void>>();
  let listening = false;
  const deliver = (user: string, events: readonly UserEvent[]): void => {
    for (const listener of listeners.get(user) ?? []) for (const one of events) listener(one);
  };
  return {
    async publish({ issuer, userId }, events = LISTS) {
      const user = keyOf(issuer, userId);
      if (channel) await channel.send(JSON.stringify([user, events]));
      else deliver(user, events);
    },
    subscribe({ issuer, userId }, listener) {
      if (channel && !listening) {
        listening = true;
        const receive = (text: string): void => {
          const message = readMessage(text);
          if (message) deliver(...message);
        };
        channel.listen(receive, () => [...listeners.keys()].forEach((user) => deliver(user, MISSED)));
      }
      const user = keyOf(issuer, userId);
      const own = listeners.get(user) ?? new Set();
      listeners.set(user, own.add(listener));
      return () => {
        own.delete(listener);
        if (own.size === 0 && listeners.get(user) === own) listeners.delete(user);
      };
    },
  };
}

/** The user for which a caller receives events. */
export function eventUserOf({ issuer, userId }: Access): EventUser {
  return { issuer, userId };
}

/** Messages of a shared channel are checked: other programs may write to it. */
function readMessage(text: string): readonly [string, readonly UserEvent[]] | null {
  try {
    const [user, events] = JSON.parse(text) as [unknown, unknown];
    return typeof user === 'string' && Array.isArray(events) ? [user, events.filter(isUserEvent)] : null;
  } catch {
    return null; // not ours
  }
}

/** Whether it is an event that this version knows. */
export function isUserEvent(one: unknown): one is UserEvent {
  return MISSED.includes(one as UserEvent) || typeof (one as { updated?: unknown } | null)?.updated === 'string';
}

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
