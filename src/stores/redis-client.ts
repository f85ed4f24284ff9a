/**
 * A Redis or Valkey client by its shape: `redis` (node-redis) or `ioredis`, alone or over a cluster. Here stands how a command
 * and a script are sent; what they mean stands in the store.
 */
import { NothingDone } from '../model/store.ts';
import { Overdue, QUERY_DEADLINE, within } from './deadline.ts';

/** A client of `ioredis`, as far as it is used here. */
export interface IoRedisClient {
  call(command: string, ...parameters: string[]): Promise<unknown>;
  /** Its connection, where there is one just now. */
  readonly stream?: { destroy(): void } | null;
  /** Of a cluster only. */
  nodes?(role: 'master'): readonly IoRedisClient[];
}

/** A client of `redis`, as far as it is used here. */
export interface NodeRedisClient {
  sendCommand(parameters: string[]): Promise<unknown>;
  readonly isOpen?: boolean;
  destroy?(): void;
  connect?(): Promise<unknown>;
}

/** A cluster client of `redis`, as far as it is used here. */
export interface NodeRedisCluster {
  sendCommand(firstKey: string | undefined, isReadonly: boolean | undefined, parameters: string[]): Promise<unknown>;
  readonly masters: readonly unknown[];
  nodeClient(node: never): NodeRedisClient | Promise<NodeRedisClient>;
}

/** Any of them. */
export type RedisClient = IoRedisClient | NodeRedisClient | NodeRedisCluster;

/** The two things a store asks of a client. */
export interface RedisConnection {
  /** @param key decides the node of a cluster; null for any node. */
  readonly command: (key: string | null, ...parameters: string[]) => Promise<unknown>;
  readonly script: (text: string, keys: readonly string[], parameters: readonly string[]) => Promise<unknown>;
  /** Sends to one primary, from 0 on; null where there is none of that number. Each holds records of its own. */
  readonly primary: (at: number) => Promise<((...parameters: string[]) => Promise<unknown>) | null>;
}

/** Makes a connection of a client. @throws {TypeError} when it is none. */
export function redisConnection(client: RedisClient): RedisConnection {
  listenForErrors(client);
  const command = costingItsConnection(commandOf(client), client);
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
      return command(first, 'EVAL', text, ...rest); // this server does not know it yet, as after each of its restarts; now it does
    }
  };
  const primary: RedisConnection['primary'] = async (at) => {
    const one = await primaryOf(client, at);
    return one && ((...parameters) => commandOf(one)(null, ...parameters));
  };
  return { command, script, primary };
}

/** Milliseconds between two connections that are given up because they lead to a replica. */
const PATIENCE_WITH_REPLICAS = 1000;

/**
 * A command that passes its deadline costs its connection, and so does a primary that has become a replica: a new connection may be led to
 * the present one. Commands that were sent on the old connection cost no second one.
 */
function costingItsConnection(command: RedisConnection['command'], client: RedisClient): RedisConnection['command'] {
  let [connections, leftReplicaAt] = [0, 0];
  return async (key, ...parameters) => {
    const sentOn = connections;
    try {
      return await within(QUERY_DEADLINE, () => command(key, ...parameters));
    } catch (error) {
      const now = Date.now();
      const isReplica = READONLY.test(messageOf(error)) && now - leftReplicaAt > PATIENCE_WITH_REPLICAS;
      if (isReplica) leftReplicaAt = now;
      if ((isReplica || error instanceof Overdue) && sentOn === connections) {
        connections++;
        await reconnect(client);
      }
      throw error;
    }
  };
}

/** Ends the connection, or those of a cluster, without a goodbye that would wait for an answer; the client connects again. */
async function reconnect(client: RedisClient): Promise<void> {
  if ('masters' in client) {
    await Promise.all(client.masters.map(async (node) => reconnect(await client.nodeClient(node as never))));
  } else if ('call' in client) {
    for (const node of client.nodes?.('master') ?? [client]) node.stream?.destroy();
  } else if (client.isOpen && !reconnecting.has(client)) {
    reconnecting.add(client);
    client.destroy?.();
    // An attempt to connect that was under way finds out first that it is over; two at once would leave one connection too many.
    setTimeout(() => {
      reconnecting.delete(client);
      client.connect?.().catch(() => undefined); // it goes on trying by itself, as its options say
    }, 10);
  }
}

const reconnecting = new WeakSet<NodeRedisClient>();

/** The client of one primary, where nodes come and go: as the library knows them at this moment. */
async function primaryOf(client: RedisClient, at: number): Promise<RedisClient | null> {
  if ('masters' in client) return at < client.masters.length ? client.nodeClient(client.masters[at] as never) : null;
  const nodes = 'nodes' in client ? client.nodes?.('master') : undefined;
  return (nodes ?? [client])[at] ?? null;
}

function commandOf(client: RedisClient): RedisConnection['command'] {
  if (typeof (client as Partial<IoRedisClient> | undefined)?.call === 'function') {
    const io = client as IoRedisClient;
    return (_key, command, ...parameters) => told(() => io.call(command ?? '', ...parameters));
  }
  if (typeof (client as Partial<NodeRedisClient> | undefined)?.sendCommand !== 'function')
    throw new TypeError('redisStore: pass a client of `redis` or of `ioredis`; one of `redis` must be connected.');
  if ('masters' in client) return (key, ...parameters) => told(() => client.sendCommand(key ?? undefined, false, parameters));
  return (_key, ...parameters) => told(() => (client as NodeRedisClient).sendCommand(parameters));
}

/** Answers after which nothing was changed: still loading, a script that holds everything up, no quorum, a replica, memory full, no right, never sent. */
const NOTHING_DONE =
  /^(LOADING|BUSY|TRYAGAIN|CLUSTERDOWN|MASTERDOWN|NOREPLICAS|READONLY|OOM|MISCONF|NOPERM|NOAUTH|WRONGPASS|The client is closed)\b|-(READONLY|OOM) /;
/** What an operator has to do about some of them. */
const FIXES: readonly (readonly [RegExp, string])[] = [
  [/\bNOPERM\b/, ' Give its user the rights that docs/reference/storage.md names.'],
  [/^(NOAUTH|WRONGPASS)\b/, ' Give the client the right user and password.'],
  [/\bOOM\b/, ' Raise maxmemory.'],
  [/^MISCONF\b/, ' Free space on its disk.'],
];
/** Of a replica; Redis 6 puts the place in the script before it. */
const READONLY = /\bREADONLY\b/;

/** Sends, and tells of a failure whether it left everything as it was. */
async function told(send: () => Promise<unknown>): Promise<unknown> {
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
 * A lost connection makes the client emit `error`, and without a listener that ends the process. Nothing is lost here: the client
 * connects again by itself, and the commands that were hit reject.
 */
function listenForErrors(client: object): void {
  const emitter = client as { on?: (event: string, listener: () => void) => unknown; listenerCount?: (event: string) => number };
  if (emitter.listenerCount?.('error') === 0) emitter.on?.('error', () => undefined);
}

/** The name by which Redis knows a script: not a secret, not a proof. */
async function sha1(text: string): Promise<string> {
  const bytes = new Uint8Array(await crypto.subtle.digest('SHA-1', new TextEncoder().encode(text)));
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join('');
}
