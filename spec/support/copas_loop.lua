--- copas, for the cases that all loops of coroutines share (see loop_cases.lua).
--
-- Copas has to be loaded before socket.http, and puts functions of its own into luasocket; the
-- specs' own client loads socket.http and shall stay as it is.

local socket = require "socket"

local http, protect, newtry = package.loaded["socket.http"], socket.protect, socket.newtry
package.loaded["socket.http"] = nil
local copas = require "copas"
package.loaded["socket.http"] = http
socket.protect, socket.newtry = protect, newtry

local M = { name = "copas" }

--- What the library itself reports.
M.version = copas._VERSION

M.now = socket.gettime

local quiet = (socket.udp4 or socket.udp)()

--- Waits as long: this version of copas has no sleep.
function M.pause(seconds)
    local ends = socket.gettime() + seconds
    local function over()
        return socket.gettime() >= ends
    end
    local first = true
    copas.receive({
        getfd = function()
            return quiet:getfd()
        end,
        dirty = over,
        receive = function()
            if over() and not first then
                return "over"
            end
            first = false
            return nil, "timeout", ""
        end,
        close = function() end,
    }, 1)
end

local run -- the one under way: how many of its threads there are, and their errors

--- Has a function run in a thread of its own, from inside a loop.
function M.spawn(main)
    local mine = run
    mine.threads = mine.threads + 1
    copas.addthread(function()
        copas.setErrorHandler(function(why)
            mine.threads = mine.threads - 1
            table.insert(mine.errors, tostring(why))
        end)
        main()
        mine.threads = mine.threads - 1
    end)
end

-- Goes round until it is so.  Copas prints the errors of threads without a handler.
local function go_round(is_over)
    local print, mine = _G.print, run
    _G.print = function(why)
        table.insert(mine.errors, tostring(why))
    end
    local ok, why = pcall(function()
        while not is_over() do
            copas.step(0.001)
        end
    end)
    _G.print = print
    assert(ok, why)
end

--- Runs a function in a thread until all threads of this run have ended, and a few turns more, in
--- which others end that only look after those.
---@param seconds? number  at most, 20 if not given
---@return string[] errors  what copas reported
function M.run(main, seconds)
    run = { threads = 0, errors = {} }
    local mine, ends, more = run, socket.gettime() + (seconds or 20), 5
    M.spawn(main)
    go_round(function()
        assert(socket.gettime() < ends, "threads are left when the time is over")
        more = mine.threads > 0 and 5 or more - 1
        return more == 0
    end)
    return mine.errors
end

--- Begins to run a function and leaves it alone after so many seconds.
function M.abandon(main, seconds)
    run = { threads = 0, errors = {} }
    local ends = socket.gettime() + seconds
    M.spawn(main)
    go_round(function()
        return socket.gettime() > ends
    end)
    assert(run.threads > 0, "it has ended already")
end

return M
