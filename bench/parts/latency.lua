-- latency.lua - how much longer one call takes than its server: time added to answers that come
-- 20 ms late, on a kept connection, one call at a time.

local contenders = require "contenders"
local measure = require "measure"

local DELAY = 0.02

-- Durations of single calls, seconds, sorted.
local function times(contender, calls, pem)
    local path = os.getenv "SSO_SANDBOX_DIR" .. "/times"
    measure.calls(contender.name, contenders.command(contender, calls, 1, pem),
        { delay = DELAY, cpu = "other", env = "BENCH_WARM=5 BENCH_TIMES=" .. measure.quote(path) })
    local list = {}
    for line in io.lines(path) do
        list[#list + 1] = tonumber(line)
    end
    assert(#list == calls, contender.name .. " did not tell its times")
    table.sort(list)
    return list
end

return function(context)
    local list = contenders.pick(context.contenders, function(contender)
        return contender.ours and not contender.key:find "_off$"
    end)
    local calls = context.quick and 50 or 100
    local shown = measure.rounds(list, context.quick and 1 or 3, function(contender)
        local sorted = times(contender, calls, context.pem)
        return {
            p50 = (sorted[calls // 2] - DELAY) * 1e3,
            p99 = (sorted[math.ceil(calls * 0.99)] - DELAY) * 1e3,
        }
    end)
    local rows = {}
    for i, contender in ipairs(list) do
        rows[i] = {
            key = contender.key, name = contender.name,
            p50_ms = measure.of(shown[i], "p50"), p99_ms = measure.of(shown[i], "p99"),
        }
    end
    return { {
        key = "latency", title = "added to a call of 20 ms, one at a time", rows = rows,
        columns = { { "p50 ms", "p50_ms", "%.2f" }, { "p99 ms", "p99_ms", "%.2f" } },
    } }
end
