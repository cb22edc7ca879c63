--- What bench/hosts has each host run: how much later a call comes than the host's own sleep, how
--- long a ticker of 1 ms stands still meanwhile, and the CPU time of a call.
--
-- HOSTS_HOST names the host (hosts_inside/loops.lua), HOSTS_OUT the file that gets a line a figure:
-- "name value", times in seconds.  The last one is "end".  HOSTS_ONLY=cpu leaves the rest out.

local clock = require("sso.core").now
local sso = require "sso"

local CERT_ID = "66138975"

-- Of each form: calls before and while the CPU is measured, and how often.
local WARM, CALLS, TIMES = 100, 400, 5

-- Pairs of a sleep and a call; what both wait for, seconds.
local PAIRS, DELAY = 200, 0.020

-- Rounds of what a ticker is watched during, and seconds of an idle loop before each.
local ROUNDS, IDLE = 5, 0.3

local out

local function report(name, ...)
    out:write(name)
    for _, value in ipairs { ... } do
        out:write(" ", type(value) == "number" and ("%.9f"):format(value) or value)
    end
    out:write "\n"
    out:flush()
end

local function client_of(options)
    options.ca_file = os.getenv "SSO_SANDBOX_CA"
    options.validate = false
    options.base_url = options.base_url or os.getenv "SSO_SANDBOX_HTTPS"
    return assert(sso.new(options))
end

local function call(client)
    local certificate, err = client:get_certificate(CERT_ID)
    if not certificate then
        error(tostring(err), 0)
    end
end

-- ---- a call against a sleep ------------------------------------------------

local function percentiles(times)
    table.sort(times)
    return times[math.floor(#times / 2)], times[math.floor(#times * 0.99)]
end

-- Sleeps and calls take turns, so that both see the same machine.
local function added(loop)
    local client = client_of { base_url = os.getenv "SSO_SANDBOX_HTTPS" .. "/delay/" .. DELAY }
    local sleeps, calls = {}, {}
    for _ = 1, 5 do
        call(client)
    end
    for i = 1, PAIRS do
        local from = clock()
        loop.sleep(DELAY)
        local middle = clock()
        call(client)
        sleeps[i], calls[i] = middle - from, clock() - middle
    end
    local sleep50, sleep99 = percentiles(sleeps)
    local call50, call99 = percentiles(calls)
    report("added", call50 - sleep50, call99 - sleep99)
    client:close()
end

-- ---- a ticker's longest gap ------------------------------------------------

-- Seconds for which this thread was ready to run and others had its CPU, so far; 0 where the
-- system does not tell.
local function run_delay()
    local file = io.open "/proc/thread-self/schedstat"
    local text = file and file:read "*a" or ""
    if file then
        file:close()
    end
    return (tonumber(text:match "^%d+ (%d+)") or 0) / 1e9
end

-- The longest gap between two ticks: on the clock, without what others took of it ("own"), and the
-- most CPU time between two.
local function new_watch()
    local watch, last, last_busy, last_delay = {}, nil, nil, nil
    function watch.tick()
        local now, busy, delay = clock(), os.clock(), run_delay()
        if last then
            local gap = now - last
            watch.gap = math.max(watch.gap, gap)
            watch.own = math.max(watch.own, gap - (delay - last_delay))
            watch.busy = math.max(watch.busy, busy - last_busy)
        end
        last, last_busy, last_delay = now, busy, delay
    end
    function watch.reset()
        watch.gap, watch.own, watch.busy, last = 0, 0, 0, nil
    end
    watch.reset()
    return watch
end

-- Counts callbacks down; each must end as it is told.
local function counter(n)
    local left = { n = n }
    function left.wants(kind)
        return function(certificate, err)
            left.n = left.n - 1
            if (certificate and "ok" or err.kind) ~= kind then
                left.failure = left.failure or tostring(err)
            end
        end
    end
    return left
end

-- While calls run on new TLS connections, a name is looked up for a second, and two calls wait to
-- be tried again.  At most 50 calls are begun in one turn: the time that takes is the caller's.
local function busy(loop, calls)
    local left = counter(calls + 3)
    local clients = {
        client_of {},
        client_of { base_url = "https://nowhere-1000.test:4430", max_retries = 0 },
        client_of { base_url = "http://127.0.0.1:1", max_retries = 2 },
    }
    clients[2]:get_certificate(CERT_ID, left.wants "dns")
    for _ = 1, 2 do
        clients[3]:get_certificate(CERT_ID, left.wants "connect")
    end
    for i = 1, calls do
        clients[1]:get_certificate(CERT_ID, left.wants "ok")
        if calls > 64 and i % 50 == 0 then
            loop.sleep(0.001)
        end
    end
    repeat
        loop.sleep(0.002)
    until left.n == 0
    if left.failure then
        error(left.failure, 0)
    end
    return clients
end

local function gaps(loop)
    local watch = new_watch()
    local stop = loop.ticker(watch.tick)
    for _, row in ipairs { { "tls64", 64 }, { "calls1000", 1000 } } do
        for _ = 1, ROUNDS do
            watch.reset()
            loop.sleep(IDLE)
            local idle, idle_own, idle_busy = watch.gap, watch.own, watch.busy
            watch.reset()
            local clients = busy(loop, row[2])
            report(row[1], idle, idle_own, idle_busy, watch.gap, watch.own, watch.busy)
            for _, client in ipairs(clients) do
                client:close()
            end
        end
    end
    stop()
    loop.sleep(0.01) -- the ticker's last
end

-- ---- CPU time --------------------------------------------------------------

local function in_turn(client, n)
    for _ = 1, n do
        call(client)
    end
end

-- Plain calls from 64 coroutines; where plain calls block, callbacks that call again.
local function at_once(loop, client, n)
    local begun, left = 0, n
    local function body()
        while begun < n do
            begun = begun + 1
            call(client)
            left = left - 1
        end
    end
    local function again()
        if begun < n then
            begun = begun + 1
            client:get_certificate(CERT_ID, function(certificate, err)
                assert(certificate, err)
                left = left - 1
                again()
            end)
        end
    end
    for _ = 1, 64 do
        if loop.spawn then
            loop.spawn(body)
        else
            again()
        end
    end
    if not loop.spawn then
        client:run()
    end
    while left > 0 do
        loop.sleep(0.02)
    end
end

local function cpu(loop)
    local client = client_of {}
    for _, row in ipairs {
        { "cpu_in_turn", function(n) in_turn(client, n) end },
        { "cpu_at_once", function(n) at_once(loop, client, n) end },
    } do
        row[2](WARM)
        local times = {}
        for i = 1, TIMES do
            local from = os.clock()
            row[2](CALLS)
            times[i] = (os.clock() - from) / CALLS
        end
        table.sort(times)
        report(row[1], times[(TIMES + 1) / 2])
    end
    client:close()
end

local function main(loop)
    report("version", loop.version)
    report("lua", rawget(_G, "jit") and jit.version or _VERSION)
    if os.getenv "HOSTS_ONLY" ~= "cpu" then
        if loop.ticker then
            gaps(loop)
        end
        added(loop)
    end
    cpu(loop)
    report "end"
end

local host = assert(os.getenv "HOSTS_HOST", "HOSTS_HOST is not set: see bench/hosts")
out = assert(io.open(assert(os.getenv "HOSTS_OUT"), "w"))
local loop = require("hosts_inside.loops")[host]()
loop.enter(function()
    local ok, why = xpcall(main, debug.traceback, loop)
    if not ok then
        report("failed", (tostring(why):gsub("\n", " | ")))
    end
end)
