--- cqueues: threads wait on conditions, one pump thread per controller polls the client.
--
-- The client is itself what cqueues polls (pollfd, events, timeout), so the pump sleeps in the
-- controller's own poll and ends with the last call: `cq:loop()` returns when nothing is left.

local blocking = require "sso.host.blocking"
local condition = require "cqueues.condition"
local cqueues = require "cqueues"
local deliver = require "sso.deliver"

local M = {}

-- Seconds: work done in one step, and how long a poll lasts where no descriptor is to be had.
local BUDGET, NAP = 0.001, 0.001

local WEAK_KEYS, WEAK = { __mode = "k" }, { __mode = "kv" }

local states = setmetatable({}, WEAK_KEYS)

-- Of one family of clients: who waits for which handle, and the pumps.  Nothing in it keeps a
-- handle, and so the family, alive: Lua 5.1 would never collect the cycle.
local function state_of(client)
    local family = client:_family()
    local state = states[family]
    if not state then
        state = {
            waiting = setmetatable({}, WEAK_KEYS), -- handle → condition
            homes = setmetatable({}, WEAK), -- handle → controller in which its callback runs
            pumps = setmetatable({}, WEAK_KEYS), -- controller → true
            idle = condition.new(), -- of those who wait for everything
            known = 0, -- calls that are active, as far as we know
        }
        states[family] = state
    end
    return state
end

-- Not under pcall, across which Lua 5.1 could not yield: its error is the thread's, which the
-- controller's `step`, `loop` and `errors` report.
local function run_callback(handle)
    local callback = handle:_callback()
    if callback then
        callback(handle:_result())
    end
end

local function wake(state, handle)
    local waiter = state.waiting[handle]
    if waiter then
        state.waiting[handle] = nil
        waiter:signal()
    end
    return waiter ~= nil
end

-- A callback gets a thread of its own, where the call was made; that controller may be closed.
local function spawn(home, controller, handle)
    if not (home and pcall(home.wrap, home, run_callback, handle)) then
        controller:wrap(run_callback, handle)
    end
end

local function settle(state, client, controller)
    deliver.events(client)
    local handle = client:_next()
    while handle do
        local home = state.homes[handle]
        state.homes[handle] = nil
        if not wake(state, handle) or home then
            spawn(home, controller, handle)
        end
        handle = client:_next()
    end
    state.known = client:_active()
end

-- Where a program steps the client by itself as well, handles are handed out there.
local function wake_the_overlooked(state)
    local done = {}
    for handle in pairs(state.waiting) do
        if handle:done() then
            done[#done + 1] = handle
        end
    end
    for _, handle in ipairs(done) do
        wake(state, handle)
    end
end

local function turn(state, client, controller)
    local others = client:_active() < state.known
    client:_step(BUDGET)
    settle(state, client, controller)
    if others then
        wake_the_overlooked(state)
    end
end

local function pump(state, client, controller)
    local fd, ok, why = client:pollfd(), true, nil
    while ok and client:_active() > 0 do
        -- the poll stands outside of pcall: Lua 5.1 cannot yield in there
        ok, why = pcall(turn, state, client, controller)
        if ok and client:_active() > 0 then
            cqueues.poll(client, not fd and NAP or nil)
        end
    end
    wake_the_overlooked(state)
    state.pumps[controller] = nil
    if fd then
        -- a controller that remembers a descriptor would miss the next one of the same number
        controller:cancel(fd)
    end
    state.idle:signal()
    if not ok then
        error(why, 0)
    end
end

-- A new call makes the descriptor readable: a pump that polls needs no other word of it.
local function kick(state, client, controller)
    if not state.pumps[controller] then
        state.pumps[controller] = true
        controller:wrap(pump, state, client, controller)
    end
end

--- Yields the thread until the call is done; outside of controllers it blocks.
---@param client sso.Client
---@param handle sso.Handle
---@param callbacks? boolean
function M.wait(client, handle, callbacks)
    local controller = cqueues.running()
    if not controller then
        return blocking.wait(client, handle, callbacks)
    end
    local state = state_of(client)
    state.known = state.known + (callbacks and 0 or 1)
    if not handle:done() then
        handle:_watch()
        kick(state, client, controller)
        while not handle:done() do
            local waiter = state.waiting[handle] or condition.new()
            state.waiting[handle] = waiter
            waiter:wait()
        end
    end
    -- whoever takes the results takes the handle from the pump, so others must be woken here
    wake(state, handle)
    if callbacks then
        run_callback(handle)
    end
end

--- Runs the callback in a thread of the controller from which the call was made.  Outside of
--- controllers `client:run()` drives the call.
---@param client sso.Client
---@param handle sso.Handle
function M.start(client, handle)
    local controller = cqueues.running()
    if controller then
        local state = state_of(client)
        state.known = state.known + 1
        state.homes[handle] = controller
        kick(state, client, controller)
    end
end

--- Waits until nothing is left or the time is over.
---@param client sso.Client
---@param seconds? number
function M.run(client, seconds)
    local controller = cqueues.running()
    if not controller then
        return blocking.run(client, seconds)
    end
    local state = state_of(client)
    local deadline = seconds and cqueues.monotime() + seconds
    local left = seconds
    while client:_active() > 0 and not (left and left < 0) do
        kick(state, client, controller)
        state.idle:wait(left)
        left = deadline and deadline - cqueues.monotime()
    end
    cqueues.sleep(0) -- for the callbacks that begin in this turn
end

--- Cancelled calls are handed out by the pump.
---@param client sso.Client
function M.closed(client)
    local controller = cqueues.running()
    local state = states[client:_family()]
    if controller then
        kick(state or state_of(client), client, controller)
    elseif not (state and next(state.pumps)) then
        blocking.closed(client)
    end
end

return M
