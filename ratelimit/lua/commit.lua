-- Replaces the worst case by the exact date. A call that left is counted even
-- if Redis had forgotten it.
-- ARGV: pairs of id and the end of the call by the clock of the caller (µs).
-- Reply: OK t | LIMITS t | LOST t | FOREIGN t
local bad = unusable()
if bad then return {bad, t} end

for j = first, #ARGV, 2 do
  local id, at = ARGV[j], tonumber(ARGV[j + 1])
  -- The same moment by both clocks, as far as this one knows it; the later counts.
  at = math.max(at, t - (c - at))
  for i = 1, count do
    local key, _, _, span = window(i)
    call('ZADD', key, int(spent(at + span)), id)
  end
  -- A second for the verdict on the probe (resume, or another pause) to arrive.
  for _, scope in ipairs(scopes) do
    local p = pause_of(scope)
    if p and p.holder == id then set_probe(scope, id, late + 1000000) end
  end
end
keep_all()

-- The dates have changed for those who wait for them.
local back, app = 0, 0
for i = 1, count do
  local key, limit, reserve = window(i)
  local used = call('ZCARD', key) - 1
  if used >= limit - reserve then
    local nth = 1 + math.max(0, used - limit)
    local date = tonumber(call('ZRANGE', key, nth, nth, 'WITHSCORES')[2] or '0')
    back = math.max(back, date)
    if i > own then app = math.max(app, date) end
  end
end
if back > 0 then wake(permission, back) end
if app > 0 and permission ~= 'app' then wake('app', app) end
return {'OK', t}
