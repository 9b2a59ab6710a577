-- ARGV: scope, until (µs), probe 0|1, reason.
-- Reply: OK t until in force
local scope = ARGV[first]
set_pause(scope, tonumber(ARGV[first + 1]), ARGV[first + 2] == '1', ARGV[first + 3])
return {'OK', t, pause_of(scope).at}
