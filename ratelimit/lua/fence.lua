-- Put between the prelude and a step of a rebuild: is the rebuild that began still
-- the only one, and nothing lost since?
-- ARGV: token, epoch, run, number of windows being rebuilt, their indexes; then what
-- the step wants, from ARGV[rest].
local token, marked = ARGV[first], tonumber(ARGV[first + 3])
local rest = first + 4 + marked
local function fenced()
  if call('GET', lock) ~= token or run_id() ~= ARGV[first + 2] then return true end
  if (call('HGET', meta, 'epoch') or '') ~= ARGV[first + 1] then return true end
  for j = first + 4, rest - 1 do
    if not call('ZSCORE', KEYS[2 + tonumber(ARGV[j])], '!' .. token) then return true end
  end
  return false
end
