/**
 * Scripts of checkpoints: each is one step in Redis. All take the journal as KEYS[1] and the caller's epoch as ARGV[1],
 * do nothing for a caller that is not the journal's owner any more, and return the epoch of the owner then, else 0.
 *
 * A command that was given up and sent again may still arrive at any later time: it must do no harm then. So an owner
 * begins a checkpoint once, and the index goes forward only.
 *
 * Journal and checkpoints lie in one slot, so on one master: a replica that takes its place has all that was written up
 * to some instant, and nothing after. What is in memory may then be ahead of both. A checkpoint of it would say that
 * the journal holds entries that are gone, or refer to parts that are gone, and no space would be opened from it again.
 * So a commit makes sure that the entry which it ends with is there, and that the newest checkpoint is the one that its
 * owner knows.
 */
const FENCE = `
local last = redis.call('XREVRANGE', KEYS[1], '+', '-', 'COUNT', 1)[1]
local epoch = last and tonumber(string.match(last[1], '^%d+')) or 0
if epoch ~= tonumber(ARGV[1]) then return epoch end
`

/** KEYS[2]: the parts of the checkpoint, among them who has begun it, by epoch. */
export const BEGIN = `${FENCE}
if redis.call('HGET', KEYS[2], 'begun') == ARGV[1] then return 0 end
redis.call('UNLINK', KEYS[2])
redis.call('HSET', KEYS[2], 'begun', ARGV[1])
return 0
`

/** KEYS[2]: the parts of the checkpoint. ARGV from 2 on: name, bytes, name, bytes … */
export const WRITE = `${FENCE}
redis.call('HSET', KEYS[2], unpack(ARGV, 2))
return 0
`

/**
 * KEYS[2]: the index. ARGV from 2 on: number of the newest; of the one before, or ''; id of the journal's last entry in
 * it; number of the one that is the newest so far, as far as is known, 'none', or '' if it is not known.
 * Returns -1, too: what it needs has been lost.
 */
export const COMMIT = `${FENCE}
local newest = redis.call('HGET', KEYS[2], 'newest')
if newest and tonumber(newest) > tonumber(ARGV[2]) then return 0 end
if newest ~= ARGV[2] then
  if ARGV[4] ~= '0-0' and #redis.call('XRANGE', KEYS[1], ARGV[4], ARGV[4]) == 0 then return -1 end
  if ARGV[5] ~= '' and (newest or 'none') ~= ARGV[5] then return -1 end
end
redis.call('HSET', KEYS[2], 'newest', ARGV[2], 'before', ARGV[3])
return 0
`

/** KEYS[2]: the parts of the checkpoint. ARGV from 2 on: names. */
export const REMOVE = `${FENCE}
redis.call('HDEL', KEYS[2], unpack(ARGV, 2))
if redis.call('HLEN', KEYS[2]) == 1 then redis.call('HDEL', KEYS[2], 'begun') end
return 0
`
