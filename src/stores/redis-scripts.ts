/**
 * The Lua scripts of the Redis store. Each touches the keys of one hash slot, so that a cluster runs them too; Redis runs
 * each from its first line to its last without anything in between. A client may send one twice when its connection breaks
 * (`ioredis` does): whoever wrote or removed first is told again that it did. Whole numbers of 53 bits stay exact in Lua's doubles as
 * long as they are printed with `%.0f`.
 */

/**
 * Writes a record if the condition holds. Keys: record. Arguments: `any`, `absent` or a version; now; end; lists as JSON, or
 * nothing to leave them; value; the version it gets, which no other write has; seconds that Redis keeps it, 0 for ever. Gives the
 * lists that the record stood in before, or null. When Redis is full it refuses what may need memory, unless the script has written
 * before: so a record that hardly grows, such as a grant that is revoked, is written over what it gives back. A record that has this version already was written by this very call.
 */
export const WRITE = `
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
 * Removes a live record. Keys: record. Arguments: now; a version, or nothing for any; a name of this call that no other has; seconds
 * that the name is remembered. Gives the lists that the record stood in, or null.
 */
export const REMOVE = `
local row = redis.call('HMGET', KEYS[1], 'v', 'u', 'l')
if row[1] == ARGV[3] then return row[3] end
if not row[1] or tonumber(row[2]) <= tonumber(ARGV[1]) then return false end
if ARGV[2] ~= '' and row[1] ~= ARGV[2] then return false end
redis.call('DEL', KEYS[1])
redis.call('HSET', KEYS[1], 'v', ARGV[3], 'u', '0', 'l', row[3])
redis.call('EXPIRE', KEYS[1], ARGV[4])
return row[3]`;

/**
 * How the server knows a key: a client may put a prefix of its own before keys, also of scripts, but not into the pattern of SCAN.
 * Keys: any.
 */
export const NAME = 'return KEYS[1]';

/**
 * Counts the live records of one server, some at a time. Arguments: cursor; pattern of records; key of the layout, as the server knows
 * both; now; keys to look at. Gives the next cursor, the number, and whether the layout is here.
 */
export const COUNT = `
local page = redis.call('SCAN', ARGV[1], 'MATCH', ARGV[2], 'COUNT', ARGV[5])
local live = 0
for _, key in ipairs(page[2]) do
  local row = redis.call('HMGET', key, 'u', 'd')
  if row[2] and tonumber(row[1]) > tonumber(ARGV[4]) then live = live + 1 end
end
return { page[1], live, redis.call('EXISTS', ARGV[3]) }`;

/** Puts a key at the end of a list, or leaves it at its place. Keys: order, times. Arguments: key, now. Gives the length. */
export const ENTER = `
if not redis.call('ZSCORE', KEYS[1], ARGV[1]) then
  local last = redis.call('ZREVRANGE', KEYS[1], 0, 0, 'WITHSCORES')[2]
  local place = math.max(tonumber(last or '0') + 1, tonumber(ARGV[2]) * 1000)
  redis.call('ZADD', KEYS[1], string.format('%.0f', place), ARGV[1])
end
redis.call('HSET', KEYS[2], ARGV[1], ARGV[2])
return redis.call('ZCARD', KEYS[1])`;

/** Takes keys out of a list that entered before a moment. Keys: order, times. Arguments: the moment, then the keys. */
export const FORGET = `
for at = 2, #ARGV do
  local since = redis.call('HGET', KEYS[2], ARGV[at])
  if not since or tonumber(since) < tonumber(ARGV[1]) then
    redis.call('ZREM', KEYS[1], ARGV[at])
    redis.call('HDEL', KEYS[2], ARGV[at])
  end
end
return 0`;
