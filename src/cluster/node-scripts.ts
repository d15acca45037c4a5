/** Scripts of the directory of nodes: each is one step in Redis, by the clock of Redis, and may be repeated. */

/**
 * Notes that a node lives, and what it says of itself.
 * KEYS: the nodes; the version of the owners; the drained nodes. ARGV: id; record; ms after which a silent node is
 * dead; ms after which it is forgotten.
 * Returns the version, the records of the live nodes, and the ids of the drained ones.
 */
export const BEAT = `
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
redis.call('HSET', KEYS[1], ARGV[1], string.format('%d %s', now, ARGV[2]))
local live = {}
local all = redis.call('HGETALL', KEYS[1])
for i = 1, #all, 2 do
  local at = string.match(all[i + 1], '^%d+')
  local silent = now - tonumber(at)
  if silent > tonumber(ARGV[4]) then
    redis.call('HDEL', KEYS[1], all[i])
    redis.call('SREM', KEYS[3], all[i])
  elseif silent <= tonumber(ARGV[3]) then live[#live + 1] = string.sub(all[i + 1], #at + 2) end
end
return { redis.call('GET', KEYS[2]) or '0', live, redis.call('SMEMBERS', KEYS[3]) }
`

/**
 * Makes the owner of a space known, unless a later one is.
 * KEYS: the owners; their version. ARGV: space; epoch of the journal; record.
 * Returns 1, or 0 if a later owner is known.
 */
export const ANNOUNCE = `
local held = redis.call('HGET', KEYS[1], ARGV[1])
if held and tonumber(string.match(held, '^%d+')) > tonumber(ARGV[2]) then return 0 end
redis.call('HSET', KEYS[1], ARGV[1], ARGV[2] .. ' ' .. ARGV[3])
redis.call('INCR', KEYS[2])
return 1
`

/**
 * Forgets a space.
 * KEYS: the owners; their version. ARGV: space.
 */
export const FORGET = `
if redis.call('HDEL', KEYS[1], ARGV[1]) == 1 then redis.call('INCR', KEYS[2]) end
return 1
`
