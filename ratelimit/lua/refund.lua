-- Gives tokens back whose calls never left. Refused while the state is lost: a
-- rebuild under way could bring the id back after its removal.
-- ARGV: ids.
-- Reply: OK t removed | LIMITS t | LOST t | FOREIGN t
local bad = unusable()
if bad then return {bad, t} end
local n = 0
for j = first, #ARGV do n = n + remove(ARGV[j]) end
if n > 0 then wake_all() end
return {'OK', t, n}
