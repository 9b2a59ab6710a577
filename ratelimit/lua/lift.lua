-- Ends the pause of one scope before its time: with a probe it becomes half-open, as
-- when its time had come.
-- Reply: OK t, and if there was one probe 0|1, its end and its reason.
local p = pause_of(permission)
if not p or p.at <= early then return {'OK', t} end
call('HDEL', meta, 'pause:' .. permission, 'probe:' .. permission)
if p.probe then
  -- Far enough back for the clock of every caller.
  set_pause(permission, math.max(0, early - 2 * tonumber(ARGV[2])), true, p.reason)
end
call('PUBLISH', channel, 'resume ' .. permission .. ' 0')
return {'OK', t, p.probe and 1 or 0, p.at, p.reason}
