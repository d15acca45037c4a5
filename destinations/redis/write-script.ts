/**
 * One script writes a batch: readers see all of it or nothing, and of what an earlier connection sends late, nothing.
 *
 * KEYS: the key that names the writer, then the key of each write.
 * ARGV: the token of this connection, the lifetime of values in seconds or an empty text, then for each write its
 *   command and its argument.
 * Returns for each write an empty text, or the code of its error. Fails with SUPERSEDED if another connection is the
 *   writer: then nothing is written.
 */
export const WRITE_SCRIPT = `
if redis.call('GET', KEYS[1]) ~= ARGV[1] then
  return redis.error_reply('SUPERSEDED another connection is the writer')
end
local function codeOf(answer)
  if type(answer) ~= 'table' or not answer.err then return '' end
  -- Redis 7.0 says so under a code that stands for anything.
  if string.find(answer.err, 'user executing the script', 1, true) then return 'NOPERM' end
  return string.match(answer.err, '%u+') or 'ERR'
end
local codes = {}
for i = 2, #KEYS do
  local command, argument = ARGV[2 * i - 1], ARGV[2 * i]
  local answer
  if command == 'DEL' then
    answer = redis.pcall('DEL', KEYS[i])
  elseif command == 'SET' and ARGV[2] ~= '' then
    answer = redis.pcall('SET', KEYS[i], argument, 'EX', ARGV[2])
  else
    answer = redis.pcall(command, KEYS[i], argument)
  end
  codes[i - 1] = codeOf(answer)
end
return codes
`
