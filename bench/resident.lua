-- resident.lua - resident memory of CALLS calls, 64 of them in flight.
--
-- usage: lua resident.lua CALLS PEM_FILE
--
-- Prints KB: after one call (libraries loaded, one connection made), when all calls are queued,
-- when 64 of them are under way and none has ended, and the most of the whole run.  The server
-- answers late, so that there is such a moment.

package.path = (arg[0]:match "^.*/" or "./") .. "?.lua;" .. package.path
local bench = require "common"

local calls = assert(tonumber(arg[1]))
local pem = bench.read_file(arg[2])
local client = bench.client(os.getenv "SENDGRID_BASE_URL", 64)

local function status(name)
    return tonumber(bench.read_file "/proc/self/status":match(name .. ":%s*(%d+)"))
end

local function resident()
    collectgarbage()
    collectgarbage()
    return status "VmRSS"
end

bench.run_in_turn(client, pem, 1)
local start = resident()
local ended = 0
for _ = 1, calls do
    client:update_certificate(bench.cert_id, bench.fields(pem), function(certificate, err)
        bench.check(pem, certificate, err)
        ended = ended + 1
    end)
end
local queued = resident()
-- Handshakes are over and requests sent, and answers have not come yet, just before the first
-- of them ends: the last look before that is the one that counts.
local flight = queued
while ended == 0 do
    client:step(0)
    flight = math.max(flight, status "VmRSS")
end
client:run()
assert(ended == calls, "callbacks are missing")
print(("%d %d %d %d"):format(start, queued, flight, status "VmHWM"))
client:close()
