/**
 * What the store sends to Redis or Valkey: commands and scripts, by a client that is known by its shape, `redis` (node-redis) or `ioredis`, single or
 * cluster.
 */
import { NothingDone } from '../model/store.ts';
import { Overdue, QUERY_DEADLINE, within } from './timing.ts';

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
  [/\bNOPERM\b|^ERR The user executing the script/, ' Give its user ~portcullis:* +@read +@write +@scripting +@connection +info +wait.'],
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
    const [, fix = ''] = FIXES.find(([pattern]) => pattern.test(message)) ?? [];
    const said = `${message.replace(/\.?$/, '.')}${fix}`;
    if (code === 'ECONNREFUSED' || NOTHING_DONE.test(message)) throw new NothingDone(`Redis changed nothing: ${said}`, { cause: error });
    if (fix !== '') throw new Error(`Redis: ${said}`, { cause: error }); // a script that was stopped in the middle
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

// Lua scripts. Each uses the keys of one hash slot, so that a cluster can run it; Redis runs a script without interruption. A client may send one
// twice when its connection breaks (`ioredis` does): a repeated write or removal gets the first one's result. Integers of 53 bits are exact in
// Lua's doubles if printed with `%.0f`.

/**
 * Writes a record if the condition holds. Keys: record. Arguments: `any`, `absent` or a version; now; expiry; lists as JSON, or empty to keep
 * them; value; the new, unique version; seconds that Redis keeps it, 0 for ever. Returns the previous lists, or null. A record that already
 * has this version was written by this same call.
 *
 * When Redis is full, it refuses commands that may need memory, unless the script has written before: so a record that hardly grows, such as
 * a grant that is revoked, is written after its old value is deleted.
 */
const WRITE = `
local row = redis.call('HMGET', KEYS[1], 'v', 'u', 'l')
local live = row[1] and tonumber(row[2]) > tonumber(ARGV[2])
if row[1] == ARGV[6] then return row[3] end
if ARGV[1] == 'absent' then
  if live then return false end
elseif ARGV[1] ~= 'any' and not (live and row[1] == ARGV[1]) then
  return false
end
local lists = ARGV[4] ~= '' and ARGV[4] or (live and row[3] or '[]')
local done = redis.pcall('HSET', KEYS[1], 'v', ARGV[6], 'u', ARGV[3], 'l', lists, 'd', ARGV[5])
if type(done) == 'table' and done.err then
  if not live or #ARGV[5] > redis.call('HSTRLEN', KEYS[1], 'd') + 64 then return done end
  redis.call('HDEL', KEYS[1], 'd')
  redis.call('HSET', KEYS[1], 'v', ARGV[6], 'u', ARGV[3], 'l', lists, 'd', ARGV[5])
end
if ARGV[7] == '0' then redis.call('PERSIST', KEYS[1]) else redis.call('EXPIRE', KEYS[1], ARGV[7]) end
return row[3] or '[]'`;

/**
 * Adds one to a count, or starts one. Keys: record. Arguments: now; expiry and value of a new one; the new, unique version; seconds that Redis
 * keeps a new one. Returns the value, or null if the record is no count. A script that is sent twice counts twice if another came in between:
 * too much is counted then, never too little.
 */
const INCREMENT = `
local row = redis.call('HMGET', KEYS[1], 'v', 'u', 'd', 'l')
if row[1] == ARGV[4] then return row[3] end
if row[1] and tonumber(row[2]) > tonumber(ARGV[1]) then
  local read, record = pcall(cjson.decode, row[3])
  if not read or type(record) ~= 'table' or type(record.count) ~= 'number' then return false end
  record.count = record.count + 1
  local value = cjson.encode(record)
  redis.call('HSET', KEYS[1], 'v', ARGV[4], 'd', value)
  return value
end
redis.call('HSET', KEYS[1], 'v', ARGV[4], 'u', ARGV[2], 'l', '[]', 'd', ARGV[3])
redis.call('EXPIRE', KEYS[1], ARGV[5])
return ARGV[3]`;

/**
 * Removes a live record. Keys: record. Arguments: now; a version, or empty for any; a unique name of this call; seconds to remember that
 * name. Returns the record's lists, or null.
 */
const REMOVE = `
local row = redis.call('HMGET', KEYS[1], 'v', 'u', 'l')
if row[1] == ARGV[3] then return row[3] end
if not row[1] or tonumber(row[2]) <= tonumber(ARGV[1]) then return false end
if ARGV[2] ~= '' and row[1] ~= ARGV[2] then return false end
redis.call('DEL', KEYS[1])
redis.call('HSET', KEYS[1], 'v', ARGV[3], 'u', '0', 'l', row[3])
redis.call('EXPIRE', KEYS[1], ARGV[4])
return row[3]`;

/**
 * A key as the server knows it: a client may add a prefix to keys, also in scripts, but not in the pattern of SCAN. Keys: any.
 */
const NAME = 'return KEYS[1]';

/**
 * Counts the live records of one server, page by page. Arguments: cursor; pattern of records and key of the layout, both as the server knows
 * them; now; page size. Returns the next cursor, the number, and whether the layout is on this server.
 */
const COUNT = `
local page = redis.call('SCAN', ARGV[1], 'MATCH', ARGV[2], 'COUNT', ARGV[5])
local live = 0
for _, key in ipairs(page[2]) do
  local row = redis.call('HMGET', key, 'u', 'd')
  if row[2] and tonumber(row[1]) > tonumber(ARGV[4]) then live = live + 1 end
end
return { page[1], live, redis.call('EXISTS', ARGV[3]) }`;

/** Appends a key to a list, or keeps its position. Keys: order, times. Arguments: key, now. Returns the length. */
const ENTER = `
if not redis.call('ZSCORE', KEYS[1], ARGV[1]) then
  local last = redis.call('ZREVRANGE', KEYS[1], 0, 0, 'WITHSCORES')[2]
  local place = math.max(tonumber(last or '0') + 1, tonumber(ARGV[2]) * 1000)
  redis.call('ZADD', KEYS[1], string.format('%.0f', place), ARGV[1])
end
redis.call('HSET', KEYS[2], ARGV[1], ARGV[2])
return redis.call('ZCARD', KEYS[1])`;

/** Removes keys that entered a list before a time. Keys: order, times. Arguments: the time, then the keys. */
const FORGET = `
for at = 2, #ARGV do
  local since = redis.call('HGET', KEYS[2], ARGV[at])
  if not since or tonumber(since) < tonumber(ARGV[1]) then
    redis.call('ZREM', KEYS[1], ARGV[at])
    redis.call('HDEL', KEYS[2], ARGV[at])
  end
end
return 0`;

/** The scripts by name. */
export const SCRIPTS: Readonly<Record<'COUNT' | 'ENTER' | 'FORGET' | 'INCREMENT' | 'NAME' | 'REMOVE' | 'WRITE', string>> = {
  COUNT,
  ENTER,
  FORGET,
  INCREMENT,
  NAME,
  REMOVE,
  WRITE,
};
