--- HAProxy: tasks, services and actions wait in `core.msleep`; worker tasks step and run callbacks.
--
-- HAProxy can neither wait for a foreign descriptor nor wake another Lua task, so who waits looks
-- every millisecond and steps as well.  `core.register_task` of 2.6 keeps a reference for good each
-- time, so nothing is registered for a call: workers stay, and look every 10 ms when there is
-- nothing to do.  Before one runs a callback, which may sleep, it sees to it that another is free.

local blocking = require "sso.host.blocking"
local clock = require("sso.core").now
local deliver = require "sso.deliver"

local core = rawget(_G, "core")

local M = {}

-- Seconds: work done in one step, and the least time between two steps, however many wait.
local BUDGET, APART = 0.001, 0.0005

-- Milliseconds between two looks: while answers are awaited, and at most.
local NAP, LONG_NAP = 1, 10

-- Seconds after which workers that show no sign of life were ended by HAProxy (task-timeout).
local SILENCE = 1

-- How often HAProxy may run us again before it runs a new task (tune.runqueue-depth: 200).
local TURNS = 1000

-- All of this is one Lua state's, as are its tasks: with lua-load-per-thread each thread has it.
local driven = {} -- family → a client of it, while it has calls
local stepped = setmetatable({}, { __mode = "k" }) -- family → when, by anybody
local due, first_due, last_due = {}, 1, 0 -- finished handles whose callbacks nobody runs yet
local beat -- when a worker last was there
local free = 0 -- workers that run no callback
local watching -- which of them naps short
local owed = setmetatable({}, { __mode = "k" }) -- handle, its callback not begun → operation

-- HAProxy takes no task for a reason to go on: a worker that has been replaced ends with its last
-- request.  What is lost then is told by a finalizer, the only code of ours that still runs.
local at_end = setmetatable({}, {
    __gc = function()
        local counts = {}
        for _, name in pairs(owed) do
            counts[name] = (counts[name] or 0) + 1
        end
        for name, n in pairs(counts) do
            -- one text is one write: other processes write to the same log
            io.stderr:write(("sso: %d callbacks of %s did not run, since HAProxy's worker ended; "
                .. "what became of their calls is not known\n"):format(n, name))
        end
    end,
})

-- The configuration is being read: no loop runs, Lua runs in the state's main coroutine.
local function is_starting()
    local _, is_main = coroutine.running()
    return is_main
end

local function mark() end

local nested = setmetatable({}, { __mode = "k" }) -- coroutine → whether it is one of these:

-- Whether a coroutine of somebody's own runs, of which HAProxy knows nothing: `core.yield` does
-- nothing there and `core.register_task` crashes (2.6.12).  In its own ones HAProxy sets its hook
-- anew whenever it resumes them.
local function is_nested()
    local thread = coroutine.running()
    if nested[thread] == nil then
        debug.sethook(mark, "", 1000000)
        core.yield()
        nested[thread] = debug.gethook() == mark
        if nested[thread] then
            debug.sethook()
        end
    end
    return nested[thread]
end

local function turn(family, client)
    if clock() - (stepped[family] or 0) >= APART then
        client:_step(BUDGET)
        stepped[family] = clock()
    end
    deliver.events(client, core.Alert)
    local handle = client:_next()
    while handle do
        last_due = last_due + 1
        due[last_due] = handle
        handle = client:_next()
    end
end

-- Milliseconds that one who waits for this client may sleep.
local function nap_of(client)
    if client:_in_flight() > 0 then
        return NAP
    end
    local ms = math.floor((client:timeout() or 1) * 1000)
    return ms < NAP and NAP or ms > LONG_NAP and LONG_NAP or ms
end

local function turn_all()
    local nap = LONG_NAP
    for family, client in pairs(driven) do
        turn(family, client)
        if client:_active() == 0 then
            driven[family] = nil
        else
            nap = math.min(nap, nap_of(client))
        end
    end
    return nap
end

local work

local function run_callback(handle)
    owed[handle] = nil
    free = free - 1
    watching = nil
    if free == 0 then
        core.register_task(work)
    end
    local ok, why = deliver.callback(handle)
    if not ok then
        core.Alert("sso: a callback raised: " .. tostring(why))
    end
    free = free + 1
end

function work()
    local self = coroutine.running()
    free = free + 1
    while true do
        beat = clock()
        watching = watching or self
        local nap = turn_all()
        while first_due <= last_due do
            local handle = due[first_due]
            due[first_due] = nil
            first_due = first_due + 1
            run_callback(handle)
        end
        core.msleep(watching == self and nap or LONG_NAP)
    end
end

-- Sees to it that the client's calls go on, whatever becomes of who made them.
local function drive(client)
    local family = client:_family()
    driven[family] = driven[family] or client
    if not beat or clock() - beat > SILENCE then
        beat, free, watching = clock(), 0, nil
        core.register_task(work)
    end
    return family
end

--- Sleeps until the call is done; while the configuration is being read it blocks.
---@param client sso.Client
---@param handle sso.Handle
---@param callbacks? boolean
function M.wait(client, handle, callbacks)
    if is_starting() then
        return blocking.wait(client, handle, callbacks)
    end
    handle:_watch() -- the call goes on when HAProxy ends this request
    local family = drive(client)
    turn(family, client)
    while not handle:done() do
        core.msleep(nap_of(client))
        turn(family, client)
    end
    local callback = callbacks and handle:_callback()
    if callback then
        owed[handle] = nil
        callback(handle:_result())
    end
end

--- Runs the callback in a task.
---@param client sso.Client
---@param handle sso.Handle
function M.start(client, handle)
    owed[handle] = handle:_name()
    local family = drive(client)
    -- the first is put on its way at once; were each of a burst to step, they would fill a turn
    if not is_starting() and client:_active() == 1 then
        turn(family, client)
    end
end

--- Waits until nothing is left or the time is over.
---@param client sso.Client
---@param seconds? number
function M.run(client, seconds)
    if is_starting() then
        return blocking.run(client, seconds)
    end
    local family, deadline = drive(client), seconds and clock() + seconds
    while client:_active() > 0 or first_due <= last_due do
        if deadline and clock() >= deadline then
            return
        end
        turn(family, client)
        core.msleep(NAP)
    end
end

--- The callbacks of cancelled calls run in a task, too.
---@param client sso.Client
function M.closed(client)
    if is_starting() or is_nested() then
        blocking.closed(client)
    else
        drive(client)
    end
end

local tasks_run = 0

local function count_task()
    tasks_run = tasks_run + 1
end

-- Whether HAProxy runs others when we yield.  In a sample fetch `core.yield` returns at once, and
-- `core.msleep` would end us with an error that nothing can catch.
local function others_run()
    local before = tasks_run
    core.register_task(count_task)
    for _ = 1, TURNS do
        core.yield()
        if tasks_run > before then
            return true
        end
    end
    return false
end

-- The function that HAProxy called.
local function outermost()
    local level, found = 2, nil
    local info = debug.getinfo(level, "f")
    while info do
        found, level = info.func, level + 1
        info = debug.getinfo(level, "f")
    end
    return found
end

local can = setmetatable({}, { __mode = "k" }) -- function that HAProxy calls → whether it may wait

local function can_wait()
    local outer = outermost()
    if can[outer] == nil then
        can[outer] = others_run()
    end
    return can[outer]
end

--- Why a call cannot be made from here, or nil.
---@param has_callback boolean
---@return string? message
function M.refuse(has_callback)
    if is_starting() then
        return nil
    end
    if is_nested() then
        return "HAProxy cannot wait in a coroutine that Lua code has made: make the call from the "
            .. "task, service or action itself"
    end
    if has_callback or can_wait() then
        return nil
    end
    return "HAProxy can neither wait nor block here (a sample fetch or a converter): pass a "
        .. "callback, or make the call from a task, a service or an action"
end

M._at_end = at_end -- kept as long as this module is

return M
