--- A great many calls with one client, then a great many clients, against a server that dies and
--- comes back, cuts connections off, and keeps account of what it applied (applied.c).
---
---     endurance.lua CALLS CLIENTS      run by tools/endurance
---
--- Fails when a call started has not one callback, when the server's account contradicts what
--- the client said of a call, or when memory, descriptors or references have grown.  What is
--- there is measured when no call is in flight and one connection is open, after full
--- collections, so the figures have next to no noise.

local heap = require "heap"
local process = require "process"
local sso = require "sso"

local CALLS, CLIENTS = tonumber(arg[1]), tonumber(arg[2])
local TOTAL = CALLS + 2 * CLIENTS + 64
local WINDOW, SAMPLES, ID = 32, 10, 66138975

-- Growth that is none, from the least of the second to fourth sample to the least of the last
-- three.  Lua's table of strings has one of two sizes when it is looked at, 400 kB apart after a
-- million calls, which is why it is not one sample against one.  A single allocation that is left
-- behind by each call is more, even in the shortest run: 16 bytes * 12,000.
local MOST_HEAP, MOST_LUA = 128 * 1024, 128 * 1024

-- Of dropped clients, while nobody collects by hand: four each of 64, and some.
local MOST_DESCRIPTORS = 320

local APPLIED = assert(os.getenv "SSO_APPLIED", "run by: tools/endurance")
local account_file = assert(os.getenv "SSO_ACCOUNT")

-- ---- the server ----------------------------------------------------------------------------

local server = { port = 0, restarts = -1 }

function server.start()
    server.pipe = assert(io.popen(("exec %s %d %s %d"):format(APPLIED, server.port,
        account_file, TOTAL)))
    local port, pid = server.pipe:read("*l"):match "^(%d+) (%d+)$"
    server.port, server.pid = tonumber(port), tonumber(pid)
    server.restarts = server.restarts + 1
end

function server.stop()
    process.kill(server.pid, "KILL")
    server.pipe:close()
end

-- ---- accounts ------------------------------------------------------------------------------

-- What became of each call; made whole at once, so that it does not grow.
local NONE, DONE, MAYBE, NOT, DROPPED = 0, 1, 2, 3, 4
local outcomes = {}
for n = 1, TOTAL do
    outcomes[n] = NONE
end

local called, twice, kinds = 0, 0, {}
local started, dropped = 0, 0

local function note(n, value, err)
    twice = twice + (outcomes[n] ~= NONE and 1 or 0)
    called = called + 1
    if value then
        outcomes[n] = DONE
    else
        kinds[err.kind] = (kinds[err.kind] or 0) + 1
        outcomes[n] = err.maybe_applied and MAYBE or NOT
    end
end

local problems = {}

local function check(ok, message, ...)
    if not ok then
        problems[#problems + 1] = message:format(...)
    end
end

-- ---- calls ---------------------------------------------------------------------------------

local function new()
    return assert(sso.new {
        base_url = "http://127.0.0.1:" .. server.port, api_key = "SG.endurance", proxy = "",
        timeout = 120, validate = false,
    })
end

local function next_number()
    started = started + 1
    return started
end

-- Of three calls one may be applied once at most, since it is not tried again.
local function start_call(client, n, callback)
    local options = { headers = { ["x-call"] = ("%d"):format(n) } }
    if n % 3 == 0 then
        return client:create_certificate({
            integration_id = "i", public_certificate = "c", enabled = true,
        }, options, callback)
    elseif n % 3 == 1 then
        return client:update_certificate(ID, { enabled = true }, options, callback)
    end
    return client:get_certificate(ID, options, callback)
end

local function call(client)
    local n = next_number()
    start_call(client, n, function(value, err)
        note(n, value, err)
    end)
end

local function call_and_wait(client)
    local n = next_number()
    note(n, start_call(client, n))
end

local function drain(client)
    while client:step(1) > 0 do end -- luacheck: ignore 542
end

-- ---- what is there -------------------------------------------------------------------------

local function references()
    local count = 0
    for key in pairs(debug.getregistry()) do
        count = count + (type(key) ~= "string" and 1 or 0)
    end
    return count
end

local function resident()
    local file = assert(io.open "/proc/self/status")
    local text = file:read "*a"
    file:close()
    return tonumber(text:match "VmRSS:%s*(%d+)")
end

local function descriptors()
    local count = 0
    for _ in pairs(process.descriptors()) do
        count = count + 1
    end
    return count
end

local function measure()
    collectgarbage()
    collectgarbage()
    return {
        heap = heap.used() or 0, lua = collectgarbage "count" * 1024, resident = resident(),
        descriptors = descriptors(), references = references(), calls = started,
    }
end

local began = process.now()

local function show(what, sample)
    print(("%-9s %9d calls  heap %9.0f  Lua %9.0f  resident %7d kB  descriptors %3d  "
        .. "references %d  %.1f s"):format(what, sample.calls, sample.heap, sample.lua,
        sample.resident, sample.descriptors, sample.references, process.now() - began))
end

local function compare(what, first, last)
    check(last.heap - first.heap <= MOST_HEAP, "%s: malloc's heap grew by %d bytes", what,
        last.heap - first.heap)
    check(last.lua - first.lua <= MOST_LUA, "%s: Lua's memory grew by %d bytes", what,
        last.lua - first.lua)
    check(last.descriptors <= first.descriptors, "%s: %d descriptors became %d", what,
        first.descriptors, last.descriptors)
    check(last.references <= first.references, "%s: %d references became %d", what,
        first.references, last.references)
end

local function lowest(samples, first, last)
    local least_of = {}
    for i = first, last do
        for name, value in pairs(samples[i]) do
            least_of[name] = math.min(least_of[name] or value, value)
        end
    end
    return least_of
end

local function compare_all(what, samples)
    compare(what, lowest(samples, 2, 4), lowest(samples, #samples - 2, #samples))
end

-- ---- one client ----------------------------------------------------------------------------

-- The server dies with calls in flight, which are refused for a while, and comes back.
local function restart(client)
    server.stop()
    for _ = 1, 3 do
        client:step(0)
    end
    server.start()
end

-- With connections of before all dead and one new.
local function sample_of_client(client)
    drain(client)
    restart(client)
    call_and_wait(client)
    return measure()
end

local function many_calls()
    local client, samples = new(), {}
    local every = math.floor(CALLS / SAMPLES)
    for number = 1, SAMPLES do
        local till = number * every
        local half = till - math.floor(every / 2)
        while started < till do
            while client:_active() < WINDOW and started < till do
                call(client)
                if started == half then
                    restart(client)
                end
            end
            if started % 64 == 0 then
                call_and_wait(client)
            end
            client:step(0.1)
        end
        samples[number] = sample_of_client(client)
        show("calls", samples[number])
    end
    client:close()
    compare_all("calls", samples)
end

-- ---- many clients --------------------------------------------------------------------------

local lives = {}

-- Used and closed.
lives[1] = function(client)
    call_and_wait(client)
    client:close()
end

-- Never used, never closed.
lives[2] = function() end

-- Closed with calls in flight, which are cancelled.
lives[3] = function(client)
    call(client)
    client:step(0)
    client:close()
end

-- Dropped with a call in flight, whose callback never comes.
lives[4] = function(client)
    local n = next_number()
    start_call(client, n, function()
        twice = twice + 1
    end)
    client:step(0)
    outcomes[n] = DROPPED
    dropped = dropped + 1
end

-- Two that share connections.
lives[5] = function(client)
    local other = client:with { timeout = 60 }
    call(other)
    drain(other)
end

local function many_clients()
    local samples, most = {}, 0
    local every = math.floor(CLIENTS / SAMPLES)
    for number = 1, SAMPLES do
        for i = 1, every do
            lives[i % #lives + 1](new())
            if i % 50 == 0 then
                most = math.max(most, descriptors())
            end
        end
        samples[number] = measure()
        show("clients", samples[number])
    end
    print(("at most %d descriptors while clients were dropped"):format(most))
    check(most <= MOST_DESCRIPTORS, "dropped clients had %d descriptors", most)
    compare_all("clients", samples)
end

-- ---- the account ---------------------------------------------------------------------------

-- What the server may say of a call, for what the client says: lowest and highest.
local function bounds(n)
    local once = n % 3 == 0
    if n % 3 == 2 and outcomes[n] ~= DONE then
        return 0, 3 -- it applies nothing, and nothing is said about that
    elseif outcomes[n] == DONE then
        return 1, once and 1 or 3
    elseif outcomes[n] == NOT then
        return 0, 0
    end
    return 0, once and 1 or 3
end

local function total(text)
    local a, b, c, d = text:byte(1, 4)
    return a + 256 * (b + 256 * (c + 256 * d))
end

local function audit()
    local file = assert(io.open(account_file, "rb"))
    local text = file:read "*a"
    file:close()
    local wrong, applied, count = 0, 0, { [DONE] = 0, [MAYBE] = 0, [NOT] = 0, [DROPPED] = 0 }
    for n = 1, started do
        local times = text:byte(n + 1)
        local least, most = bounds(n)
        applied = applied + times
        count[outcomes[n]] = (count[outcomes[n]] or 0) + 1
        if times < least or times > most then
            wrong = wrong + 1
            check(wrong > 5, "call %d, outcome %d, was applied %d times", n, outcomes[n], times)
        end
    end
    check(called + dropped == started, "%d calls, %d callbacks, %d dropped", started, called,
        dropped)
    check(twice == 0, "%d callbacks came twice or after their client", twice)
    check(wrong == 0, "%d calls contradict the server's account", wrong)
    print(("%d calls: %d done, %d maybe applied, %d not applied, %d dropped; %d callbacks"):format(
        started, count[DONE], count[MAYBE], count[NOT], count[DROPPED], called))
    print(("server: %d requests on %d connections, %d applied, %d restarts"):format(
        total(text:sub(TOTAL + 1)), total(text:sub(TOTAL + 5)), applied, server.restarts))
    for kind, times in pairs(kinds) do
        print(("  %-12s %d"):format(kind, times))
    end
end

server.start()
local went_well, why = xpcall(function()
    many_calls()
    many_clients()
end, debug.traceback)
server.stop() -- in any case: its pipe is waited for at the end
check(went_well, "%s", why)
audit()
for _, problem in ipairs(problems) do
    print("FAILED " .. problem)
end
print(("%d passed, %d failed"):format(#problems == 0 and 1 or 0, #problems))
os.exit(#problems == 0, true)
