-- instructions.lua - instructions of a call in user space, counted by callgrind: repeatable to 3 %,
-- as how often a call asks before its answer is there depends on what else the machine does.  Two
-- runs of different length; their difference is a call without start, connecting and warming up.
--
-- bench/baseline.json holds what five scenarios may take; bench/guard.lua compares.

local contenders = require "contenders"
local measure = require "measure"

local FEW, MANY = 100, 300

local M = {}

local function total(command, options)
    local path = os.getenv "SSO_SANDBOX_DIR" .. "/callgrind.out"
    local text, ok = measure.output_of(measure.command(
        "valgrind --tool=callgrind --callgrind-out-file=" .. measure.quote(path) .. " " .. command,
        options) .. " 2>&1")
    local collected = text:match "Collected : (%d+)"
    if not ok or not collected then
        error("callgrind failed:\n" .. text, 0)
    end
    return tonumber(collected)
end

-- What the timing of a run changes only adds to it: a question asked twice, a handshake more.
local function least_total(command, options, rounds)
    local least = total(command, options)
    for _ = 2, rounds do
        least = math.min(least, total(command, options))
    end
    return least
end

--- Instructions of one call of a command: `command(calls)` gives it.
---@param rounds? integer  runs of each length, of which the least counts: 1
function M.per_call(command, options, rounds)
    local few = least_total(command(FEW), options, rounds or 1)
    local many = least_total(command(MANY), options, rounds or 1)
    -- each run makes as many calls to warm up as it measures, at most 400
    return (many - few) / (2 * (MANY - FEW))
end

function M.run(context)
    if not os.execute "valgrind --version >/dev/null 2>&1" then
        context.say "instructions: not measured, valgrind is not installed"
        return {}
    end
    local list = contenders.pick(context.contenders, function(contender)
        return contender.ours or contender.key == "luacurl"
    end)
    local rows = {}
    for i, contender in ipairs(list) do
        local count = M.per_call(function(calls)
            return contenders.command(contender, calls, 1, context.pem)
        end, {})
        rows[i] = {
            key = contender.key, name = contender.name, thousand = count / 1e3,
            ratio = count / 1e3 / (rows[1] and rows[1].thousand or count / 1e3),
        }
    end
    return { {
        key = "instructions", title = "instructions of a call, one at a time (callgrind)",
        rows = rows,
        columns = { { "thousand", "thousand", "%.1f" }, { "ratio", "ratio", "%.3f" } },
    } }
end

return M
