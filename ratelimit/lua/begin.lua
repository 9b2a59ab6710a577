-- Starts a rebuild: finds the windows that are not whole, takes the lock and puts
-- a mark into each. The mark's loss later tells that the set was lost once more.
-- ARGV: token, life of the lock (ms), 1 to look only.
-- Reply: READY t | BUSY t remaining-ms | CLOCK t | LIMITS t |
--        BEGIN t why epoch run {index of each window to rebuild}
if clocks_apart() then return {'CLOCK', t} end
local token, life, look = ARGV[first], ARGV[first + 1], ARGV[first + 2] == '1'
local m = call('HMGET', meta, 'limits', 'epoch', 'run')
if m[1] ~= ARGV[3] then return {'LIMITS', t} end

local run, why = run_id(), 'missing state'
local all = not m[2] or m[3] ~= run
if m[2] and m[3] ~= run then why = 'another server' end
local missing = {}
for i = 1, count do
  if all or call('HEXISTS', meta, 'open:' .. KEYS[2 + i]) == 0 or not whole(i) then
    missing[#missing + 1] = i
  end
end
if #missing == 0 then return {'READY', t} end
if not look then
  local holder = call('GET', lock)
  if holder and holder ~= token then return {'BUSY', t, call('PTTL', lock)} end
  call('SET', lock, token, 'PX', life)
  for _, i in ipairs(missing) do
    call('ZADD', KEYS[2 + i], '-2', '!' .. token)
    keep(KEYS[2 + i], tonumber(ARGV[6]))
  end
end
return {'BEGIN', t, why, m[2] or '', run, missing}
