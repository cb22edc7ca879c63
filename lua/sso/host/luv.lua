--- luv outside of Neovim: plain calls suspend coroutines, the main chunk runs the loop meanwhile.
--
-- To have loaded luv is not yet to live in its loop.  While the loop neither runs nor has anything
-- else to do, nobody would resume a coroutine, so plain calls wait as in plain Lua; callbacks are
-- the loop's from the start, since `uv.run()` may come later.

local blocking = require "sso.host.blocking"
local shared = require "sso.host.uv"
local uv = require "luv"

local function is_running()
    return uv.loop_mode() ~= nil
end

local timer

local function run_loop(over, seconds)
    local expired = false
    if seconds then
        timer = timer or uv.new_timer()
        timer:start(math.min(math.ceil(seconds * 1000), 2 ^ 31), 0, function()
            expired = true
        end)
    end
    while not expired and not over() do
        uv.run "once"
    end
    if seconds then
        timer:stop()
    end
    return true
end

local host = shared.new {
    uv = uv,
    schedule = function(fn)
        fn()
    end,
    is_calm = function()
        return true
    end,
    rest = function()
        return not is_running()
    end,
    block = run_loop,
    -- luv's own way, except that it would end the process
    complain = function(message)
        io.stderr:write("Uncaught Error: ", message, "\n")
    end,
}

local M = { start = host.start }

local function lives_in_loop()
    return is_running() or shared.is_alive(uv)
end

-- Whatever happens, a poll with nothing to poll for must not keep the loop alive.
local function block(wait, client, ...)
    local ok, why = pcall(wait, client, ...)
    shared.tidy(client)
    if not ok then
        error(why, 0)
    end
end

--- Suspends the coroutine, or runs the loop, until the call is done; blocks where the loop has
--- nothing else to do, unless the program says `host = "luv"`.
---@param client sso.Client
---@param handle sso.Handle
---@param callbacks? boolean
function M.wait(client, handle, callbacks)
    if handle:_option "host" == "luv" or lives_in_loop() then
        return host.wait(client, handle, callbacks)
    end
    block(blocking.wait, client, handle, callbacks)
end

--- Drives calls until nothing is left or the time is over.
---@param client sso.Client
---@param seconds? number
function M.run(client, seconds)
    if client:_option "host" == "luv" or lives_in_loop() then
        return host.run(client, seconds)
    end
    block(blocking.run, client, seconds)
end

--- Cancelled calls are handed out by the loop, or at once where it has nothing else to do.
---@param client sso.Client
function M.closed(client)
    if lives_in_loop() then
        return host.closed(client)
    end
    block(blocking.closed, client)
end

--- Why a call cannot be made from here, or nil.
---@param has_callback boolean
---@return string? message
function M.refuse(has_callback)
    if has_callback or not is_running() or shared.suspendable() then
        return nil
    end
    return "a callback of luv's loop can neither wait nor block: pass a callback, or make the "
        .. "call inside a coroutine"
end

return M
