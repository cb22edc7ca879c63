--- nginx with the lua module (OpenResty): light threads wait on semaphores, one pump steps.
--
-- No way leads from a foreign descriptor into nginx's loop, so one timer light thread per worker
-- and family of clients steps the engine while it has calls, and wakes whoever waits.  It ends by
-- the engine's own count: a request that its client aborts is killed inside `wait`, and nothing
-- after that line ever runs.

local blocking = require "sso.host.blocking"
local deliver = require "sso.deliver"

local ngx = ngx
local semaphore

local M = {}

-- Seconds: work done in one step, between two steps while answers are awaited, and at most while
-- nothing is on the wire.  Each finished call wakes a light thread in the same turn of nginx's
-- loop, so a step is kept well under what other requests may be made to wait.
local BUDGET, NAP, LONG_NAP = 0.0004, 0.001, 1

-- Rounds of the pump that a woken light thread has to take its callback, before it is given up.
local PATIENCE = 3

-- Light threads that one pump starts.  nginx keeps what is left of them, and memory of each, until
-- their parent ends: under calls without a pause a new pump takes over.
local MAX_THREADS = 100

-- Seconds after which a timer that has not begun never will: nginx drops it when too many run
-- (`lua_max_running_timers`).
local OVERDUE = 1

-- Phases in which a light thread may wait.
local CAN_WAIT = { rewrite = true, access = true, content = true, timer = true, ssl_cert = true }

-- Phases in which no timer can be made, so that nothing could ever drive a callback.
local NO_TIMER = { exit_worker = true }

local states = setmetatable({}, { __mode = "k" })

-- A worker that is told to end fast (TERM) drops everything: what is lost then is logged by a
-- finalizer, the only code of ours that still runs.
local function report_at_exit(owed)
    local proxy = newproxy(true)
    getmetatable(proxy).__gc = function()
        local counts = {}
        for _, name in pairs(owed) do
            counts[name] = (counts[name] or 0) + 1
        end
        for name, n in pairs(counts) do
            ngx.log(ngx.ERR, "sso: ", n, " callbacks of ", name, " did not run, since the worker ",
                "ended; what became of their calls is not known")
        end
    end
    return proxy
end

-- Of one family of clients in this worker: who waits for which handle, and the pump.
local function state_of(client)
    local family = client:_family()
    local state = states[family]
    if not state then
        semaphore = semaphore or require "ngx.semaphore"
        state = {
            waiting = {}, -- handle → its waiters
            threads = {}, -- handles whose callback a light thread of the caller's will run
            posted = {}, -- those whose light thread was woken, and may be dead → rounds left
            idle = {}, -- semaphores of those who wait for everything
            wake = semaphore.new(0),
            owed = {}, -- handles whose callback has not begun → name of the operation
            spawned = 0, -- light threads of this pump
            running = false, -- there is a pump, or a timer that will be one
            begun = false,
            asked = 0, -- when its timer was made
            napping = false,
        }
        state.at_exit = report_at_exit(state.owed)
        states[family] = state
    end
    return state
end

local function complain(message)
    ngx.log(ngx.ERR, message)
end

local function run_callback(state, handle)
    state.owed[handle] = nil
    local ok, why = deliver.callback(handle)
    if not ok then
        complain("sso: a callback raised: " .. tostring(why))
    end
end

local function spawn_callback(state, handle)
    state.spawned = state.spawned + 1
    ngx.thread.spawn(run_callback, state, handle)
end

-- Wakes those who wait for a handle; false when nobody does.
local function wake(state, handle)
    local waiter = state.waiting[handle]
    if not waiter then
        return false
    end
    state.waiting[handle] = nil
    waiter.semaphore:post(waiter.count)
    state.posted[handle] = state.threads[handle] and PATIENCE
    state.threads[handle] = nil
    return true
end

-- Wakes the waiters of what has finished; a callback without a waiter runs in a thread of its own.
local function settle(state, client)
    deliver.events(client, complain)
    local handle = client:_next()
    while handle do
        if not wake(state, handle) then
            spawn_callback(state, handle)
        end
        handle = client:_next()
    end
end

-- A woken light thread takes its callback at once; one that was killed never does.
local function rescue(state)
    local posted = state.posted
    for handle, rounds in pairs(posted) do
        posted[handle] = rounds > 1 and rounds - 1 or nil
        if rounds == 1 and state.owed[handle] then
            spawn_callback(state, handle)
        end
    end
end

local function nap(state, client)
    local seconds = NAP
    if client:_in_flight() == 0 and next(state.posted) == nil then
        seconds = client:timeout() or LONG_NAP
        seconds = seconds < NAP and NAP or seconds > LONG_NAP and LONG_NAP or seconds
        state.napping = true
    end
    state.wake:wait(seconds)
    state.napping = false
end

-- What a driver does again and again.
local function turn(state, client)
    client:_step(BUDGET)
    rescue(state)
    settle(state, client)
end

-- Returns true when there is more to do than one pump should.
local function drive(state, client)
    state.spawned = 0
    repeat
        turn(state, client)
        local left = client:_active() > 0 or next(state.posted) ~= nil
        if left and state.spawned >= MAX_THREADS then
            return true
        elseif left then
            nap(state, client)
        end
    until not left
end

local pump

local function start_pump(state, client)
    local ok, why = ngx.timer.at(0, pump, state, client)
    state.running, state.begun, state.asked = ok and true or false, false, ngx.now()
    if not ok then
        complain("sso: no timer for waiting calls: " .. tostring(why))
    end
    return ok
end

function pump(_, state, client)
    state.running, state.begun = true, true
    local ok, more
    repeat
        ok, more = pcall(drive, state, client)
        if ok and more and start_pump(state, client) then
            return
        end
    until not ok or not more
    state.running = false
    if not ok then
        complain("sso: " .. tostring(more))
    end
    for _, waiter in ipairs(state.idle) do
        waiter:post(1)
    end
    state.idle = {}
end

local function has_pump(state)
    return state.running and (state.begun or ngx.now() - state.asked < OVERDUE)
end

-- Sees to it that a new call gets on the wire: by the pump, at its next step, or at once by us,
-- who start one.  Were each new call to step by itself, a burst of them would fill a whole turn.
local function kick(state, client)
    if has_pump(state) then
        if state.napping then
            state.napping = false
            state.wake:post(1)
        end
        return
    end
    client:_step(BUDGET)
    if client:_active() > 0 then
        start_pump(state, client)
    end
end

-- Without a pump (no timer to be had) a waiter drives by itself.
local function sleep(state, client, waiter, seconds)
    if has_pump(state) then
        waiter:wait(state.begun and seconds or math.min(seconds, OVERDUE))
    else
        ngx.sleep(NAP)
        turn(state, client)
    end
end

local function wait(state, client, handle, waiter)
    while not handle:done() do
        sleep(state, client, waiter.semaphore, 60)
    end
    deliver.events(client, complain)
end

-- A handle may have several waiters: the thread that runs its callback, and `handle:wait()`.
local function watch(state, handle)
    local waiter = state.waiting[handle]
    if not waiter then
        waiter = { semaphore = semaphore.new(0), count = 0 }
        state.waiting[handle] = waiter
        handle:_watch()
    end
    waiter.count = waiter.count + 1
    return waiter
end

--- Yields the light thread until the call is done; in `init_by_lua` it blocks.
---@param client sso.Client
---@param handle sso.Handle
---@param callbacks? boolean
function M.wait(client, handle, callbacks)
    if ngx.get_phase() == "init" then
        return blocking.wait(client, handle, callbacks)
    end
    local state = state_of(client)
    if not handle:done() then
        local waiter = watch(state, handle)
        kick(state, client)
        wait(state, client, handle, waiter)
    end
    -- whoever takes the results takes the handle from the pump, so others must be woken here
    wake(state, handle)
    if callbacks then
        run_callback(state, handle)
    end
end

local function spawn(...)
    ngx.thread.spawn(...)
end

-- Starts a light thread whose parent has ended, so that nginx keeps nothing of it when it ends.
local function spawn_apart(...)
    ngx.thread.wait(ngx.thread.spawn(spawn, ...))
end

-- A callback's light thread.  No closure: what LuaJIT compiles for one keeps what it refers to.
local function call_back(state, client, handle, waiter)
    if handle:done() then
        ngx.sleep(NAP) -- no callback runs before the call has returned
    end
    wait(state, client, handle, waiter)
    run_callback(state, handle)
end

--- Runs the callback in a light thread of the caller's, or, where the phase has none, in the
--- pump's.  In `init_by_lua` nothing can run later: `client:run()` drives the call there.
---@param client sso.Client
---@param handle sso.Handle
function M.start(client, handle)
    local phase = ngx.get_phase()
    if phase == "init" then
        return
    end
    local state = state_of(client)
    state.owed[handle] = handle:_name()
    if CAN_WAIT[phase] then
        local waiter = watch(state, handle)
        state.threads[handle] = true
        kick(state, client)
        spawn_apart(call_back, state, client, handle, waiter)
    else
        kick(state, client)
    end
end

--- Waits until nothing is left or the time is over.
---@param client sso.Client
---@param seconds? number
function M.run(client, seconds)
    if ngx.get_phase() == "init" then
        return blocking.run(client, seconds)
    end
    local state = state_of(client)
    local deadline = ngx.now() + (seconds or 86400)
    kick(state, client)
    while (client:_active() > 0 or next(state.owed) ~= nil) and ngx.now() < deadline do
        local waiter = semaphore.new(0)
        table.insert(state.idle, waiter)
        sleep(state, client, waiter, math.min(deadline - ngx.now(), 60))
    end
end

--- Cancelled calls are handed out by the pump.
---@param client sso.Client
function M.closed(client)
    local phase = ngx.get_phase()
    if phase == "init" then
        return blocking.closed(client)
    end
    if not NO_TIMER[phase] then
        kick(state_of(client), client)
    end
end

--- Why a call cannot be made from here, or nil.
---@param has_callback boolean
---@return string? message
function M.refuse(has_callback)
    local phase = ngx.get_phase()
    if phase == "init" or CAN_WAIT[phase] then
        return nil
    end
    if has_callback and not NO_TIMER[phase] then
        return nil
    end
    if has_callback then
        return "nginx's " .. phase .. " phase is too late for a call"
    end
    return "nginx's " .. phase .. " phase can neither wait nor block: pass a callback, or make "
        .. "the call from a timer (ngx.timer.at)"
end

return M
