-- Put in front of every script that works on windows.
--
-- KEYS: 1 meta hash, 2 rebuild lock, 3.. one sorted set per window; one hash slot.
-- ARGV: 1 clock of the caller (µs)   2 how far the clocks may be apart (µs)
--       3 the limits the caller follows   4 hint channel   5 permission
--       6 life of the keys (ms)   7 windows   8 how many of these, the first, belong to
--       the permission itself, then limit, reserve and span (window + guard, µs)
--       of each window, then what the script wants, from ARGV[first].
--
-- A window: member '!' at -1 says that the set is whole; every other member is an
-- attempt, its score the return date in µs, odd while held and even once spent.
-- Dates are formatted with int(): tostring() would round them to 14 digits.

local call = redis.call

local function int(x) return string.format('%.0f', x) end

local time = call('TIME')
local t, c = time[1] * 1000000 + time[2], tonumber(ARGV[1])
-- Tokens are released by the earlier clock and stamped with the later one, so that
-- one wrong clock cannot shorten a window.
local early, late = math.min(t, c), math.max(t, c)

local meta, lock, channel, permission = KEYS[1], KEYS[2], ARGV[4], ARGV[5]
local count, own = tonumber(ARGV[7]), tonumber(ARGV[8])
local first = 9 + 3 * count
local scopes = permission == 'app' and {'app'} or {permission, 'app'}

local function clocks_apart() return late - early > tonumber(ARGV[2]) end

local function window(i)
  local a = 9 + 3 * (i - 1)
  return KEYS[2 + i], tonumber(ARGV[a]), tonumber(ARGV[a + 1]), tonumber(ARGV[a + 2])
end

local function held(date) return 2 * math.floor(date / 2) + 1 end
local function spent(date) return 2 * math.ceil(date / 2) end
local function is_spent(score) return score % 2 == 0 end

-- The run id tells a restarted server, or a promoted replica, from the one that
-- wrote the state. Where it cannot be read, that check is void.
local function run_id()
  local info = redis.pcall('INFO', 'server')
  return type(info) == 'string' and string.match(info, 'run_id:(%x+)') or 'none'
end

local function whole(i) return call('ZRANGE', KEYS[2 + i], 0, 0)[1] == '!' end

-- Returns why the state cannot be used, nil if it can.
local function unusable()
  local fields = {'limits', 'epoch', 'run'}
  for i = 1, count do fields[3 + i] = 'open:' .. KEYS[2 + i] end
  local m = call('HMGET', meta, unpack(fields))
  if m[1] ~= ARGV[3] then return 'LIMITS' end
  if count == 0 then return nil end
  if not m[2] then return 'LOST' end
  if m[3] ~= run_id() then return 'FOREIGN' end
  for i = 1, count do
    if not m[3 + i] or not whole(i) then return 'LOST' end
  end
  return nil
end

local function keep(key, ms)
  if call('PTTL', key) < ms then call('PEXPIRE', key, int(ms)) end
end

local function keep_all()
  keep(meta, tonumber(ARGV[6]))
  for i = 1, count do keep(KEYS[2 + i], tonumber(ARGV[6])) end
end

local function wake(scope, at) call('PUBLISH', channel, 'wake ' .. scope .. ' ' .. int(at)) end

local function pause_of(scope)
  local v = call('HMGET', meta, 'pause:' .. scope, 'probe:' .. scope)
  if not v[1] then return nil end
  local at, probe, reason = string.match(v[1], '^(%d+) (%d) (.*)$')
  local holder, expires
  if v[2] then holder, expires = string.match(v[2], '^(%S+) (%d+)$') end
  return {scope = scope, at = tonumber(at), probe = probe == '1', reason = reason,
          holder = holder, expires = tonumber(expires or '0')}
end

local function set_probe(scope, id, expires)
  call('HSET', meta, 'probe:' .. scope, id .. ' ' .. int(expires))
end

-- The later date of the two wins, a wish for a probe is kept.
local function set_pause(scope, at, probe, reason)
  local old = pause_of(scope)
  if old and old.at > early then
    probe = probe or old.probe
    if old.at > at then at, reason = old.at, old.reason end
  end
  call('HSET', meta, 'pause:' .. scope, int(at) .. ' ' .. (probe and '1' or '0') .. ' ' .. reason)
  call('HDEL', meta, 'probe:' .. scope)
  keep(meta, tonumber(ARGV[6]) + math.max(0, at - early) / 1000)
end

-- Returns the pause that stops all calls, the last to end, or nil; and the list of
-- half-open ones: passed, but waiting for a probe.
local function pauses()
  local stop, half = nil, {}
  for _, scope in ipairs(scopes) do
    local p = pause_of(scope)
    if p and p.at > early then
      if not stop or p.at > stop.at then stop = p end
    elseif p and p.probe then
      half[#half + 1] = p
    elseif p then
      call('HDEL', meta, 'pause:' .. scope, 'probe:' .. scope)
    end
  end
  return stop, half
end

local function remove(id)
  local n = 0
  for i = 1, count do n = n + call('ZREM', KEYS[2 + i], id) end
  for _, scope in ipairs(scopes) do
    local p = pause_of(scope)
    if p and p.holder == id then
      call('HDEL', meta, 'probe:' .. scope)
      n = n + 1
    end
  end
  return n
end

-- Tells those who wait that something may be free now.
local function wake_all()
  wake(permission, 0)
  if count > own and permission ~= 'app' then wake('app', 0) end
end
