--- Plain Lua: waits by blocking, in slices, so that Ctrl-C and debug hooks get through.

local core = require "sso.core"
local deliver = require "sso.deliver"

local M = {}

-- Longest time spent in one wait, seconds: a signal handler of Lua runs after it at the latest.
local SLICE = 0.1

--- Waits for one call.  Callbacks of others run only when `callbacks` says so: a plain call must
--- not run unrelated code of its caller's in between.
---@param client sso.Client
---@param handle sso.Handle
---@param callbacks? boolean
function M.wait(client, handle, callbacks)
    repeat
        local done, events = client:_wait(SLICE, handle)
        if callbacks then
            deliver.all(client)
        elseif events then
            deliver.events(client)
        end
    until done
end

--- Nothing to do: `client:run()` or `handle:wait()` will drive the call.
function M.start() end

--- Drives calls and runs callbacks until none is left or the time is over.
---@param client sso.Client
---@param seconds? number
function M.run(client, seconds)
    local deadline = seconds and core.now() + seconds
    deliver.all(client)
    while client:_active() > 0 do
        local left = deadline and deadline - core.now() or SLICE
        if left <= 0 then
            return
        end
        client:_wait(left < SLICE and left or SLICE)
        deliver.all(client)
    end
end

--- Cancelled calls learn of it here: no loop will come by.
---@param client sso.Client
function M.closed(client)
    deliver.all(client)
end

return M
