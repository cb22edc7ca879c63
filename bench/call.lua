-- call.lua - the module's counterpart of call_floor.c: the same call through sso.
--
-- usage: lua call.lua CALLS IN_FLIGHT VALIDATE PEM_FILE      (VALIDATE: on or off)
--
-- Opens its connections and warms up (WARM calls or CALLS if fewer), then makes the measured
-- calls and prints "calls wall-seconds cpu-seconds".  BENCH_TIMES names a file that gets the
-- seconds of each measured call that was made in turn.  One in flight: the synchronous form; more:
-- the callback form.  os.clock is the CPU time of the process, user and system.

package.path = (arg[0]:match "^.*/" or "./") .. "?.lua;" .. package.path
local bench = require "common"

local WARM = tonumber(os.getenv "BENCH_WARM" or 400)

local calls, in_flight = assert(tonumber(arg[1])), assert(tonumber(arg[2]))
local validate, path = arg[3], arg[4]
local pem = bench.read_file(path)
local client = bench.client(os.getenv("SENDGRID_BASE_URL"), in_flight, validate == "on")

local times_path = os.getenv "BENCH_TIMES"
local times = times_path and {}

local function run(count)
    if in_flight == 1 then
        bench.run_in_turn(client, pem, count, times)
    else
        bench.run_at_once(client, pem, count, in_flight)
    end
end

run(math.min(calls, WARM))
local wall, cpu = bench.now(), os.clock()
run(calls)
cpu = os.clock() - cpu
wall = bench.now() - wall
print(("%d %.6f %.6f"):format(calls, wall, cpu))
client:close()
if times then
    local file = assert(io.open(times_path, "wb"))
    file:write(table.concat(times, "\n"), "\n")
    file:close()
end
