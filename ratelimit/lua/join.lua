-- Announces the limits of a replica and works out what all of them follow: the
-- union of the windows, of each the smallest limit and the largest reserve.
-- KEYS: 1 meta hash, 2 register. ARGV: 1 replica 2 its limits, '-' to leave
-- 3 life of an entry (µs) 4 hint channel 5 life of the keys (ms).
-- Limits: "<permission>/<µs>=<limit>:<reserve>;" per window.
-- Reply: the limits to follow, whether live entries differ, and when the hash was
-- created: another date than last time means that everything was lost since.
local call = redis.call
local meta, register = KEYS[1], KEYS[2]
local time = call('TIME')
local t = time[1] * 1000000 + time[2]

local before = string.match(call('HGET', register, ARGV[1]) or '', '^%d+ (.*)$') or '-'
if ARGV[2] == '-' then
  call('HDEL', register, ARGV[1])
else
  call('HSET', register, ARGV[1], string.format('%.0f ', t + tonumber(ARGV[3])) .. ARGV[2])
end

local limits, reserves, names, texts, different = {}, {}, {}, {}, 0
local entries = call('HGETALL', register)
for j = 1, #entries, 2 do
  local expires, text = string.match(entries[j + 1], '^(%d+) (.*)$')
  if tonumber(expires) <= t then
    call('HDEL', register, entries[j])
  else
    if not texts[text] then
      texts[text] = true
      different = different + 1
    end
    for name, limit, reserve in string.gmatch(text, '([^=;]+)=(%d+):(%d+);') do
      limit, reserve = tonumber(limit), tonumber(reserve)
      if not limits[name] then
        names[#names + 1] = name
        limits[name], reserves[name] = limit, reserve
      end
      limits[name] = math.min(limits[name], limit)
      reserves[name] = math.max(reserves[name], reserve)
    end
  end
end
-- The last one has left: what was agreed stands, for the next to compare with.
if different == 0 then return {call('HGET', meta, 'limits') or '', 0, call('HGET', meta, 'birth') or ''} end

table.sort(names)
local agreed = ''
for _, name in ipairs(names) do
  agreed = agreed .. name .. '=' .. string.format('%.0f:%.0f;', limits[name], reserves[name])
end

if call('HGET', meta, 'limits') ~= agreed then
  -- A window that nobody draws on any more misses calls from now on: should it ever
  -- be used again, it must be filled from the source first.
  for _, field in ipairs(call('HKEYS', meta)) do
    local name = string.match(field, '^open:.*:w:(.+)$')
    if name and not limits[name] then call('HDEL', meta, field) end
  end
  call('HSET', meta, 'limits', agreed)
  call('PUBLISH', ARGV[4], 'limits - 0')
elseif before ~= ARGV[2] then
  call('PUBLISH', ARGV[4], 'limits - 0')
end
local birth = call('HGET', meta, 'birth')
if not birth then
  birth = string.format('%.0f', t)
  call('HSET', meta, 'birth', birth)
end
for _, key in ipairs(KEYS) do
  if call('PTTL', key) < tonumber(ARGV[5]) then call('PEXPIRE', key, ARGV[5]) end
end
return {agreed, different > 1 and 1 or 0, birth}
