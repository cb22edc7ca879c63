--- Runs what users asked to be told: `on_event` functions first, then callbacks.
--
-- Everything here happens after libcurl has returned, so user code may start, cancel, close or
-- raise as it likes.

local M = {}

local complained = setmetatable({}, { __mode = "k" })

local function complain_to_stderr(message)
    io.stderr:write(message, "\n")
end

--- Tells `on_event` functions what happened.  One that raises is reported once and breaks nothing.
---@param client sso.Client
---@param complain? fun(message: string)  where errors go; standard error if not given
function M.events(client, complain)
    local on_event, event = client:_next_event()
    while on_event do
        local ok, why = pcall(on_event, event)
        if not ok and not complained[on_event] then
            complained[on_event] = true
            local write = complain or complain_to_stderr
            write("sso: on_event raised: " .. tostring(why))
        end
        on_event, event = client:_next_event()
    end
end

local function traceback(why)
    if type(why) ~= "string" then
        return why
    end
    return debug.traceback(why, 2)
end

local function run(callback, handle)
    callback(handle:_result())
end

local protected = xpcall

-- Lua 5.1's xpcall passes no arguments.  Elsewhere there is no closure for each callback: LuaJIT
-- would keep what it has compiled one for, a handle, and with it the client and its descriptors.
if select(2, xpcall(rawequal, traceback, 1, 1)) ~= true then
    function protected(f, on_error, callback, handle)
        return xpcall(function()
            f(callback, handle)
        end, on_error)
    end
end

--- Runs the callback of a finished handle, once.
---@param handle sso.Handle
---@return boolean ok
---@return any why  what it raised; a string has a traceback
function M.callback(handle)
    local callback = handle:_callback()
    if not callback then
        return true
    end
    return protected(run, traceback, callback, handle)
end

--- Runs everything that is due; an error raised by a callback is raised here, after the others
--- have run.
---@param client sso.Client
function M.all(client)
    local first, others = nil, 0
    M.events(client)
    local handle = client:_next()
    while handle do
        local ok, why = M.callback(handle)
        if not ok then
            if first == nil then
                first = why
            else
                others = others + 1
            end
        end
        M.events(client)
        handle = client:_next()
    end
    if first ~= nil then
        if others > 0 and type(first) == "string" then
            first = first .. "\n(" .. others .. " more callbacks raised)"
        end
        error(first, 0)
    end
end

return M
