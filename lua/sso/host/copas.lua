--- copas: threads wait on objects that its `select` takes for sockets, one pump thread steps.
--
-- Copas 1.1.7 can neither sleep nor wake a thread, but its threads wait for anything that has
-- `getfd` and `dirty`, as luasocket's `select` does.  The pump waits for the client's descriptor;
-- who waits for a call is "dirty" once it is done, on a descriptor where nothing ever comes.
-- Versions that can sleep have another way of looking at sockets: there, everybody sleeps.

local blocking = require "sso.host.blocking"
local copas = require "copas"
local deliver = require "sso.deliver"
local socket = require "socket"

-- What LuaJIT compiles for a closure keeps alive what that closure refers to: here, clients.
local jit = rawget(_G, "jit")
if jit then
    jit.off(true, true)
end

local M = {}

-- Seconds: work done in one step, and between two looks where copas can sleep.
local BUDGET, NAP = 0.001, 0.001

local sleep = copas.pause or copas.sleep

-- A socket that was never bound or connected is never readable.
local quiet = not sleep and (socket.udp4 or socket.udp)()

local states = setmetatable({}, { __mode = "k" })

local function state_of(client)
    local family = client:_family()
    local state = states[family]
    if not state then
        state = { running = false }
        states[family] = state
    end
    return state
end

local function in_thread()
    local co, is_main = coroutine.running()
    return co ~= nil and not is_main
end

-- Each callback gets a thread of its own: it may wait, and its error goes to copas.
local function settle(client)
    deliver.events(client)
    local handle = client:_next()
    while handle do
        local callback, finished = handle:_callback(), handle
        if callback then
            copas.addthread(function()
                callback(finished:_result())
            end)
        end
        handle = client:_next()
    end
end

-- Waits for a descriptor to be readable or for `is_so()`, whatever comes first.  Copas remembers
-- for two minutes what a dropped thread waited for; that shall not keep the client alive.
local function wait_for(fd, is_so)
    local weak, looks = setmetatable({ is_so = is_so }, { __mode = "v" }), 0
    copas.receive({
        getfd = function()
            return fd
        end,
        dirty = function()
            return not weak.is_so or weak.is_so()
        end,
        receive = function()
            looks = looks + 1
            if looks > 1 then
                return "done"
            end
            return nil, "timeout", ""
        end,
        close = function() end, -- copas closes what a thread has waited for last
    }, 1)
    return is_so()
end

local function drive(state, client)
    local fd = client:pollfd()
    local function is_over()
        return client:_active() == 0
    end
    while not is_over() do
        if sleep then
            sleep(NAP)
        else
            wait_for(fd, is_over)
        end
        client:_step(BUDGET)
        settle(client)
    end
    state.running = false
end

-- A pump that an error ends (no memory is left) is replaced at the next call.
local function kick(state, client)
    if not state.running or coroutine.status(state.running) == "dead" then
        state.running = coroutine.create(function()
            drive(state, client)
        end)
        copas.addthread(state.running)
    end
end

-- Waits until it is so.  Whoever resumes this thread without that being so is not copas, which may
-- not be running at all: then the work is done here.
local function wait_until(client, is_so)
    while not is_so() do
        if sleep then
            sleep(NAP)
        elseif not wait_for(quiet:getfd(), is_so) then
            client:_step(BUDGET)
            settle(client)
        end
    end
end

--- Yields the thread until the call is done; outside of threads it blocks.
---@param client sso.Client
---@param handle sso.Handle
---@param callbacks? boolean
function M.wait(client, handle, callbacks)
    if not in_thread() then
        return blocking.wait(client, handle, callbacks)
    end
    handle:_watch() -- the call goes on when this thread dies
    kick(state_of(client), client)
    wait_until(client, function()
        return handle:done()
    end)
    deliver.events(client)
    local callback = callbacks and handle:_callback()
    if callback then
        callback(handle:_result())
    end
end

--- Runs the callback in a thread of its own.
---@param client sso.Client
function M.start(client)
    kick(state_of(client), client)
end

--- Waits until nothing is left or the time is over.
---@param client sso.Client
---@param seconds? number
function M.run(client, seconds)
    if not in_thread() then
        return blocking.run(client, seconds)
    end
    local deadline = seconds and socket.gettime() + seconds
    kick(state_of(client), client)
    wait_until(client, function()
        return client:_active() == 0 or (deadline and socket.gettime() >= deadline)
    end)
end

--- Cancelled calls are handed out by the pump; where none runs, here.
---@param client sso.Client
function M.closed(client)
    if in_thread() then
        kick(state_of(client), client)
    else
        blocking.closed(client)
    end
end

return M
