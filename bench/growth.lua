-- growth.lua - one client that makes as many calls as it is told, again and again.
--
-- usage: lua growth.lua PEM_FILE RESULTS      (a number of calls a line on standard input)
--
-- Makes that many calls in turn and writes CPU seconds and resident KB to RESULTS, a FIFO.  Ends
-- with its input.

package.path = (arg[0]:match "^.*/" or "./") .. "?.lua;" .. package.path
local bench = require "common"

local pem = bench.read_file(arg[1])
local client = bench.client(os.getenv "SENDGRID_BASE_URL", 1)
local results = assert(io.open(arg[2], "w"))
for line in io.lines() do
    local cpu = os.clock()
    bench.run_in_turn(client, pem, assert(tonumber(line)))
    cpu = os.clock() - cpu
    results:write(("%.6f %s\n"):format(cpu,
        bench.read_file "/proc/self/status":match "VmRSS:%s*(%d+)"))
    results:flush()
end
client:close()
