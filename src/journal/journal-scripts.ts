/**
 * Scripts of the journal: each is one step in Redis. The last entry of the stream is never trimmed: it names its owner.
 * One that finds its work done writes all the same: whoever repeats it may wait until replicas have what was written.
 */

/**
 * Adds an entry after the one that the writer knows as the last.
 * KEYS: the stream. ARGV: id of the last entry; id of the new one; its bytes.
 * Returns 'stored'; 'already', where the new one is the last, from an attempt whose answer was lost; or else the id of
 * the last entry: somebody else has written, or entries have been lost.
 */
export const APPEND = `
local last = redis.call('XREVRANGE', KEYS[1], '+', '-', 'COUNT', 1)
local tail = last[1] and last[1][1] or '0-0'
if tail == ARGV[1] then
  redis.call('XADD', KEYS[1], ARGV[2], 'entry', ARGV[3])
  return 'stored'
end
if tail ~= ARGV[2] then return tail end
redis.call('XSETID', KEYS[1], tail)
return 'already'
`

/**
 * Drops the entries before one, if that one is there. A journal that has lost it would lose everything.
 * KEYS: the stream. ARGV: id of the entry.
 */
export const TRIM = `
if #redis.call('XRANGE', KEYS[1], ARGV[1], ARGV[1]) == 0 then return 0 end
return redis.call('XTRIM', KEYS[1], 'MINID', ARGV[1])
`

/**
 * Makes the caller the owner: adds the first entry of the next epoch, after which no older owner can append.
 * KEYS: the stream. ARGV: a token of the caller's own, the same on every attempt; the least epoch.
 * Returns the id of that entry, `epoch-0`.
 */
export const OWN = `
local last = redis.call('XREVRANGE', KEYS[1], '+', '-', 'COUNT', 1)[1]
local epoch = 0
if last then
  if last[2][1] == 'owner' and last[2][2] == ARGV[1] then
    redis.call('XSETID', KEYS[1], last[1])
    return last[1]
  end
  epoch = tonumber(string.match(last[1], '^%d+'))
end
local id = string.format('%d-0', math.max(epoch + 1, tonumber(ARGV[2])))
redis.call('XADD', KEYS[1], id, 'owner', ARGV[1])
return id
`
