--- HAProxy as the host: a real HAProxy, this module loaded into it, calls to the sandbox and to the
--- fault server.

local HAProxy = require "support.haproxy"
local helper = require "helper"
local process = require "process"

local ID = "66138975"

-- What HAProxy loads.
local file = assert(io.open "spec/support/haproxy_services.lua")
local LUA = file:read "*a"
file:close()

local SERVICES = {
    "at_start", "get", "active", "fact", "slow", "late", "pid", "from", "callback", "sleepers",
    "refused", "raise", "cancel", "run", "wait", "key", "close", "collected", "nested", "task",
    "gap", "added", "many",
}

local RULES = {
    "http-request lua.sso if { path /action }",
    "http-request return status 200 content-type text/plain lf-string %[var(txn.sso)] "
        .. "if { path /action }",
    "http-request return status 200 content-type text/plain lf-string %[lua.sso] "
        .. "if { path /fetch }",
    "http-request return status 200 content-type text/plain lf-string %[lua.sso_callback] "
        .. "if { path /fetch_callback }",
}
for _, name in ipairs(SERVICES) do
    RULES[#RULES + 1] = ("http-request use-service lua.%s if { path /%s }"):format(name, name)
end

local function slow_names()
    return "LD_PRELOAD=" .. package.searchpath("slow_resolver", package.cpath)
end

describe("in HAProxy", function()
    local haproxy

    local function body(path)
        local status, text = haproxy:get(path)
        assert.equal(200, status, text)
        return text
    end

    local function eventually(path, wanted)
        local ends = process.now() + 10
        local text
        repeat
            text = body(path)
        until text == wanted or process.now() > ends
        assert.equal(wanted, text)
    end

    setup(function()
        helper.sandbox.reset()
        haproxy = HAProxy.start { lua = LUA, rules = RULES, environment = slow_names() }
        print("\n" .. haproxy:version())
    end)

    teardown(function()
        haproxy:stop()
    end)

    it("blocks while the configuration is read, and in init functions", function()
        assert.equal(ID .. " " .. ID, body "/at_start")
    end)

    it("waits in a service", function()
        assert.equal(ID, body "/get")
    end)

    it("waits in an action", function()
        assert.equal(ID, body "/action")
    end)

    it("waits in a task", function()
        body "/task"
        eventually("/fact?task", ID)
    end)

    it("refuses in a sample fetch, and takes a callback there", function()
        assert.matches("^host: get_certificate: HAProxy can neither wait nor block here",
            body "/fetch")
        assert.equal("begun", body "/fetch_callback")
        eventually("/fact?fetch", ID)
    end)

    it("refuses in a coroutine that HAProxy does not know", function()
        assert.matches("^host: get_certificate: HAProxy cannot wait in a coroutine", body "/nested")
    end)

    it("answers other requests while fifty calls are in flight", function()
        local connections = {}
        for i = 1, 50 do
            connections[i] = haproxy:open "/slow?1.5"
        end
        assert.equal("pong", body "/ping")
        for _ = 1, 10 do
            assert.equal(ID, body "/get")
        end
        connections[1]:settimeout(0)
        assert.equal("timeout", (select(2, connections[1]:receive(1))))
        connections[1]:settimeout(30)
        for _, connection in ipairs(connections) do
            assert.equal(ID, (select(2, HAProxy.answer(connection))))
        end
        eventually("/active", "0")
    end)

    it("answers other requests while a call waits to be tried again", function()
        local server = helper.faults "flaky-1-retry-after-2"
        local connection = haproxy:open("/from?" .. server)
        while #helper.requests(server) == 0 do
            assert.equal("pong", body "/ping")
        end
        for _ = 1, 10 do
            assert.equal(ID, body "/get")
        end
        connection:settimeout(0)
        assert.equal("timeout", (select(2, connection:receive(1))))
        connection:settimeout(30)
        assert.equal(ID .. " 2", (select(2, HAProxy.answer(connection))))
        assert.equal(2, #helper.requests(server))
    end)

    it("ends at the deadline", function()
        assert.equal("timeout first_byte -", body("/from?" .. helper.faults "stall-headers"))
    end)

    it("runs a callback once, after the call has returned, where it may wait", function()
        assert.equal("true " .. ID, body "/callback")
    end)

    it("runs other callbacks while some sleep", function()
        assert.equal("3", body "/sleepers")
    end)

    it("does so for a call that was refused before it began", function()
        assert.equal("certificate", body "/refused")
    end)

    it("has the error of a callback logged, and goes on with the others", function()
        assert.equal("4", body "/raise")
        assert.matches("%[alert%][^\n]+sso: a callback raised: [^\n]+a bad callback",
            haproxy:log())
    end)

    it("cancels", function()
        assert.equal("true cancelled", body "/cancel")
    end)

    it("runs everything with client:run()", function()
        assert.equal("10 0", body "/run")
    end)

    it("waits for several handles", function()
        assert.equal(ID, body "/wait")
    end)

    it("lets the api_key function wait", function()
        assert.equal(ID, body "/key")
    end)

    it("closes with calls in flight: each of them ends as cancelled", function()
        assert.equal("cancelled cancelled", body("/close?" .. helper.faults "stall-headers"))
    end)

    it("keeps a client that nobody holds until its calls have ended", function()
        assert.equal("1 nil", body("/collected?" .. helper.faults "delay-50"))
    end)

    it("outlives requests that their clients abort", function()
        for _ = 1, 5 do
            haproxy:open("/slow?0.1"):close()
        end
        assert.equal(ID, body "/get")
        eventually("/active", "0")
    end)

    it("leaves memory, descriptors and references as they were after 10,000 calls", function()
        local references, memory = body("/many?1000"):match "^(%d+) (%d+)$"
        local descriptors, from = haproxy:descriptors(), process.now()
        local references_after, memory_after
        for _ = 1, 10 do
            references_after, memory_after = body("/many?1000"):match "^(%d+) (%d+)$"
        end
        print(("\n10,000 calls: %.1f s; descriptors %d, %d; references %d, %d; memory %d, %d kB")
            :format(process.now() - from, descriptors, haproxy:descriptors(), references,
                references_after, memory, memory_after))
        assert.is_true(references_after - references <= 4, references_after - references)
        assert.is_true(memory_after - memory < 100, memory_after - memory)
        assert.is_true(haproxy:descriptors() <= descriptors + 4)
    end)

    it("ticks on while 64 TLS calls, a name look-up and a back-off are pending #timing", function()
        local best, best_cpu, round
        for _ = 1, 3 do
            local text = body "/gap"
            local idle, busy, cpu, total = text:match "idle (%S+) busy (%S+) cpu (%S+) of (%S+)"
            assert.is_truthy(idle, text)
            best_cpu = math.min(best_cpu or 1, cpu / total)
            if not best or busy / idle < best then
                best = busy / idle
                round = ("%.1f ms idle; %.1f ms (CPU: %.1f of %.0f ms) with 64 TLS calls, a "
                    .. "look-up and a back-off"):format(
                    idle * 1000, busy * 1000, cpu * 1000, total * 1000)
            end
        end
        print(("\nHAProxy: a call adds %s ms to 20 ms; ticker's longest gap: %s"):format(
            body("/added?" .. helper.faults "delay-20"), round))
        assert.is_true(best <= 50, round)
        assert.is_true(best_cpu <= 0.25, round)
    end)

    it("logs nothing else as an error", function()
        for line in haproxy:log():gmatch "[^\n]+" do
            if line:lower():find "alert" or line:find "runtime error" then
                assert.matches("a bad callback", line)
            end
        end
    end)
end)

describe("in HAProxy with two threads", function()
    -- What fifty calls at once give; "pong" meanwhile.
    local function fifty(setup)
        setup.lua, setup.rules, setup.threads = LUA, RULES, 2
        local haproxy = HAProxy.start(setup)
        finally(function()
            haproxy:stop()
        end)
        local connections = {}
        for i = 1, 50 do
            connections[i] = haproxy:open(i % 5 == 0 and "/action" or "/slow?0.05")
        end
        assert.equal("pong", (select(2, haproxy:get "/ping")))
        for _, connection in ipairs(connections) do
            assert.equal(ID, (select(2, HAProxy.answer(connection))))
        end
        assert.matches("^host: ", (select(2, haproxy:get "/fetch")))
        assert.is_nil(haproxy:log():find "ALERT")
        return haproxy
    end

    for _, load in ipairs { "lua-load", "lua-load-per-thread" } do
        it("carries calls with " .. load, function()
            fifty { load = load }
        end)
    end

    it("carries calls in a process that was forked after the client was used", function()
        local haproxy = fifty { flags = "-D" }
        assert.equal(ID .. " " .. ID, (select(2, haproxy:get "/at_start")))
    end)
end)

describe("in HAProxy with a master process", function()
    -- Asks again and again, by which others get their turn.
    local function eventually(haproxy, what, is_so)
        local ends = process.now() + 10 * helper.patience
        while not is_so() do
            assert.is_true(process.now() < ends, "never: " .. what .. "\n" .. haproxy:log())
            haproxy:get "/ping"
        end
    end

    local function pid_of_worker(haproxy)
        return select(2, haproxy:get "/pid")
    end

    -- HAProxy loses a signal that comes while it starts a worker, so it is told again.
    local function reload(haproxy, old)
        local asked = 0
        eventually(haproxy, "another worker", function()
            if not haproxy:log():find("Reloading", 1, true) and process.now() - asked > 1 then
                asked = process.now()
                os.execute("kill -USR2 " .. haproxy:pid())
            end
            return pid_of_worker(haproxy) ~= old
        end)
    end

    local function is_gone(pid)
        local stat = io.open("/proc/" .. pid .. "/stat")
        local text = stat and stat:read "*a"
        if stat then
            stat:close()
        end
        return not text or text:find "%) Z" ~= nil
    end

    for _, load in ipairs { "lua-load", "lua-load-per-thread" } do
        it("reloads with calls in flight: all are answered, no callback is lost silently, "
            .. load, function()
            local haproxy = HAProxy.start {
                lua = LUA, rules = RULES, threads = 2, load = load, flags = "-W",
            }
            finally(function()
                haproxy:stop()
            end)
            local old = pid_of_worker(haproxy)
            local connections = {}
            for i = 1, 20 do
                connections[i] = haproxy:open "/slow?1"
            end
            for _ = 1, 5 do
                assert.equal("begun", (select(2, haproxy:get "/late?1")))
            end
            reload(haproxy, old)
            assert.equal(ID, (select(2, haproxy:get "/get")))
            for _, connection in ipairs(connections) do
                assert.equal(ID, (select(2, HAProxy.answer(connection))))
            end
            eventually(haproxy, "the old worker is gone", function()
                return is_gone(old)
            end)
            local log = haproxy:log()
            local _, ran = log:gsub("%[info%][^\n]*a late callback: " .. ID, "")
            local lost = 0 -- told by each of the worker's Lua states
            for n in log:gmatch "sso: (%d+) callbacks of get_certificate did not run" do
                lost = lost + n
            end
            assert.equal(5, ran + lost, log)
            assert.is_nil(log:find "ALERT", log)
            local new = pid_of_worker(haproxy)
            haproxy:stop()
            local ends = process.now() + 10 * helper.patience -- its master is gone first
            while not is_gone(new) and process.now() < ends do
                process.run({ "true" }, {}, 10)
            end
            assert.is_true(is_gone(new))
        end)
    end
end)

describe("examples/haproxy", function()
    it("shows an integration's certificates", function()
        helper.sandbox.reset()
        file = assert(io.open "examples/haproxy/certificates.lua")
        local lua = file:read "*a"
        file:close()
        file = assert(io.open "examples/haproxy/haproxy.cfg")
        local rule = file:read("*a"):match "(http%-request use%-service lua%.[^\n]+)"
        file:close()
        local haproxy = HAProxy.start {
            lua = lua, rules = { rule, "http-request return status 404" },
        }
        finally(function()
            haproxy:stop()
        end)
        local status, text = haproxy:get("/certificates?integration=" .. helper.INTEGRATION)
        assert.equal(200, status)
        assert.matches("^" .. ID .. "  ends on %d+%-%d+%-%d+, in %d+ days\n$", text)
        status, text = haproxy:get "/certificates?integration=none"
        assert.equal(404, status)
        assert.matches("not found", text)
        assert.equal(400, (haproxy:get "/certificates"))
    end)
end)
