--- How a program looks into a client and drives it: events, and a loop of its own.

local helper = require "helper"
local process = require "process"
local socket = require "socket"

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

    it("lets go of a client whose callbacks LuaJIT has compiled", function()
        local run = helper.lua [[
            if rawget(_G, "jit") then
                jit.opt.start "hotloop=1"
            end
            local sso = require "sso"
            local kept = setmetatable({}, { __mode = "v" })
            local function use()
                kept[1] = assert(sso.new { api_key = "SG.key" })
                kept[1]:close()
                for i = 1, 20 do
                    kept[1]:get_certificate(i, function(_, err) print(err.kind) end)
                    kept[1]:step()
                end
            end
            use()
            collectgarbage()
            collectgarbage()
            print(kept[1])
        ]]
        assert.equal(("cancelled\n"):rep(20) .. "nil\n", run.output)
    end)

    it("begins 64 connections at once, and further ones little by little", function()
        -- a step could not be cut short with more of them
        local client = helper.client {
            base_url = helper.faults("ok", "tls_stall"), max_in_flight = 100,
        }
        local from = process.now()
        for i = 1, 70 do
            client:get_certificate(i, helper.expect(function(_, err)
                assert.equal("cancelled", err.kind)
            end))
        end
        client:step()
        local begun = client:_in_flight()
        assert.is_true(begun >= 64 and begun <= 65 + (process.now() - from) / 0.005, begun)
        while client:_in_flight() < 70 do
            client:run(0.01)
        end
        assert.is_true(process.now() - from >= 0.025)
        client:close()
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
