--- What the hosts on libuv share (luv, Neovim): libuv polls the client, coroutines wait.
--
-- There is one uv_poll for each family of clients while it has calls, and a moment longer, when it
-- does not keep the loop alive any more.  It keeps the client alive: no descriptor is ever closed,
-- and its number used anew, under a poll.
-- The poll's callback steps the engine and takes what has finished.  What is due by the clock, new
-- calls above all, is done before the loop waits, in a uv_prepare, and a uv_timer bounds the wait:
-- the descriptor with a clock of its own would take five system calls more for each call.  What
-- users wrote runs where the platform lets it run.  A platform is a table:
--   uv                    luv's functions
--   schedule(fn)          runs fn where users' code may run, at once or soon
--   is_calm()             whether users' code may run right here
--   rest()                whether the loop does not run now, and may never again
--   block(over, seconds)  runs the loop until over() or the time is over; false: interrupted
--   complain(message)     the host's own error path

local blocking = require "sso.host.blocking"
local clock = require("sso.core").now
local deliver = require "sso.deliver"
local threads = require "sso.host.uv_threads"

local M = { suspendable = threads.suspendable }

-- Seconds of work done when sockets are ready, and before the loop waits; a TLS handshake, up to
-- 2 ms, may come on top.
local BUDGET, SHARE = 0.0005, 0.0003

-- Milliseconds: how long a poll stays for the next call, which spares seven system calls, and the
-- longest time a uv_timer is set to.
local LINGER, LONGEST = 100, 2 ^ 31

local states = setmetatable({}, { __mode = "k" })

-- Those that have a uv_poll.
local polling = {}

-- Handles that libuv has not closed yet: luv 1.44 crashes when the collector meets one.
local closing = {} -- luacheck: ignore (it only keeps)

-- A uv_prepare and a uv_timer, which are there for all of them.
local guard, sweeper

-- Events that were taken from a client, in a form that deliver.events understands.
local Events = {}
Events.__index = Events

function Events:_next_event()
    local entry = table.remove(self, 1)
    if entry then
        return entry[1], entry[2]
    end
end

-- Of one family of clients.  Nothing in it keeps the family alive, except while it has calls:
-- Lua 5.1 would never collect the cycle.
local function state_of(platform, client)
    local family = client:_family()
    local state = states[family]
    if not state then
        state = {
            platform = platform,
            waiting = {}, -- handle → list of waiters
            idle = {}, -- waiters for everything → true
            finished = {}, -- handles taken, in order
            events = setmetatable({}, Events),
            poll = nil, -- uv_poll
            alarm = nil, -- uv_timer, beside it
            alarm_at = math.huge, -- when it rings
            client = nil, -- kept alive with the poll
            lingers = false, -- the poll has nothing to poll for
        }
        states[family] = state
    end
    return state
end

local function wake(state, handle)
    local waiters = state.waiting[handle]
    state.waiting[handle] = nil
    for _, waiter in ipairs(waiters or {}) do
        threads.resume_waiter(state.platform, waiter)
    end
end

-- ---- turns of the loop -----------------------------------------------------

-- Runs what users wrote, for what has been taken.
local function settle(state)
    state.scheduled = false
    deliver.events(state.events, state.platform.complain)
    local handle = table.remove(state.finished, 1)
    while handle do
        threads.run_callback(state.platform, handle)
        wake(state, handle)
        handle = table.remove(state.finished, 1)
    end
    local idle = {}
    for waiter in pairs(state.idle) do
        idle[#idle + 1] = waiter
    end
    for _, waiter in ipairs(idle) do
        threads.resume_waiter(state.platform, waiter)
    end
end

local function has_calls(state)
    return state.poll ~= nil and not state.lingers
end

local function is_due(state)
    return #state.finished > 0 or #state.events > 0 or next(state.idle) and not has_calls(state)
end

local function close(handle)
    closing[handle] = true
    handle:stop()
    handle:close(function()
        closing[handle] = nil
    end)
end

local function release(state)
    close(state.poll)
    close(state.alarm)
    state.poll, state.alarm, state.alarm_at = nil, nil, math.huge
    state.client, state.lingers = nil, false
    polling[state] = nil
    if next(polling) == nil then
        guard:stop()
    end
end

local function sweep()
    local over = {}
    for state in pairs(polling) do
        if state.lingers then
            over[#over + 1] = state
        end
    end
    for _, state in ipairs(over) do
        release(state)
    end
end

-- No call is left.
local function linger(state)
    local uv = state.platform.uv
    if state.platform.rest() then
        release(state)
        uv.run "nowait" -- or the handle would still be closing when the program ends
    else
        state.lingers = true
        state.poll:unref()
        sweeper = sweeper or uv.new_timer()
        if not sweeper:is_active() then
            sweeper:start(LINGER, 0, sweep)
            sweeper:unref()
        end
    end
    -- whoever still waits was overlooked: the program stepped by itself
    for handle in pairs(state.waiting) do
        table.insert(state.finished, handle)
    end
end

-- Takes what has finished out of the engine, and has it handed out; false when there was nothing.
local function collect(state, client)
    local on_event, event = client:_next_event()
    while on_event do
        table.insert(state.events, { on_event, event })
        on_event, event = client:_next_event()
    end
    local handle = client:_next()
    while handle do
        table.insert(state.finished, handle)
        handle = client:_next()
    end
    if state.poll and not state.lingers and client:_active() == 0 then
        linger(state)
    end
    if not is_due(state) then
        return false
    elseif not state.scheduled then
        state.scheduled = true
        state.settle = state.settle or function()
            settle(state)
        end
        state.platform.schedule(state.settle)
    end
    return true
end

local function turn(state, why)
    local client = state.client
    if why then
        state.platform.complain("sso: the descriptor cannot be polled: " .. tostring(why))
    end
    client:_step(BUDGET)
    collect(state, client)
end

-- Bounds the loop's wait, seconds.  A ring that comes too early costs less than setting it anew for
-- each call; what is to be done then, the uv_prepare does.
local function set_alarm(state, seconds)
    local rings_at = clock() + seconds
    if rings_at < state.alarm_at then
        state.alarm_at = rings_at
        state.ring = state.ring or function()
            state.alarm_at = math.huge -- by libuv's clock, which may be ahead of ours
        end
        state.alarm:start(math.min(math.ceil(seconds * 1000), LONGEST), 0, state.ring)
    end
end

-- Before the loop waits: what is due by the clock.
local function look(state)
    local client = state.client
    local seconds = client:timeout()
    local found = false
    if seconds == 0 then
        client:_step(SHARE)
        found = collect(state, client)
        seconds = state.client and client:timeout()
    elseif client:_active() == 0 then
        found = collect(state, client) -- a program has finished the calls by steps of its own
    end
    -- uv.run "once" would wait although what it was to wait for is there
    seconds = found and 0 or seconds
    if seconds and state.alarm then
        set_alarm(state, seconds)
    end
end

local function look_at_all()
    local all = {}
    for state in pairs(polling) do
        if not state.lingers then
            all[#all + 1] = state
        end
    end
    for _, state in ipairs(all) do
        if state.poll and not state.lingers then
            look(state)
        end
    end
end

local function watch_loop(uv)
    if next(polling) == nil then
        guard = guard or uv.new_prepare()
        guard:start(look_at_all)
        guard:unref()
    end
end

-- Sees to it that the loop drives the client.  False when the descriptor cannot be polled: there
-- is none left, or the program polls it by itself.
local function kick(state, client)
    if state.poll then
        if state.lingers then
            state.lingers = false
            state.poll:ref()
        end
        return true
    end
    local uv, fd = state.platform.uv, client:_socket_fd()
    local poll = fd and uv.new_poll(fd)
    if not poll then
        return false
    end
    watch_loop(uv)
    state.poll, state.alarm, state.client = poll, uv.new_timer(), client
    state.alarm:unref()
    polling[state] = true
    state.turn = state.turn or function(why)
        turn(state, why)
    end
    poll:start("r", state.turn)
    return true
end

-- ---- what a host has -------------------------------------------------------

local function is_done(waiter)
    return waiter.handle:done()
end

local function enlist(state, handle, thread)
    local waiter = { thread = thread, handle = handle, over = is_done }
    local waiters = state.waiting[handle]
    if not waiters then
        waiters = {}
        state.waiting[handle] = waiters
        handle:_watch()
    end
    table.insert(waiters, waiter)
    return waiter
end

local function wait(platform, client, handle, callbacks)
    local state = state_of(platform, client)
    if not handle:done() then
        if not kick(state, client) then
            return blocking.wait(client, handle, callbacks)
        end
        local thread = threads.suspendable()
        if thread then
            threads.park(enlist(state, handle, thread))
        elseif not platform.block(function()
            return handle:done()
        end) then
            handle:cancel()
        end
    end
    collect(state, client)
    if callbacks then
        threads.run_callback(platform, handle)
    end
    -- whoever takes the results takes the handle from the loop, so others must be woken here
    if state.waiting[handle] then
        platform.schedule(function()
            wake(state, handle)
        end)
    end
end

local function start(platform, client)
    local state = state_of(platform, client)
    if not kick(state, client) then
        -- where no descriptor is left the call has failed already
        local timer = platform.uv.new_timer()
        timer:start(0, 0, function()
            close(timer)
            collect(state, client)
        end)
    end
end

-- Suspends the coroutine until nothing is left or the time is over.
local function park_until_idle(state, thread, over, seconds)
    local platform, expired, timer = state.platform, false, nil
    local waiter = {
        thread = thread,
        over = function()
            return expired or over()
        end,
    }
    if seconds then
        timer = platform.uv.new_timer()
        timer:start(math.min(math.ceil(seconds * 1000), LONGEST), 0, function()
            expired = true
            platform.schedule(function()
                threads.resume_waiter(platform, waiter)
            end)
        end)
    end
    state.idle[waiter] = true
    threads.park(waiter)
    state.idle[waiter] = nil
    if timer then
        close(timer)
    end
end

local function run_client(platform, client, seconds)
    local state = state_of(platform, client)
    local function over()
        return client:_active() == 0 and #state.finished == 0
    end
    client:_step(BUDGET)
    collect(state, client)
    if platform.is_calm() then
        settle(state)
    end
    if over() or seconds and seconds <= 0 then
        return
    elseif not kick(state, client) then
        return blocking.run(client, seconds)
    end
    local thread = threads.suspendable()
    if thread then
        park_until_idle(state, thread, over, seconds)
    else
        platform.block(over, seconds)
    end
end

local function closed(platform, client)
    if client:_active() == 0 then
        return
    end
    local state = state_of(platform, client)
    if not kick(state, client) then
        collect(state, client)
    end
end

--- Makes a host of a platform.
---@param platform table
---@return table host
function M.new(platform)
    return {
        wait = function(client, handle, callbacks)
            return wait(platform, client, handle, callbacks)
        end,
        start = function(client)
            start(platform, client)
        end,
        run = function(client, seconds)
            return run_client(platform, client, seconds)
        end,
        closed = function(client)
            return closed(platform, client)
        end,
    }
end

--- Whether the loop has anything to do beside polling clients for nobody but the main chunk.
---@param uv table
---@return boolean
function M.is_alive(uv)
    local mine = {}
    for state in pairs(polling) do
        if next(state.waiting) or next(state.idle) then
            return true
        elseif not state.lingers then
            mine[#mine + 1] = state.poll
        end
    end
    for _, poll in ipairs(mine) do
        poll:unref()
    end
    local alive = uv.loop_alive()
    for _, poll in ipairs(mine) do
        poll:ref()
    end
    return alive
end

--- Lets go of the poll of a client that has nothing left, after something else drove it.
---@param client sso.Client
function M.tidy(client)
    local state = states[client:_family()]
    if state and state.poll and client:_active() == 0 then
        collect(state, client)
    end
end

return M
