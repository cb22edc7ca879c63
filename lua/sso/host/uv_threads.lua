--- Coroutines of the hosts on libuv: how one is suspended until something is so, and resumed.
--
-- Functions get what they need as arguments and are no closures: what LuaJIT compiles for one keeps
-- what it refers to, a handle and so a client, for as long as the compiled code lives.

local M = {}

local is_yieldable = rawget(coroutine, "isyieldable") -- Lua 5.3 and LuaJIT

--- The coroutine that runs, if it can be suspended.
---@return thread?
function M.suspendable()
    local thread, is_main = coroutine.running()
    if not thread or is_main or is_yieldable and not is_yieldable() then
        return nil
    end
    return thread
end

--- Suspends the coroutine until `waiter:over()`; whoever else resumes it meanwhile does no harm.
---@param waiter {thread: thread?, over: fun(waiter: table): boolean?}
function M.park(waiter)
    repeat
        coroutine.yield()
    until waiter:over()
    waiter.thread = nil
end

-- Whether a waiter's coroutine is suspended in `M.park`.  It may be dead; or, as Lua 5.1 and 5.2
-- raise where a coroutine cannot be suspended (inside of pcall, say), be waiting elsewhere.
local function is_parked(waiter)
    local thread = waiter.thread
    if not thread or coroutine.status(thread) ~= "suspended" then
        return false
    end
    local info = debug.getinfo(thread, 1, "f")
    return info ~= nil and info.func == M.park and select(2, debug.getlocal(thread, 1, 1)) == waiter
end

--- Resumes a coroutine; what it raises goes the platform's way.
---@param platform {complain: fun(message: string)}
---@param thread thread
function M.resume(platform, thread, ...)
    local ok, why = coroutine.resume(thread, ...)
    if not ok then
        platform.complain(type(why) == "string" and debug.traceback(thread, why) or tostring(why))
    end
end

--- Resumes a waiter that is suspended in `M.park`.
function M.resume_waiter(platform, waiter)
    if is_parked(waiter) then
        M.resume(platform, waiter.thread)
    end
end

local function run(callback, handle)
    callback(handle:_result())
end

--- Runs a handle's callback, if it has one, in a coroutine of its own: it may make plain calls.
function M.run_callback(platform, handle)
    local callback = handle:_callback()
    if callback then
        M.resume(platform, coroutine.create(run), callback, handle)
    end
end

return M
