-- Opens the rebuilt windows.
-- ARGV: new epoch, then quadruples of scope, until (µs), probe 0|1 and reason: the
-- pauses that the rebuilding replica remembers.
if fenced() then return {'FENCED', t} end
if ARGV[3] ~= call('HGET', meta, 'limits') then return {'FENCED', t} end
for j = first + 4, rest - 1 do
  local key = KEYS[2 + tonumber(ARGV[j])]
  call('ZREMRANGEBYSCORE', key, '-inf', '-1')
  call('ZADD', key, '-1', '!')
  call('HSET', meta, 'open:' .. key, '1')
end
if ARGV[first + 1] == '' or call('HGET', meta, 'run') ~= ARGV[first + 2] then
  call('HSET', meta, 'epoch', ARGV[rest], 'run', ARGV[first + 2])
end
for j = rest + 1, #ARGV, 4 do
  local old, at = pause_of(ARGV[j]), tonumber(ARGV[j + 1])
  if not old or old.at < at then set_pause(ARGV[j], at, ARGV[j + 2] == '1', ARGV[j + 3]) end
end
keep_all()
call('DEL', lock)
wake('app', 0)
return {'OK', t}
