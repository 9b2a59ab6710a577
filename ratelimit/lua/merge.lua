-- ARGV: triples of window index, return date (µs) and id. Exposure never gets lower; a
-- date that Redis itself booked for a spent token is exact and stays.
if fenced() then return {'FENCED', t} end
for j = rest, #ARGV, 3 do
  local key, date, id = KEYS[2 + tonumber(ARGV[j])], tonumber(ARGV[j + 1]), ARGV[j + 2]
  local old = tonumber(call('ZSCORE', key, id) or '-1')
  if old < date and not (old > 0 and is_spent(old)) then call('ZADD', key, int(spent(date)), id) end
end
return {'OK', t}
