-- http2.lua - the module under HTTP/1.1 and under HTTP/2, at one server that offers both: how soon
-- 64 calls are answered that find no connection, what each takes of memory, what one costs.

local measure = require "measure"

local COLUMNS = { "batch_ms", "kb", "in_turn_us", "at_64_us", "connections" }

local function run(context, item, calls)
    local text, ok = measure.output_of(measure.command(("lua5.4 %sburst.lua %s %d %s"):format(
        measure.here, item.version, calls, context.pem), { cpu = "other" }))
    local result = {}
    for word in text:gmatch "[%d.]+" do
        result[COLUMNS[#result + 1]] = tonumber(word)
        result[#result + 1] = true
    end
    if not ok or #result ~= #COLUMNS then
        error(item.name .. " failed: " .. text, 0)
    end
    return result
end

return function(context)
    local calls = context.quick and 200 or 600
    local list = {
        { key = "http1", name = "HTTP/1.1", version = "1.1" },
        { key = "http2", name = "HTTP/2", version = "2" },
    }
    local shown = measure.rounds(list, context.quick and 1 or 3, function(item)
        return run(context, item, calls)
    end)
    local rows = {}
    for i, item in ipairs(list) do
        local row = { key = item.key, name = item.name }
        for _, column in ipairs(COLUMNS) do
            row[column] = measure.of(shown[i], column)
        end
        row.batch_ratio = measure.ratio(shown[i], shown[1], "batch_ms")
        row.in_turn_ratio = measure.ratio(shown[i], shown[1], "in_turn_us")
        row.at_64_ratio = measure.ratio(shown[i], shown[1], "at_64_us")
        rows[i] = row
    end
    return { {
        key = "http2", title = "64 calls at once, answers 20 ms late", rows = rows,
        columns = {
            { "connections", "connections", "%.0f" }, { "first batch, ms", "batch_ms", "%.1f" },
            { "ratio", "batch_ratio", "%.2f" }, { "KB a call in flight", "kb", "%.1f" },
            { "CPU µs one at a time", "in_turn_us", "%.1f" }, { "ratio", "in_turn_ratio", "%.2f" },
            { "CPU µs at 64", "at_64_us", "%.1f" }, { "ratio", "at_64_ratio", "%.2f" },
        },
    } }
end
