-- Takes up to as many holds as there are ids, from all windows or from none.
-- ARGV: urgent 0|1, hold (µs), ids.
-- Reply: OK t granted probe | WAIT t until window | PAUSED t until pause-until probe
-- scope reason | PROBE t until scope reason | CLOCK t | LIMITS t | LOST t | FOREIGN t
if clocks_apart() then return {'CLOCK', t} end
local bad = unusable()
if bad then return {bad, t} end

local urgent, hold, before = ARGV[first] == '1', tonumber(ARGV[first + 1]), first + 1
local want, id = #ARGV - before, ARGV[first + 2]

local stop, half = pauses()

-- The same ids again: the first reply was lost. Give the same answer.
local again = 0
if count > 0 then
  while again < want and call('ZSCORE', KEYS[3], ARGV[before + again + 1]) do again = again + 1 end
end
for _, p in ipairs(half) do
  if again == 0 and p.holder == id then again = 1 end
end
if again > 0 then return {'OK', t, again, #half > 0 and 1 or 0} end

local free, back, which = want, 0, 0
for i = 1, count do
  local key, limit, reserve, span = window(i)
  call('ZREMRANGEBYSCORE', key, '(0', int(early))
  local used = call('ZCARD', key) - 1
  local cap = urgent and limit or limit - reserve
  if used >= cap then
    local e = call('ZRANGE', key, 1 + used - cap, 1 + used - cap, 'WITHSCORES')
    -- No such token: limits of several replicas, merged, leave nothing to non-urgent work.
    local date = e[2] and tonumber(e[2]) or early + span
    if date > back then back, which = date, i end
  end
  free = math.min(free, cap - used)
end

if stop then
  return {'PAUSED', t, math.max(stop.at, back), stop.at, stop.probe and 1 or 0, stop.scope, stop.reason}
end
for _, p in ipairs(half) do
  if p.holder and p.expires > early then
    return {'PROBE', t, math.max(p.expires, back), p.scope, p.reason}
  end
end
if free < 1 then return {'WAIT', t, back, which} end

local n = #half > 0 and 1 or free
for _, p in ipairs(half) do set_probe(p.scope, id, late + hold) end
local score = int(held(late + hold))
for i = 1, count do
  local args = {}
  for j = 1, n do
    args[#args + 1] = score
    args[#args + 1] = ARGV[before + j]
  end
  call('ZADD', KEYS[2 + i], unpack(args))
end
keep_all()
return {'OK', t, n, #half > 0 and 1 or 0}
