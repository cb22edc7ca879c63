--- Clients and handles as users hold them: both forms of a call, cancelling, closing, sharing,
--- events, loops of one's own, collection, fork, Ctrl-C.

local helper = require "helper"
local process = require "process"
local socket = require "socket"
local sso = require "sso"

local ID = "66138975"

-- What luasocket's select takes for a descriptor.
local function pollable(client)
    return {
        getfd = function()
            return client:pollfd()
        end,
        dirty = function()
            return false
        end,
    }
end

describe("the callback form", function()
    helper.watch()

    it("gives what the synchronous form returns", function()
        local client = helper.client { base_url = helper.faults "ok" }
        local fields = { public_certificate = "text", enabled = false }
        local value, err, response = client:update_certificate(ID, fields)
        local later = {}
        client:update_certificate(ID, fields, helper.expect(function(...)
            later = { ... }
        end))
        client:run()
        assert.same(value, later[1])
        assert.is_nil(err)
        assert.is_nil(later[2])
        assert.equal(response.status, later[3].status)
        assert.equal(response.body, later[3].body)
    end)

    it("gives the same error", function()
        local client = helper.client { base_url = helper.faults "status-403-array" }
        local _, err = client:get_certificate(ID)
        client:get_certificate(ID, helper.expect(function(value, later)
            assert.is_nil(value)
            assert.equal(err.kind, later.kind)
            assert.equal(err.message, later.message)
            assert.same(err.errors, later.errors)
        end))
        client:run()
    end)

    it("never runs a callback before the call has returned", function()
        local client = helper.client { base_url = helper.faults "ok", validate = true }
        local returned, during = false, {}
        local function note()
            during[#during + 1] = returned
        end
        client:get_certificate(ID, helper.expect(note))
        client:update_certificate(ID, { public_certificate = "no certificate" }, helper.expect(note))
        returned = true
        assert.same({}, during)
        client:run()
        assert.same({ true, true }, during)
    end)

    it("returns a handle that tells when it is done and gives the results again and again", function()
        local client = helper.client { base_url = helper.faults "ok" }
        local handle = client:get_certificate(ID, helper.expect(function() end))
        assert.is_false(handle:done())
        assert.matches("get_certificate, under way", tostring(handle))
        local value, err, response = handle:wait()
        assert.is_true(handle:done())
        assert.matches("get_certificate, done", tostring(handle))
        assert.equal(66138975, value.id)
        assert.is_nil(err)
        local again, _, same = handle:wait()
        assert.equal(value, again)
        assert.equal(response, same)
    end)

    it("runs the callbacks of other calls while it waits for one", function()
        local client = helper.client { base_url = helper.faults "delay-30" }
        client:get_certificate("1", helper.expect(function() end))
        local handle = client:get_certificate("2", helper.expect(function() end))
        handle:wait()
        client:run()
    end)

    it("does not run them during a plain call", function()
        local client = helper.client { base_url = helper.faults "ok" }
        local ran = 0
        client:get_certificate("1", helper.expect(function()
            ran = ran + 1
        end))
        for _ = 1, 3 do
            assert(client:get_certificate "2")
        end
        assert.equal(0, ran)
        client:run()
        assert.equal(1, ran)
    end)

    it("waits for several with sso.wait_all", function()
        local client = helper.client { base_url = helper.faults "delay-20" }
        local handles = {}
        for i = 1, 5 do
            handles[i] = client:get_certificate(i, helper.expect(function() end))
        end
        for i, handle in ipairs(sso.wait_all(handles)) do
            assert.equal(i, (handle:wait()).id)
        end
    end)

    it("lets a callback start another call", function()
        local client = helper.client { base_url = helper.faults "ok" }
        local order = {}
        client:get_certificate("1", helper.expect(function(first)
            order[1] = first.id
            client:get_certificate("2", helper.expect(function(second)
                order[2] = second.id
            end))
        end))
        assert.equal(0, client:run())
        assert.same({ 1, 2 }, order)
    end)

    it("lets a callback make a plain call", function()
        local client = helper.client { base_url = helper.faults "ok" }
        client:get_certificate("1", helper.expect(function()
            assert.equal(2, (client:get_certificate "2").id)
        end))
        client:run()
    end)

    it("delivers all others when a callback raises, and then raises that error", function()
        local client = helper.client { base_url = helper.faults "ok" }
        local ran = {}
        for i = 1, 3 do
            client:get_certificate(i, helper.expect(function()
                ran[#ran + 1] = i
                if i == 1 then
                    error "oh dear"
                end
            end))
        end
        local ok, why = pcall(client.run, client)
        client:run()
        assert.is_false(ok)
        assert.matches("oh dear", why)
        assert.matches("stack traceback", why)
        assert.equal(3, #ran)
    end)

    it("raises an error value as it is", function()
        local client = helper.client { base_url = helper.faults "ok" }
        local thrown = { code = 7 }
        client:get_certificate("1", helper.expect(function()
            error(thrown)
        end))
        local ok, why = pcall(client.run, client)
        assert.is_false(ok)
        assert.equal(thrown, why)
    end)

    it("runs for some time only, and says how many are left", function()
        local client = helper.client { base_url = helper.faults "stall-headers" }
        client:get_certificate("1", helper.expect(function(_, err)
            assert.equal("cancelled", err.kind)
        end))
        assert.equal(1, client:run(0.02))
        client:close()
    end)
end)

describe("max_in_flight", function()
    helper.watch()

    it("lets calls wait their turn, in order", function()
        local base_url = helper.faults "delay-5"
        local client = helper.client { base_url = base_url, max_in_flight = 1 }
        for i = 1, 6 do
            client:get_certificate(i, helper.expect(function() end))
        end
        client:run()
        local requests = helper.requests(base_url)
        assert.equal(6, #requests)
        for i, request in ipairs(requests) do
            assert.matches("/certificates/" .. i .. "$", request.target)
            assert.equal(requests[1].connection, request.connection)
        end
    end)

    it("runs the deadline of a call that waits in the queue", function()
        local client = helper.client {
            base_url = helper.faults "stall-headers", max_in_flight = 1, timeout = 0.3,
        }
        client:get_certificate("1", helper.expect(function(_, err)
            assert.equal("first_byte", err.phase)
        end))
        client:get_certificate("2", { timeout = 0.05 }, helper.expect(function(_, err)
            assert.equal("timeout", err.kind)
            assert.equal("queue", err.phase)
            assert.is_false(err.maybe_applied)
        end))
        client:run()
    end)
end)

describe("cancelling", function()
    helper.watch()

    local function cancelled(where)
        return helper.expect(function(value, err)
            assert.is_nil(value)
            assert.equal("cancelled", err.kind)
            assert.equal("get_certificate", err.operation, where)
        end)
    end

    it("ends a call that has not started", function()
        local base_url = helper.faults "ok"
        local client = helper.client { base_url = base_url }
        local handle = client:get_certificate(ID, cancelled "queue")
        assert.is_true(handle:cancel())
        assert.is_false(handle:cancel())
        client:run()
        assert.same({}, helper.requests(base_url))
    end)

    it("ends a call that is on the wire", function()
        local base_url = helper.faults "stall-headers"
        local client = helper.client { base_url = base_url }
        local handle = client:get_certificate(ID, cancelled "flight")
        while #helper.requests(base_url) == 0 do
            client:run(0.01)
        end
        assert.is_true(handle:cancel())
        assert.equal(0, client:run())
    end)

    it("ends a call that waits to try again", function()
        local base_url = helper.faults "retry-after-5"
        local client = helper.client { base_url = base_url }
        local retried
        local handle = client:get_certificate(ID, {
            on_event = function(event)
                retried = retried or event.event == "retry"
            end,
        }, cancelled "backoff")
        while not retried do
            client:run(0.01)
        end
        assert.is_true(handle:cancel())
        client:run()
        assert.equal(1, #helper.requests(base_url))
    end)

    it("is false when the call had ended", function()
        local client = helper.client { base_url = helper.faults "ok" }
        local handle = client:get_certificate(ID, helper.expect(function() end))
        handle:wait()
        assert.is_false(handle:cancel())
    end)

    it("of one call leaves the others alone", function()
        local client = helper.client { base_url = helper.faults "delay-30" }
        local handle = client:get_certificate("1", cancelled "one")
        client:get_certificate("2", helper.expect(function(value)
            assert.equal(2, value.id)
        end))
        client:run(0.005)
        handle:cancel()
        client:run()
    end)

    it("says that a change may have been carried out", function()
        local base_url = helper.faults "stall-headers"
        local client = helper.client { base_url = base_url }
        local handle = client:update_certificate(ID, { enabled = true },
            helper.expect(function(_, err)
                assert.is_true(err.maybe_applied)
            end))
        while #helper.requests(base_url) == 0 do
            client:run(0.01)
        end
        handle:cancel()
        client:run()
    end)
end)

describe("closing", function()
    helper.watch()

    it("cancels what is in flight and refuses later calls", function()
        local client = helper.client { base_url = helper.faults "stall-headers" }
        local kinds = {}
        for i = 1, 3 do
            client:get_certificate(i, helper.expect(function(_, err)
                kinds[i] = err.kind
            end))
        end
        client:run(0.01)
        client:close()
        assert.same({ "cancelled", "cancelled", "cancelled" }, kinds)
        local value, err = client:get_certificate(ID)
        assert.is_nil(value)
        assert.equal("cancelled", err.kind)
        assert.matches("closed", tostring(err))
        client:close()
        assert.matches("closed", tostring(client))
    end)

    it("reaches the callback of a call made afterwards", function()
        local client = helper.client { base_url = helper.faults "ok" }
        client:close()
        client:get_certificate(ID, helper.expect(function(_, err)
            assert.equal("cancelled", err.kind)
        end))
        client:run()
    end)

    it("may happen in a callback", function()
        local client = helper.client { base_url = helper.faults "delay-5" }
        local kinds = {}
        for i = 1, 3 do
            client:get_certificate(i, helper.expect(function(_, err)
                kinds[#kinds + 1] = err and err.kind or "ok"
                client:close()
            end))
        end
        client:run()
        assert.equal("ok", kinds[1])
        assert.equal(3, #kinds)
    end)

    if _VERSION == "Lua 5.4" then
        it("happens at the end of a block by <close>", function()
            local code = [[
                local client = ...
                do local closed <close> = client end
                return tostring(client)
            ]]
            local client = helper.client { base_url = helper.faults "ok" }
            assert.matches("closed", load(code)(client))
        end)
    end

    it("of a client that shares connections leaves the others open", function()
        local base_url = helper.faults "stall-headers"
        local client = helper.client { base_url = helper.faults "ok" }
        local other = assert(client:with { base_url = base_url })
        other:get_certificate("1", helper.expect(function(_, err)
            assert.equal("cancelled", err.kind)
        end))
        other:run(0.01)
        other:close()
        assert.equal("cancelled", select(2, other:get_certificate(ID)).kind)
        assert(client:get_certificate(ID))
        local last = assert(client:with {})
        client:close()
        assert(last:get_certificate(ID))
        assert.equal("cancelled", select(2, client:with {}).kind)
        last:close()
    end)
end)

describe("client:with", function()
    helper.watch()

    it("shares the connections and differs in what it was given", function()
        local base_url = helper.faults "ok"
        local client = helper.client { base_url = base_url }
        local other = assert(client:with { on_behalf_of = "subuser", api_key = "SG.other" })
        assert(client:get_certificate(ID))
        assert(other:get_certificate(ID))
        assert(client:get_certificate(ID))
        local requests = helper.requests(base_url)
        assert.equal(3, #requests)
        assert.equal(requests[1].connection, requests[2].connection)
        assert.equal("subuser", requests[2].header["on-behalf-of"])
        assert.equal("Bearer SG.other", requests[2].header.authorization)
        assert.is_nil(requests[3].header["on-behalf-of"])
        assert.equal("Bearer " .. helper.key, requests[3].header.authorization)
        other:close()
    end)
end)

describe("on_event", function()
    helper.watch()

    it("tells a call's story", function()
        local story = {}
        local client = helper.client {
            base_url = helper.faults "flaky-1-status-503-array",
            on_event = function(event)
                assert.equal("get_certificate", event.operation)
                story[#story + 1] = event
            end,
        }
        assert(client:get_certificate(ID))
        local names = {}
        for i, event in ipairs(story) do
            names[i] = event.event
        end
        assert.same({ "start", "attempt", "retry", "attempt", "finish" }, names)
        assert.equal("server", story[3].reason)
        assert.equal(503, story[3].status)
        assert.is_true(story[3].wait >= 0)
        assert.equal(2, story[4].attempt)
        assert.equal("ok", story[5].reason)
        assert.equal(200, story[5].status)
        assert.is_true(story[5].elapsed > 0)
    end)

    it("breaks nothing when it raises, and says so once", function()
        local run = helper.lua(([[
            local sso = require "sso"
            local client = assert(sso.new {
                api_key = "SG.key", base_url = %q, on_event = function() error "bad hook" end,
            })
            assert(client:get_certificate(1))
            assert(client:get_certificate(2))
            print "done"
        ]]):format(helper.faults "ok"))
        assert.equal(0, run.status, run.output)
        assert.matches("done", run.output)
        local _, times = run.output:gsub("bad hook", "")
        assert.equal(1, times)
    end)
end)

describe("a loop of one's own", function()
    helper.watch()

    it("polls one descriptor and steps when it is readable", function()
        local client = helper.client { base_url = helper.faults "delay-20" }
        assert.equal("r", client:events())
        local object = pollable(client)
        local left = 3
        for i = 1, 3 do
            client:get_certificate(i, helper.expect(function(value)
                assert.equal(i, value.id)
                left = left - 1
            end))
        end
        local turns = 0
        while left > 0 do
            local ready = socket.select({ object }, nil, 5)
            assert.equal(object, ready[1], "nothing to do, though calls are in flight")
            client:step(0.001)
            turns = turns + 1
        end
        assert.is_true(turns < 2000)
        assert.equal(0, client:step())
        assert.same({}, (socket.select({ object }, nil, 0)))
        assert.is_nil(client:timeout())
    end)

    it("wakes for a retry by the same descriptor", function()
        local base_url = helper.faults "flaky-1-status-503-array"
        local client = helper.client { base_url = base_url }
        local object, done = pollable(client), false
        client:get_certificate(ID, helper.expect(function()
            done = true
        end))
        while not done do
            assert.equal(object, socket.select({ object }, nil, 5)[1])
            client:step()
        end
        assert.equal(2, #helper.requests(base_url))
    end)

    it("does one thing with a budget of 0", function()
        local base_url = helper.faults "ok"
        local client = helper.client { base_url = base_url }
        for i = 1, 4 do
            client:get_certificate(i, helper.expect(function() end))
        end
        client:step(0)
        assert.equal(1, client:_in_flight())
        client:step(0)
        assert.is_true(client:_in_flight() <= 2)
        client:run()
    end)

    it("has a time-out when there is only time to wait for", function()
        local client = helper.client { base_url = helper.faults "retry-after-5", timeout = 30 }
        local handle = client:get_certificate(ID, helper.expect(function() end))
        while client:_in_flight() > 0 or client:timeout() == 0 do
            client:run(0.01)
        end
        assert.is_true(client:timeout() > 1 and client:timeout() <= 5)
        handle:cancel()
        client:run()
    end)

    it("may be handed over as a host of the user's own", function()
        local waited, started = 0, 0
        local client = helper.client {
            base_url = helper.faults "ok",
            host = {
                wait = function(client, handle)
                    waited = waited + 1
                    while not handle:done() do
                        socket.select({ pollable(client) }, nil, 1)
                        client:step()
                    end
                end,
                start = function()
                    started = started + 1
                end,
            },
        }
        assert(client:get_certificate(ID))
        client:get_certificate(ID, helper.expect(function() end))
        client:run()
        assert.equal(1, waited)
        assert.equal(1, started)
    end)
end)

describe("what is left to the collector", function()
    helper.watch()

    it("frees a client with calls in flight", function()
        local before = #helper.requests(helper.faults "ok")
        do
            local client = assert(sso.new {
                api_key = helper.key, base_url = helper.faults "stall-headers",
            })
            client:get_certificate(ID, function()
                error "a collected client must not run callbacks"
            end)
            client:run(0.02)
        end
        collectgarbage()
        collectgarbage()
        assert.equal(0, before) -- helper.watch looks for descriptors and references
    end)

    it("frees the call of a coroutine that died while it waited", function()
        local client = helper.client {
            base_url = helper.faults "stall-headers",
            host = {
                wait = function()
                    coroutine.yield()
                end,
                start = function() end,
            },
        }
        local thread = coroutine.create(function()
            client:get_certificate(ID)
        end)
        assert(coroutine.resume(thread))
        client:step()
        assert.equal(1, client:step())
        thread = nil
        collectgarbage()
        collectgarbage()
        assert.is_nil(thread)
        assert.equal(0, client:step())
    end)

    it("survives os.exit inside a callback, with the state closed", function()
        local run = helper.lua(([[
            local sso = require "sso"
            local client = assert(sso.new {api_key = "SG.key", base_url = %q})
            client:get_certificate(1, function()
                client:get_certificate(2, function() end)
                io.stdout:write "bye"
                os.exit(7, true)
            end)
            client:run()
        ]]):format(helper.faults "ok"))
        assert.equal(7, run.status, run.output)
        assert.equal("bye", run.output)
    end)

    it("survives the end of the state in every stage of a call", function()
        for _, scenario in ipairs { "ok", "stall-headers", "stall-body", "retry-after-5" } do
            for _, seconds in ipairs { "0", "0.02" } do
                local run = helper.lua(([[
                    local sso = require "sso"
                    client = assert(sso.new {api_key = "SG.key", base_url = %q})
                    handle = client:get_certificate(1, function() end)
                    client:run(%s)
                ]]):format(helper.faults(scenario), seconds))
                assert.equal(0, run.status, scenario .. ": " .. run.output)
                assert.equal("", run.output)
            end
        end
    end)

    it("survives cancelling during a slow name look-up and closing the state at once", function()
        local run = helper.lua([[
            local sso = require "sso"
            local client = assert(sso.new {api_key = "SG.key", base_url = "https://slow.test"})
            local handle = client:get_certificate(1, function(_, err)
                io.stdout:write(err.kind)
            end)
            client:run(0.05)
            assert(handle:cancel())
            client:run()
            client:close()
        ]], { slow_names = true })
        assert.equal(0, run.status, run.signal or run.output)
        assert.equal("cancelled", run.output)
        assert.is_true(run.elapsed < 1, "cancelling waited for the resolver")
    end)
end)

describe("a script that waits", function()
    helper.watch()

    it("is interrupted by Ctrl-C at once", function()
        local run = helper.lua(([[
            local sso = require "sso"
            local client = assert(sso.new {api_key = "SG.key", base_url = %q})
            io.stdout:write "waiting\n" io.stdout:flush()
            client:get_certificate(1)
        ]]):format(helper.faults "stall-headers"), { await = "waiting", signal = "INT" })
        assert.is_false(run.timed_out)
        assert.is_true(run.status ~= 0 or run.signal ~= nil)
        assert.is_true(run.after_signal < 1)
    end)
end)

describe("fork", function()
    helper.watch()

    it("gives the child fresh connections and leaves the parent's alone", function()
        local base_url = helper.faults("ok", "https")
        local client = helper.client { base_url = base_url }
        assert(client:get_certificate "1")
        local child = process.fork()
        if child == 0 then
            local value, err, response = client:get_certificate "2"
            process.exit(value and value.id == 2 and not response.timings.reused and 0
                or err and 1 or 2)
        end
        local status = process.waitpid(child)
        assert.equal(0, status)
        local value, _, response = client:get_certificate "3"
        assert.equal(3, value.id)
        assert.is_true(response.timings.reused)
    end)

    it("leaves a call in flight to the parent", function()
        local client = helper.client { base_url = helper.faults "delay-100" }
        local parent, outcome = process.getpid(), nil
        local handle = client:get_certificate("1", helper.expect(function(value, err)
            outcome = value and value.id or err.kind
            assert.is_true(process.getpid() ~= parent or outcome == 1)
        end))
        client:run(0.02)
        local child = process.fork()
        if child == 0 then
            local ok, value, err = pcall(handle.wait, handle)
            process.exit(ok and value == nil and err.kind == "cancelled"
                and outcome == "cancelled" and 0 or 1)
        end
        assert.equal(0, (process.waitpid(child)))
        client:run()
    end)
end)

describe("the module", function()
    it("tells the versions of what it runs on", function()
        local version = sso.version()
        assert.equal(sso._VERSION, version.module)
        assert.matches("^%d+%.%d+", version.libcurl)
        assert.matches("^%a+/%d", version.tls)
        assert.matches("^Lua", version.lua)
        assert.matches("%d", version.cjson)
    end)

    it("makes its client from the environment at first use, and fails by value without a key",
        function()
            local run = helper.lua([[
                local sso = require "sso"
                local value, err = sso.get_certificate(1)
                assert(value == nil and err.kind == "config", tostring(err))
                local order = {}
                local handle = sso.get_certificate(1, function(_, later)
                    order[#order + 1] = later.kind
                end)
                order[#order + 1] = "returned"
                assert(sso.run() == 0)
                print(table.concat(order, " "), handle:done())
            ]], { env = { "SENDGRID_API_KEY", "SENDGRID_API_KEY_FILE" } })
            assert.equal(0, run.status, run.output)
            assert.equal("returned config\ttrue\n", run.output)
        end)

    it("opens nothing when it is loaded", function()
        local run = helper.lua([[
            local process = require "process"
            local function count()
                local n = 0
                for _ in pairs(process.descriptors()) do n = n + 1 end
                return n
            end
            local before = count()
            local sso = require "sso"
            local client = sso.new {api_key = "SG.key"}
            print(count() - before, tostring(client))
        ]], { env = { "SENDGRID_BASE_URL", "SENDGRID_REGION" } })
        assert.equal("0\tsso.client (https://api.sendgrid.com)\n", run.output)
    end)
end)
