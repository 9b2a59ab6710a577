-- Ends the pause of the permission, and a half-open one of the application.
-- Reply: OK t, then the scopes that were paused.
local ended = {'OK', t}
for _, scope in ipairs(scopes) do
  local p = pause_of(scope)
  if p and (scope == permission or (p.probe and p.at <= early)) then
    call('HDEL', meta, 'pause:' .. scope, 'probe:' .. scope)
    call('PUBLISH', channel, 'resume ' .. scope .. ' 0')
    ended[#ended + 1] = scope
  end
end
return ended
