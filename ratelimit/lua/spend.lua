-- Books the worst case for holds whose calls are about to be made; whatever is
-- refused is given back at once.
-- ARGV: call (µs), ids.
-- Reply: OK t {flag per id} | PAUSED t until probe scope reason | CLOCK | LIMITS | LOST | FOREIGN
local before = first
local function give_back_all()
  local n = 0
  for j = before + 1, #ARGV do n = n + remove(ARGV[j]) end
  if n > 0 then wake_all() end
end

if clocks_apart() then
  give_back_all()
  return {'CLOCK', t}
end
local bad = unusable()
if bad then return {bad, t} end

local stop, half = pauses()
if stop then
  give_back_all()
  return {'PAUSED', t, stop.at, stop.probe and 1 or 0, stop.scope, stop.reason}
end

local lease = tonumber(ARGV[first])
local flags, go, refused = {}, {}, 0
for j = before + 1, #ARGV do
  local id, live = ARGV[j], true
  for i = 1, count do
    local score = call('ZSCORE', KEYS[2 + i], id)
    if not score or tonumber(score) <= early then live = false end
  end
  for _, p in ipairs(half) do
    if p.holder ~= id or p.expires <= early then live = false end
  end
  if live then
    go[#go + 1] = id
    flags[#flags + 1] = 1
  else
    refused = refused + remove(id)
    flags[#flags + 1] = 0
  end
end

if #go > 0 then
  for i = 1, count do
    local key, _, _, span = window(i)
    local score, args = int(spent(late + lease + span)), {}
    for _, id in ipairs(go) do
      args[#args + 1] = score
      args[#args + 1] = id
    end
    call('ZADD', key, unpack(args))
  end
  for _, p in ipairs(half) do set_probe(p.scope, go[1], late + lease) end
  keep_all()
end
if refused > 0 then wake_all() end
return {'OK', t, flags}
