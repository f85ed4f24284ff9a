/**
 * Lua scripts of the Redis store. Each uses the keys of one hash slot, so that a cluster can run it; Redis runs a script without
 * interruption. A client may send one twice when its connection breaks (`ioredis` does): a repeated write or removal gets the first one's
 * result. Integers of 53 bits are exact in Lua's doubles if printed with `%.0f`.
 */

/**
 * Writes a record if the condition holds. Keys: record. Arguments: `any`, `absent` or a version; now; expiry; lists as JSON, or empty to keep
 * them; value; the new, unique version; seconds that Redis keeps it, 0 for ever. Returns the previous lists, or null. A record that already
 * has this version was written by this same call.
 *
 * When Redis is full, it refuses commands that may need memory, unless the script has written before: so a record that hardly grows, such as
 * a grant that is revoked, is written after its old value is deleted.
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
 * Adds one to a count, or starts one. Keys: record. Arguments: now; expiry and value of a new one; the new, unique version; seconds that Redis
 * keeps a new one. Returns the value, or null if the record is no count. A script that is sent twice counts twice if another came in between:
 * too much is counted then, never too little.
 */
export const INCREMENT = `
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
 * A key as the server knows it: a client may add a prefix to keys, also in scripts, but not in the pattern of SCAN. Keys: any.
 */
export const NAME = 'return KEYS[1]';

/**
 * Counts the live records of one server, page by page. Arguments: cursor; pattern of records and key of the layout, both as the server knows
 * them; now; page size. Returns the next cursor, the number, and whether the layout is on this server.
 */
export const COUNT = `
local page = redis.call('SCAN', ARGV[1], 'MATCH', ARGV[2], 'COUNT', ARGV[5])
local live = 0
for _, key in ipairs(page[2]) do
  local row = redis.call('HMGET', key, 'u', 'd')
  if row[2] and tonumber(row[1]) > tonumber(ARGV[4]) then live = live + 1 end
end
return { page[1], live, redis.call('EXISTS', ARGV[3]) }`;

/** Appends a key to a list, or keeps its position. Keys: order, times. Arguments: key, now. Returns the length. */
export const ENTER = `
if not redis.call('ZSCORE', KEYS[1], ARGV[1]) then
  local last = redis.call('ZREVRANGE', KEYS[1], 0, 0, 'WITHSCORES')[2]
  local place = math.max(tonumber(last or '0') + 1, tonumber(ARGV[2]) * 1000)
  redis.call('ZADD', KEYS[1], string.format('%.0f', place), ARGV[1])
end
redis.call('HSET', KEYS[2], ARGV[1], ARGV[2])
return redis.call('ZCARD', KEYS[1])`;

/** Removes keys that entered a list before a time. Keys: order, times. Arguments: the time, then the keys. */
export const FORGET = `
for at = 2, #ARGV do
  local since = redis.call('HGET', KEYS[2], ARGV[at])
  if not since or tonumber(since) < tonumber(ARGV[1]) then
    redis.call('ZREM', KEYS[1], ARGV[at])
    redis.call('HDEL', KEYS[2], ARGV[at])
  end
end
return 0`;
