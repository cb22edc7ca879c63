--- Calls in the callback form: what they give, when callbacks run, how they wait and are cancelled.

local helper = require "helper"
local sso = require "sso"

local ID = "66138975"

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
        client:update_certificate(ID, { public_certificate = "none" }, helper.expect(note))
        returned = true
        assert.same({}, during)
        client:run()
        assert.same({ true, true }, during)
    end)

    it("returns a handle that tells when it is done and gives the results again", function()
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
            base_url = helper.faults "stall-headers", max_in_flight = 1, timeout = 0.5,
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
        local silent = { base_url = helper.faults "stall-headers" }
        local handle = client:get_certificate("1", silent, cancelled "one")
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
