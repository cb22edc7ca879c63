--- nginx's workers come and go, requests are aborted, light threads are killed: what a real nginx
--- does with the calls that are in flight meanwhile, and what it has left afterwards.

local helper = require "helper"
local http = require "socket.http"
local process = require "process"
local life = require "support.nginx_life"
local Nginx = require "support.nginx"

local ID = "66138975\n"

-- Asks a server, so that whoever waits here gives way: nothing in this file sleeps.
local function pace()
    http.request(helper.sandbox_value "HTTP" .. "/ping")
end

-- Until it is so.
local function eventually(what, is_so)
    local deadline = process.now() + 5 * helper.patience
    while not is_so() do
        assert.is_true(process.now() < deadline, "never: " .. what)
        pace()
    end
end

-- A process that has ended stays listed until its parent has asked.
local function is_gone(pid)
    local file = io.open("/proc/" .. pid .. "/stat")
    local text = file and file:read "*a"
    if file then
        file:close()
    end
    return not text or text:match "%) Z" ~= nil
end

local function descriptors(pid)
    local pipe = io.popen("ls -1 /proc/" .. pid .. "/fd")
    local _, n = pipe:read("*a"):gsub("\n", "")
    pipe:close()
    return n
end

local function occurrences(text, what)
    local n, from = 0, 1
    while true do
        local at, to = text:find(what, from, true)
        if not at then
            return n
        end
        n, from = n + 1, to + 1
    end
end

describe("nginx's life:", function()
    local nginx

    local function start(workers, directives)
        nginx = Nginx.start {
            http = (directives or "") .. life.http, server = life.server, workers = workers,
        }
    end

    local function stop()
        nginx:stop()
    end

    local function body(path)
        local status, text = nginx:get(path)
        assert.equal(200, status)
        return text
    end

    local function fact(name)
        return body("/fact?name=" .. name:gsub(" ", "%%20")):gsub("\n", "")
    end

    local function pid_of_worker()
        return (body("/pid"):gsub("\n", ""))
    end

    local function master()
        return (nginx:read("nginx.pid"):gsub("\n", ""))
    end

    -- The pump of each client has ended.
    local function settled()
        eventually("no calls and no timers", function()
            return body "/state" == "0 calls, 0 timers\n"
        end)
        -- right after a reload the old worker may still take a request
        eventually("no steps", function()
            return body "/steps?seconds=0.01" == "0\n"
        end)
    end

    local function open(n, path)
        local connections = {}
        for i = 1, n do
            connections[i] = nginx:open(path)
        end
        return connections
    end

    local function check_answers(connections, wanted)
        for _, connection in ipairs(connections) do
            local status, text = Nginx.answer(connection)
            assert.equal(200, status)
            assert.equal(wanted, text)
        end
    end

    -- A signal, or a client that goes away, proves nothing before the calls have begun.
    local function begun(n)
        eventually(n .. " calls in flight", function()
            return tonumber(body("/state"):match "^%d+") >= n
        end)
    end

    -- No process crashed, nothing was complained of, except what is named.
    local function check_log(allowed)
        for line in nginx:log():gmatch "[^\n]+" do
            assert.is_nil(line:match "exited on signal", line)
            assert.is_nil(line:match "exited with code [1-9]", line)
            if line:match "%[error%]" or line:match "%[alert%]" or line:match "%[emerg%]"
                or line:match "%[crit%]" then
                assert.is_truthy(allowed and line:find(allowed, 1, true), line)
            end
        end
    end

    setup(function()
        helper.sandbox.reset()
    end)

    describe("one worker", function()
        setup(function()
            start()
        end)
        teardown(stop)

        it("makes calls with a callback in init_worker_by_lua, and refuses others", function()
            eventually("the callback", function()
                return fact "init_worker 66138975" == "1"
            end)
            assert.equal("host: get_certificate: nginx's init_worker phase can neither wait nor "
                .. "block: pass a callback, or make the call from a timer (ngx.timer.at)",
                fact "init_worker_sync")
        end)

        for path, wanted in pairs { ["/slow?seconds=1.5"] = 0, ["/guarded?seconds=1.5"] = 8 } do
            it("ends its pump after clients aborted requests to " .. path, function()
                local connections = open(8, path)
                begun(8)
                for _, connection in ipairs(connections) do
                    connection:close()
                end
                assert.equal(ID, body "/get")
                settled()
                if wanted > 0 then
                    eventually("eight callbacks", function()
                        return fact "guarded" == "8"
                    end)
                    eventually("eight aborts", function()
                        return fact "aborts" == "8"
                    end)
                end
            end)
        end

        it("runs a callback once although its request has ended by ngx.exit", function()
            check_answers(open(10, "/exit"), "bye\n")
            settled()
            eventually("ten callbacks", function()
                return fact "exit" == "10"
            end)
            body "/steps?seconds=0.02" -- a second time would come now
            assert.equal("10", fact "exit")
        end)

        it("runs the callback of a call that was refused in a phase that cannot wait", function()
            assert.equal("logged\n", body "/refused")
            eventually("the callback", function()
                return fact "refused" == "1"
            end)
            settled()
        end)

        it("ends a call at its deadline, and its pump", function()
            assert.matches("^timeout %- ",
                body("/from?timeout=0.1&server=" .. helper.faults "stall-headers"))
            settled()
        end)

        it("does not spin while a call waits to be tried again", function()
            local text = body("/from?server=" .. helper.faults "flaky-1-retry-after-1")
            local steps = tonumber(text:match "^66138975 2 (%d+)\n")
            assert.is_truthy(steps, text)
            assert.is_true(steps < 20, steps .. " steps in a second")
            settled()
        end)

        it("runs each of a hundred callbacks once", function()
            assert.equal("100\n", body "/hundred")
        end)

        it("goes on after light threads were killed that waited for calls", function()
            assert.equal("66138975 0\n", body "/kill")
            settled()
        end)

        it("tells those who wait, once, that their client was closed", function()
            assert.equal("cancelled cancelled cancelled cancelled cancelled cancelled\n",
                body "/close")
            settled()
        end)

        it("carries the calls of clients that nobody holds any more, then lets go", function()
            body "/collect"
            local pid = pid_of_worker()
            local before = descriptors(pid)
            for _ = 1, 3 do
                assert.equal("3 nil\n", body "/collect")
            end
            assert.is_true(descriptors(pid) <= before)
            settled()
        end)

        it("has nothing more after 10,000 calls", function()
            local pid = pid_of_worker()
            assert.equal("0\n", body "/many?n=400")
            assert.equal("100\n", body "/hundred") -- as many connections as are ever kept
            settled()
            body "/memory"
            local open_before = descriptors(pid)
            local references, memory = body("/memory"):match "^(%d+) (%d+)"
            local from = process.now()
            for _ = 1, 25 do
                assert.equal("0\n", body "/many?n=400")
            end
            local seconds = process.now() - from
            settled()
            local references_after, memory_after = body("/memory"):match "^(%d+) (%d+)"
            print(("\n10,000 calls: %.1f s; descriptors %d, %d; references %d, %d; "
                .. "memory %d, %d kB"):format(seconds, open_before, descriptors(pid), references,
                references_after, memory, memory_after))
            assert.is_true(descriptors(pid) <= open_before)
            assert.is_true(tonumber(references_after) <= tonumber(references) + 10)
            assert.is_true(tonumber(memory_after) <= tonumber(memory) + 50)
        end)

        it("keeps nothing of finished calls while its pump goes on", function()
            local function round(n)
                for _ = 1, n do
                    body "/log?seconds=0"
                    body "/threads?n=3&seconds=0"
                end
                return tonumber(body("/memory"):match "^%d+")
            end
            body "/hold"
            local before = round(20)
            local after = round(100)
            assert.equal("true\n", body "/release")
            settled()
            assert.is_true(after <= before + 20, before .. ", " .. after .. " references")
        end)

        it("keeps nothing of finished callbacks while their request goes on", function()
            local more = tonumber((body "/long"))
            assert.is_true(more <= 20, more .. " references more")
        end)

        it("answers all calls in flight at a reload, then the old worker goes", function()
            local kept = {}
            for i = 1, 2 do
                local old = pid_of_worker()
                local before = tonumber((fact "log")) or 0
                local slow = open(20, "/slow?seconds=1.5")
                for _ = 1, 5 do
                    body "/log?seconds=1.5"
                end
                begun(25)
                nginx:signal "HUP"
                eventually("the new worker", function()
                    return pid_of_worker() ~= old
                end)
                local with_both = descriptors(master())
                assert.is_false(is_gone(old))
                settled()
                assert.equal(ID, body "/get")
                check_answers(slow, ID)
                local from = process.now() -- the old worker has no more to do
                eventually("the old worker is gone", function()
                    return is_gone(old)
                end)
                assert.is_true(process.now() - from < 2 * helper.patience)
                assert.equal(before + 5, tonumber((fact "log")))
                eventually("the master closed its channel to the old worker, a pair", function()
                    return descriptors(master()) == with_both - 2
                end)
                kept[i] = { master = descriptors(master()), worker = descriptors(pid_of_worker()) }
            end
            assert.same(kept[1], kept[2])
            settled()
        end)

        it("complains of nothing", function()
            check_log()
        end)
    end)

    describe("two workers", function()
        setup(function()
            start(2)
        end)
        teardown(stop)

        -- Connections that are kept open, by the number of the worker that accepted each.
        local function of_each_worker(path)
            local found = {}
            local ends = process.now() + 10 * helper.patience
            while process.now() < ends do
                local connections = open(20, path)
                for _, connection in ipairs(connections) do
                    local _, text = Nginx.answer(connection)
                    local worker, value = text:match "^(%d) (.*)\n$"
                    found[worker] = found[worker] or {}
                    table.insert(found[worker], value)
                end
                if found["0"] and found["1"] then
                    return found
                end
            end
            error "one of the workers never answered"
        end

        it("each made its calls in init_worker_by_lua, with the master's client", function()
            eventually("both callbacks", function()
                return fact "init_worker 66138975" == "2"
            end)
        end)

        it("share no connection, with each other or with the master", function()
            for worker, answers in pairs(of_each_worker "/worker") do
                for _, answer in ipairs(answers) do
                    assert.equal("66138975", answer, "worker " .. worker)
                end
            end
            local owner, seen = {}, {}
            for _, request in ipairs(helper.sandbox.log().requests) do
                local who = request.uri:match "^/delay/0%.00([129])/" -- 9: the master
                local number = tostring(request.connection)
                if who then
                    assert.equal(who, owner[number] or who)
                    owner[number], seen[who] = who, true
                end
            end
            assert.same({ ["1"] = true, ["2"] = true, ["9"] = true }, seen)
        end)

        it("count only their own calls", function()
            body "/hold"
            local counts = of_each_worker "/mine"
            local sums = {}
            for worker, values in pairs(counts) do
                sums[tonumber(worker) + 1] = values[1]
            end
            table.sort(sums)
            assert.same({ "0", "1" }, sums)
        end)
    end)

    it("carries calls although nginx drops the pump's timer", function()
        start(1, "lua_max_running_timers 1;\n")
        finally(stop)
        eventually("the callback of init_worker_by_lua", function()
            return fact "init_worker 66138975" == "1"
        end)
        settled()
        assert.equal("1\n", body "/occupy")
        body "/log?seconds=0"
        assert.equal(ID, body "/get")
        assert.equal("1", fact "log")
        assert.equal("100\n", body "/hundred")
        body "/let-go"
        settled()
        assert.equal(ID, body "/get")
        settled()
        check_log "lua_max_running_timers are not enough"
    end)

    for signal, how in pairs { QUIT = "gracefully", TERM = "fast" } do
        it("ends " .. how .. " with calls in flight", function()
            start()
            finally(stop)
            local pid, daemon = pid_of_worker(), master()
            local slow = open(20, "/slow?seconds=1.5")
            local threads = nginx:open "/threads?n=3&seconds=1.5"
            for _ = 1, 5 do
                body "/log?seconds=1.5"
            end
            begun(28)
            nginx:signal(signal)
            if signal == "QUIT" then
                check_answers(slow, ID)
                check_answers({ threads }, "started\n")
            end
            eventually("the worker is gone", function()
                return is_gone(pid)
            end)
            eventually("nginx is gone", function()
                return is_gone(daemon)
            end)
            local log = nginx:log()
            assert.matches("worker process " .. pid .. " exited with code 0", log)
            local ran = occurrences(log, "a late callback: 66138975")
            local lost = "8 callbacks of get_certificate did not run"
            if signal == "QUIT" then
                assert.equal(8, ran)
                check_log()
            else
                assert.equal(0, ran)
                assert.equal(1, occurrences(log, lost))
                check_log(lost)
            end
        end)
    end
end)
