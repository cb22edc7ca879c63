-- cpu.lua - CPU time of a call, user and system, of the client's process alone: one at a time, 16
-- and 64 in flight; and how many calls a second come of it when each answer is 20 ms late.

local contenders = require "contenders"
local measure = require "measure"

local DELAY = 0.02

-- `few`: rounds of those that no target is about.
local modes = {
    {
        key = "in_turn", title = "one at a time", flight = 1, calls = 1000, rounds = 17, few = 3,
        cpu = "server",
    },
    {
        key = "at_16", title = "16 in flight, answers 20 ms late", flight = 16, calls = 800,
        rounds = 3, few = 3, cpu = "other", delay = DELAY,
    },
    {
        key = "at_64", title = "64 in flight, answers 20 ms late", flight = 64, calls = 3200,
        rounds = 11, few = 2, cpu = "other", delay = DELAY,
    },
}

local function run_mode(context, mode)
    local list = contenders.pick(context.contenders, function(contender)
        return mode.flight == 1 or contender.at_once
    end)
    local items = {}
    for i, contender in ipairs(list) do
        local judged = contender.floor or contender.judged
        items[i] = setmetatable({
            rounds = not judged and math.min(mode.few, contender.rounds or mode.few) or nil,
        }, { __index = contender })
    end
    local rounds = context.quick and 3 or mode.rounds
    local shown = measure.rounds(items, rounds, function(contender)
        local calls = math.min(contender.calls or mode.calls, mode.calls)
        calls = context.quick and math.max(25, calls // 4) or calls
        return measure.calls(contender.name,
            contenders.command(contender, calls, mode.flight, context.pem),
            {
                delay = mode.delay, cpu = mode.cpu,
                env = context.quick and "BENCH_WARM=100" or nil,
            })
    end)
    local rows = {}
    for i, contender in ipairs(list) do
        local cpu = measure.of(shown[i], "cpu")
        local ratio, least, most = measure.ratio(shown[i], shown[1], "cpu")
        local rate = measure.of(shown[i], "rate")
        local share, share_least, share_most = measure.ratio(shown[i], shown[1], "rate")
        rows[i] = {
            key = contender.key, name = contender.name, cpu_us = cpu, ratio = ratio,
            ratio_least = least, ratio_most = most, rate = rate,
            rate_ratio = share, rate_least = share_least, rate_most = share_most,
            rounds = #shown[i], ideal = mode.delay and rate / (mode.flight / mode.delay) or nil,
        }
    end
    return {
        key = mode.key, title = mode.title .. ", TLS 1.3, kept connections", rows = rows,
        columns = {
            { "CPU µs", "cpu_us", "%.1f" }, { "ratio", "ratio", "%.2f" },
            { "least", "ratio_least", "%.2f" }, { "most", "ratio_most", "%.2f" },
            { "calls/s", "rate", "%.0f" }, { "ratio", "rate_ratio", "%.3f" },
            { "least", "rate_least", "%.2f" }, { "most", "rate_most", "%.2f" },
            mode.delay and { "of ideal", "ideal", "%.1f %%", 100 } or nil,
        },
    }
end

return function(context)
    local tables = {}
    for _, mode in ipairs(modes) do
        if not (context.quick and mode.flight == 16) then
            tables[#tables + 1] = run_mode(context, mode)
        end
    end
    return tables
end
