-- burst.lua - a batch of 64 calls on connections that are not there yet, and what a call costs
-- when they are, under one version of HTTP.
--
-- usage: lua burst.lua VERSION CALLS PEM_FILE      (VERSION: 1.1 or 2)
--
-- Prints: ms until the first batch is answered, each answer 20 ms late; KB resident that each of
-- its calls takes while none has been answered; CPU µs a call one at a time, and with 64 in flight;
-- connections that the server saw of the first batch.

package.path = (arg[0]:match "^.*/" or "./") .. "?.lua;" .. package.path
local bench = require "common"
local sso = require "sso"

local FLIGHT, DELAY = 64, 0.02

local version, calls = arg[1], assert(tonumber(arg[2]))
local pem = bench.read_file(arg[3])
local base_url = assert(os.getenv "SSO_SANDBOX_HTTP2", "start this by sandbox/sandbox run")

local function new(url)
    return assert(sso.new {
        base_url = url, http_version = version, max_in_flight = FLIGHT, max_retries = 0,
        ca_file = os.getenv "SSO_SANDBOX_CA", timeout = 60,
    })
end

local function resident()
    return tonumber(bench.read_file "/proc/self/status":match "VmRSS:%s*(%d+)")
end

-- Libraries are loaded, TLS is set up and what Lua needs is there before anything is measured.
local client = new(base_url)
bench.run_in_turn(client, pem, 20)
client:close()

client = new(base_url .. "/delay/" .. DELAY)
collectgarbage()
collectgarbage()
local before, ended, reused = resident(), 0, 0
local flight = before
for _ = 1, FLIGHT do
    client:update_certificate(bench.cert_id, bench.fields(pem), function(certificate, err, response)
        bench.check(pem, certificate, err)
        assert(response.http_version == version, "another version of HTTP was spoken")
        reused = reused + (response.timings.reused and 1 or 0)
        ended = ended + 1
    end)
end
-- Handshakes are over and nothing has been answered: the last look before that is the one.
while ended == 0 do
    client:step(0)
    flight = math.max(flight, resident())
end
client:run()
assert(ended == FLIGHT, "callbacks are missing")
local kb = (flight - before) / FLIGHT
local connections = FLIGHT - reused
client:close()

-- The same once more without a look at memory, which takes time.
client = new(base_url .. "/delay/" .. DELAY)
local from = bench.now()
bench.run_at_once(client, pem, FLIGHT, FLIGHT)
local batch = bench.now() - from
client:close()

-- CPU µs of a call, when there are connections.
local function cost(run)
    run(math.min(calls, 400))
    local cpu = os.clock()
    run(calls)
    return (os.clock() - cpu) / calls * 1e6
end

client = new(base_url)
local in_turn = cost(function(count)
    bench.run_in_turn(client, pem, count)
end)
client:close()
client = new(base_url .. "/delay/" .. DELAY)
local at_once = cost(function(count)
    bench.run_at_once(client, pem, math.max(count, FLIGHT), FLIGHT)
end)
client:close()
print(("%.3f %.1f %.2f %.2f %d"):format(batch * 1e3, kb, in_turn, at_once, connections))
