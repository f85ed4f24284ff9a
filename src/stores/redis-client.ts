/**
 * Redis and Valkey clients by their shape: `redis` (node-redis) or `ioredis`, single or cluster. Sends commands and scripts; the store knows
 * what they mean.
 */
import { NothingDone } from '../model/store.ts';
import { Overdue, QUERY_DEADLINE, within } from './deadline.ts';

/** The part of an `ioredis` client that is used. */
export interface IoRedisClient {
  call(command: string, ...parameters: string[]): Promise<unknown>;
  /** Its current connection, if any. */
  readonly stream?: { destroy(): void } | null;
  /** Cluster only. */
  nodes?(role: 'master'): readonly IoRedisClient[];
}

/** The part of a `redis` client that is used. */
export interface NodeRedisClient {
  sendCommand(parameters: string[]): Promise<unknown>;
  readonly isOpen?: boolean;
  destroy?(): void;
  connect?(): Promise<unknown>;
}

/** The part of a `redis` cluster client that is used. */
export interface NodeRedisCluster {
  sendCommand(firstKey: string | undefined, isReadonly: boolean | undefined, parameters: string[]): Promise<unknown>;
  readonly masters: readonly unknown[];
  nodeClient(node: never): NodeRedisClient | Promise<NodeRedisClient>;
}

/** Any of them. */
export type RedisClient = IoRedisClient | NodeRedisClient | NodeRedisCluster;

/** What a store needs of a client. */
export interface RedisConnection {
  /** @param key selects the cluster node; null for any node. */
  readonly command: (key: string | null, ...parameters: string[]) => Promise<unknown>;
  readonly script: (text: string, keys: readonly string[], parameters: readonly string[]) => Promise<unknown>;
  /** Sends to one primary, numbered from 0; null if there is none with that number. Each has its own records. */
  readonly primary: (at: number) => Promise<((...parameters: string[]) => Promise<unknown>) | null>;
}

/** Makes a connection from a client. @throws {TypeError} if it is not one. */
export function redisConnection(client: RedisClient): RedisConnection {
  listenForErrors(client);
  const command = reconnectingOnFailure(commandOf(client), client);
  const digests = new Map<string, string>();
  const script: RedisConnection['script'] = async (text, keys, parameters) => {
    const digest = digests.get(text) ?? (await sha1(text));
    digests.set(text, digest);
    const [first = null] = keys;
    const rest = [String(keys.length), ...keys, ...parameters];
    try {
      return await command(first, 'EVALSHA', digest, ...rest);
    } catch (error) {
      if (!(error instanceof Error) || !error.message.startsWith('NOSCRIPT')) throw error;
      return command(first, 'EVAL', text, ...rest); // the server does not have it, as after a restart; now it does
    }
  };
  const primary: RedisConnection['primary'] = async (at) => {
    const one = await primaryOf(client, at);
    return one && ((...parameters) => commandOf(one)(null, ...parameters));
  };
  return { command, script, primary };
}

/** Milliseconds between two reconnections because of a replica. */
const REPLICA_RECONNECT_MS = 1000;

/**
 * A command that exceeds its deadline costs its connection, and so does a primary that has become a replica: a new connection may reach the
 * current primary. Other commands that were sent on the old connection do not cause a second reconnection.
 */
function reconnectingOnFailure(command: RedisConnection['command'], client: RedisClient): RedisConnection['command'] {
  let [connections, leftReplicaAt] = [0, 0];
  return async (key, ...parameters) => {
    const sentOn = connections;
    try {
      return await within(QUERY_DEADLINE, () => command(key, ...parameters));
    } catch (error) {
      const now = Date.now();
      const isReplica = READONLY.test(messageOf(error)) && now - leftReplicaAt > REPLICA_RECONNECT_MS;
      if (isReplica) leftReplicaAt = now;
      if ((isReplica || error instanceof Overdue) && sentOn === connections) {
        connections++;
        await reconnect(client);
      }
      throw error;
    }
  };
}

/** Destroys the connection, or those of a cluster, without waiting for an answer; the client reconnects. */
async function reconnect(client: RedisClient): Promise<void> {
  if ('masters' in client) {
    await Promise.all(client.masters.map(async (node) => reconnect(await client.nodeClient(node as never))));
  } else if ('call' in client) {
    for (const node of client.nodes?.('master') ?? [client]) node.stream?.destroy();
  } else if (client.isOpen && !reconnecting.has(client)) {
    reconnecting.add(client);
    client.destroy?.();
    // A pending connection attempt first notices that it is over; two at once would leave one connection too many.
    setTimeout(() => {
      reconnecting.delete(client);
      client.connect?.().catch(() => undefined); // it keeps trying by itself, according to its options
    }, 10);
  }
}

const reconnecting = new WeakSet<NodeRedisClient>();

/** The client of one primary, by the library's current view of the cluster. */
async function primaryOf(client: RedisClient, at: number): Promise<RedisClient | null> {
  if ('masters' in client) return at < client.masters.length ? client.nodeClient(client.masters[at] as never) : null;
  const nodes = 'nodes' in client ? client.nodes?.('master') : undefined;
  return (nodes ?? [client])[at] ?? null;
}

function commandOf(client: RedisClient): RedisConnection['command'] {
  if (typeof (client as Partial<IoRedisClient> | undefined)?.call === 'function') {
    const io = client as IoRedisClient;
    return (_key, command, ...parameters) => reportNothingDone(() => io.call(command ?? '', ...parameters));
  }
  if (typeof (client as Partial<NodeRedisClient> | undefined)?.sendCommand !== 'function')
    throw new TypeError('redisStore: pass a client of `redis` or of `ioredis`; one of `redis` must be connected.');
  if ('masters' in client) return (key, ...parameters) => reportNothingDone(() => client.sendCommand(key ?? undefined, false, parameters));
  return (_key, ...parameters) => reportNothingDone(() => (client as NodeRedisClient).sendCommand(parameters));
}

/** Replies that prove that nothing was changed: loading, a blocking script, no quorum, a replica, memory full, no permission, never sent. */
const NOTHING_DONE =
  /^(LOADING|BUSY|TRYAGAIN|CLUSTERDOWN|MASTERDOWN|NOREPLICAS|READONLY|OOM|MISCONF|NOPERM|NOAUTH|WRONGPASS|The client is closed)\b|-(READONLY|OOM) /;
/** What an operator has to do about some of them. */
const FIXES: readonly (readonly [RegExp, string])[] = [
  [/\bNOPERM\b/, ' Give its user the rights that docs/reference/storage.md names.'],
  [/^(NOAUTH|WRONGPASS)\b/, ' Give the client the right user and password.'],
  [/\bOOM\b/, ' Raise maxmemory.'],
  [/^MISCONF\b/, ' Free space on its disk.'],
];
/** Reply of a replica; Redis 6 puts the position in the script before it. */
const READONLY = /\bREADONLY\b/;

/** Sends, and reports whether a failure left everything unchanged. */
async function reportNothingDone(send: () => Promise<unknown>): Promise<unknown> {
  try {
    return await send();
  } catch (error) {
    const { code } = (error ?? {}) as { code?: string };
    const message = messageOf(error);
    if (code === 'ECONNREFUSED' || NOTHING_DONE.test(message)) {
      const [, fix = ''] = FIXES.find(([pattern]) => pattern.test(message)) ?? [];
      throw new NothingDone(`Redis changed nothing: ${message.replace(/\.?$/, '.')}${fix}`, { cause: error });
    }
    throw error;
  }
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : '';
}

/**
 * A lost connection makes the client emit `error`, which ends the process without a listener. Nothing is lost: the client reconnects, and
 * affected commands reject.
 */
function listenForErrors(client: object): void {
  const emitter = client as { on?: (event: string, listener: () => void) => unknown; listenerCount?: (event: string) => number };
  if (emitter.listenerCount?.('error') === 0) emitter.on?.('error', () => undefined);
}

/** Redis's id of a script. No security depends on it. */
async function sha1(text: string): Promise<string> {
  const bytes = new Uint8Array(await crypto.subtle.digest('SHA-1', new TextEncoder().encode(text)));
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join('');
}
