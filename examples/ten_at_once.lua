-- Makes ten calls at once: with a callback a call only starts, and client:run() carries them all.
--
--     lua ten_at_once.lua CERT_ID
--
-- They share connections, so this takes about as long as the slowest call and not as their sum.

local sso = require "sso"

local cert_id = arg[1]
if not cert_id then
    io.stderr:write("usage: ten_at_once.lua CERT_ID\n")
    os.exit(2)
end

local client = assert(sso.new())
local good, failed = 0, 0

for i = 1, 10 do
    client:get_certificate(cert_id, function(certificate, err, response)
        if certificate then
            good = good + 1
            local ms = response.elapsed * 1000
            print(("call %2d: %d after %.1f ms"):format(i, response.status, ms))
        else
            failed = failed + 1
            print(("call %2d: %s"):format(i, tostring(err)))
        end
    end)
end

client:run() -- returns when the last callback has run
client:close()

print(("%d came back, %d failed"):format(good, failed))
os.exit(failed == 0 and 0 or 1)
