-- memory.lua - memory of 1 to 10,000 calls: what a queued call takes, what one in flight takes,
-- and the most that the process had.  bench/resident.lua says how each is taken.

local measure = require "measure"

local function run(context, interpreter, key, name)
    local rows = {}
    for _, calls in ipairs { 1, 64, 1000, 10000 } do
        local text, ok = measure.output_of(measure.command(("%s %sresident.lua %d %s"):format(
            interpreter, measure.here, calls, context.pem), { delay = 0.02, cpu = "other" }))
        local start, queued, flight, peak = text:match "^(%d+) (%d+) (%d+) (%d+)\n$"
        if not ok or not start then
            error(name .. " failed: " .. text, 0)
        end
        local waiting, under_way = math.max(calls - 64, 1), math.min(calls, 64)
        rows[#rows + 1] = {
            key = ("%s_%d"):format(key, calls), name = ("%s, %d call%s"):format(name, calls,
                calls == 1 and "" or "s"),
            start_mb = start / 1024, peak_mb = peak / 1024,
            queued_kb = calls > 64 and (queued - start) / calls or nil,
            flight_kb = calls >= 64 and (flight - queued) / under_way or nil,
            waiting = waiting,
        }
    end
    return rows
end

return function(context)
    local rows = {}
    for _, row in ipairs(run(context, "lua5.4", "lua54", "Lua 5.4")) do
        rows[#rows + 1] = row
    end
    for _, row in ipairs(run(context, "luajit", "luajit", "LuaJIT")) do
        rows[#rows + 1] = row
    end
    return { {
        key = "memory", title = "resident memory, 64 in flight", rows = rows,
        columns = {
            { "start MB", "start_mb", "%.1f" }, { "peak MB", "peak_mb", "%.1f" },
            { "KB a queued call", "queued_kb", "%.1f" },
            { "KB a call in flight", "flight_kb", "%.1f" },
        },
    } }
end
