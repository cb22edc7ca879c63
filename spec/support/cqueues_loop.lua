--- cqueues, for the cases that all loops of coroutines share (see loop_cases.lua).

local cqueues = require "cqueues"

local M = { name = "cqueues" }

--- What the library itself reports.
M.version = ("cqueues %s"):format(tostring(cqueues.VERSION))

M.pause = cqueues.sleep
M.now = cqueues.monotime

--- Has a function run in a thread of its own, from inside a loop.
function M.spawn(main)
    cqueues.running():wrap(main)
end

--- Runs a function in a thread of a new loop until no thread is left.
---@return string[] errors  what the loop reported
function M.run(main)
    local controller, errors = cqueues.new(), {}
    controller:wrap(main)
    for why in controller:errors(20) do
        errors[#errors + 1] = tostring(why)
    end
    assert(controller:empty(), "threads are left after 20 s")
    return errors
end

--- Begins to run a function and throws the loop away after so many seconds.
function M.abandon(main, seconds)
    local controller = cqueues.new()
    controller:wrap(main)
    assert(controller:loop(seconds))
    assert(not controller:empty(), "it has ended already")
end

return M
