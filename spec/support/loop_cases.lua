--- The cases that every loop of coroutines has to pass, as rows of `it`s for one loop: an adapter
--- with name, run(main), spawn(main), pause(seconds), abandon(main, seconds).

local assert = require "luassert"
local helper = require "helper"
local process = require "process"
local sso = require "sso"

-- What LuaJIT compiles for a closure keeps alive what that closure refers to: here, clients, whose
-- descriptors are counted after each case.
if rawget(_G, "jit") then
    jit.off(true, true)
end

local ID = "66138975"

-- How long a loop may stand still in the best of several rounds: times its idle gap, and as a part
-- of the CPU time that the calls take in all.
local BOUND, PART = 50, 0.25

-- Runs it, and fails when the loop reported an error.
local function runs(loop, main)
    assert.same({}, loop.run(main))
end

-- Pauses until it is so; the loop goes on meanwhile.
local function until_so(loop, predicate)
    local ends = process.now() + 15
    while not predicate() do
        assert.is_true(process.now() < ends, "it never came to be")
        loop.pause(0.001)
    end
end

local function settled(loop, client)
    until_so(loop, function()
        return client:_active() == 0
    end)
    loop.pause(0.005) -- callbacks that begin in this turn
end

-- Counts turns of a ticker while a function runs.
local function ticks_during(loop, main)
    local ticks, over = 0, false
    loop.spawn(function()
        while not over do
            loop.pause(0.001)
            ticks = ticks + 1
        end
    end)
    main()
    over = true
    return ticks
end

local function waiting(it, loop)
    it("yields the thread in a plain call #timing", function()
        runs(loop, function()
            local client = helper.client { base_url = helper.faults "delay-500" }
            local value
            local ticks = ticks_during(loop, function()
                value = assert(client:get_certificate(ID))
            end)
            assert.equal(66138975, value.id)
            assert.is_true(ticks >= 10, "only " .. ticks .. " ticks")
        end)
    end)

    it("carries the calls of many threads at once", function()
        local base_url = helper.faults "delay-50"
        local client, order = helper.client { base_url = base_url }, {}
        runs(loop, function()
            for i = 1, 20 do
                loop.spawn(function()
                    order[#order + 1] = "begun"
                    assert.equal(i, assert(client:get_certificate(i)).id)
                    order[#order + 1] = "done"
                end)
            end
            settled(loop, client)
        end)
        assert.equal(("begun "):rep(20) .. ("done "):rep(20), table.concat(order, " ") .. " ")
        assert.equal(20, #helper.requests(base_url))
    end)

    it("ends at the deadline", function()
        runs(loop, function()
            local client = helper.client { base_url = helper.faults "stall-headers", timeout = 0.5 }
            local _, err = client:get_certificate(ID)
            assert.equal("timeout", err.kind)
            assert.equal("first_byte", err.phase)
        end)
    end)

    it("goes on ticking while a call waits to be tried again", function()
        local base_url = helper.faults "flaky-1-retry-after-1"
        runs(loop, function()
            local client = helper.client { base_url = base_url }
            local ticks = ticks_during(loop, function()
                local _, _, response = assert(client:get_certificate(ID))
                assert.equal(2, response.attempts)
            end)
            assert.is_true(ticks >= 100, "only " .. ticks .. " ticks")
        end)
        assert.equal(2, #helper.requests(base_url))
    end)

    it("wakes all who wait for the same handle", function()
        runs(loop, function()
            local client = helper.client { base_url = helper.faults "delay-30" }
            local handle = client:get_certificate(ID, helper.expect(function() end))
            local got = 0
            for _ = 1, 3 do
                loop.spawn(function()
                    local value = handle:wait()
                    got = got + value.id
                end)
            end
            sso.wait_all { handle }
            until_so(loop, function()
                return got == 3 * 66138975
            end)
        end)
    end)

    it("wakes those whose calls another thread steps", function()
        runs(loop, function()
            local client = helper.client { base_url = helper.faults "delay-20" }
            local done = 0
            for i = 1, 5 do
                loop.spawn(function()
                    assert(client:get_certificate(i))
                    done = done + 1
                end)
            end
            until_so(loop, function()
                client:step()
                return done == 5
            end)
        end)
    end)

    it("blocks outside of the loop, where client:run() runs callbacks", function()
        local client = helper.client { base_url = helper.faults "ok" }
        assert.equal(66138975, assert(client:get_certificate(ID)).id)
        client:get_certificate(ID, helper.expect(function() end))
        assert.equal(0, client:run())
        runs(loop, function()
            loop.pause(0.001) -- for what a loop that was not running has kept
        end)
    end)
end

-- Lua 5.1 itself cannot yield across pcall.
local function keys(it, loop)
    if _VERSION == "Lua 5.1" and not rawget(_G, "jit") then
        return
    end
    it("lets the api_key function yield", function()
        runs(loop, function()
            local client = helper.client {
                base_url = helper.faults "ok",
                api_key = function()
                    loop.pause(0.001)
                    return helper.key
                end,
            }
            assert(client:get_certificate(ID))
        end)
    end)
end

local function callbacks(it, loop)
    it("runs a callback once, after the call has returned, where it may yield", function()
        runs(loop, function()
            local client = helper.client { base_url = helper.faults "ok" }
            local returned, seen = false, nil
            client:get_certificate(ID, helper.expect(function(value)
                assert.is_true(returned)
                loop.pause(0.002)
                seen = value.id
            end))
            returned = true
            until_so(loop, function()
                return seen
            end)
            assert.equal(66138975, seen)
            assert.equal(0, client:_active())
        end)
    end)

    it("does so for a call that was refused before it began", function()
        runs(loop, function()
            local client = helper.client { base_url = helper.faults "ok", validate = true }
            local returned, seen = false, nil
            local fields = { public_certificate = "none" }
            client:update_certificate(ID, fields, helper.expect(function(_, err)
                assert.is_true(returned)
                seen = err.kind
            end))
            returned = true
            until_so(loop, function()
                return seen
            end)
            assert.equal("certificate", seen)
        end)
    end)

    it("reports the error of a callback and goes on with the others", function()
        local good = 0
        local errors = loop.run(function()
            local client = helper.client { base_url = helper.faults "delay-20" }
            for i = 1, 5 do
                client:get_certificate(i, helper.expect(function()
                    if i == 3 then
                        error "a bad callback"
                    end
                    good = good + 1
                end))
            end
            assert(client:get_certificate(ID))
            settled(loop, client)
        end)
        assert.equal(4, good)
        assert.equal(1, #errors)
        assert.matches("a bad callback", errors[1])
    end)

    it("cancels", function()
        runs(loop, function()
            local client = helper.client { base_url = helper.faults "stall-headers" }
            local seen
            local handle = client:get_certificate(ID, helper.expect(function(_, err)
                seen = err.kind
            end))
            loop.pause(0.01)
            assert.is_true(handle:cancel())
            until_so(loop, function()
                return seen
            end)
            assert.equal("cancelled", seen)
            assert.is_false(handle:cancel())
        end)
    end)

    it("runs everything with client:run()", function()
        runs(loop, function()
            local client, n = helper.client { base_url = helper.faults "delay-20" }, 0
            for i = 1, 10 do
                client:get_certificate(i, helper.expect(function()
                    n = n + 1
                end))
            end
            assert.equal(0, client:run())
            assert.equal(10, n)
        end)
    end)

    it("leaves client:run(seconds) when the time is over", function()
        runs(loop, function()
            local client = helper.client { base_url = helper.faults "delay-1500" }
            client:get_certificate(ID, helper.expect(function() end))
            assert.equal(1, client:run(0.02))
            assert.equal(0, client:run())
        end)
    end)
end

local function endings(it, loop)
    it("closes with calls in flight: each of them ends as cancelled", function()
        runs(loop, function()
            local client = helper.client { base_url = helper.faults "stall-headers" }
            local seen = {}
            loop.spawn(function()
                local _, err = client:get_certificate(ID)
                seen[#seen + 1] = err.kind
            end)
            client:get_certificate(ID, helper.expect(function(_, err)
                seen[#seen + 1] = err.kind
            end))
            loop.pause(0.01)
            client:close()
            until_so(loop, function()
                return #seen == 2
            end)
            assert.same({ "cancelled", "cancelled" }, seen)
            local _, err = client:get_certificate(ID)
            assert.equal("cancelled", err.kind)
        end)
    end)

    it("keeps a client that nobody holds until its calls have ended", function()
        local held = setmetatable({}, { __mode = "k" })
        local seen
        runs(loop, function()
            do
                local client = assert(sso.new {
                    api_key = helper.key, base_url = helper.faults "delay-50",
                })
                held[client] = true
                client:get_certificate(ID, helper.expect(function(value)
                    seen = value.id
                end))
            end
            loop.pause(0.01)
            collectgarbage()
            until_so(loop, function()
                return seen
            end)
        end)
        assert.equal(66138975, seen)
        loop.run(function()
            loop.pause(0.001) -- a loop may remember its last thread
        end)
        collectgarbage()
        collectgarbage()
        assert.is_nil(next(held))
    end)

    it("outlives a coroutine that dies while it waits", function()
        runs(loop, function()
            local base_url = helper.faults "delay-50"
            local client = helper.client { base_url = base_url }
            do
                local dying = coroutine.create(function()
                    client:get_certificate(ID)
                end)
                assert(coroutine.resume(dying))
                assert.equal("suspended", coroutine.status(dying))
            end
            collectgarbage()
            collectgarbage()
            assert.equal(66138975, assert(client:get_certificate(ID)).id)
            settled(loop, client)
            assert.equal(2, #helper.requests(base_url))
        end)
    end)

    it("is thrown away with calls in flight, and nothing is left", function()
        local client = helper.client { base_url = helper.faults "delay-1500" }
        loop.abandon(function()
            client:get_certificate(ID, function() end)
            client:get_certificate(ID)
        end, 0.05)
        runs(loop, function() -- the client goes on in another one
            assert.equal(66138975, assert(client:get_certificate(ID)).id)
            settled(loop, client)
        end)
    end)

    it("leaves memory, descriptors and references as they were by 10,000 calls #timing", function()
        local client = helper.track(assert(sso.new()))
        local function burst(n)
            local begun, left = 0, 2 * n
            for _ = 1, 32 do
                loop.spawn(function()
                    while begun < n do
                        begun = begun + 1
                        assert(client:get_certificate(ID))
                        left = left - 1
                        client:get_certificate(ID, function(value)
                            left = left - (value and 1 or 0)
                        end)
                    end
                end)
            end
            until_so(loop, function()
                return left == 0
            end)
            settled(loop, client)
        end
        local function state()
            collectgarbage()
            collectgarbage()
            local references, descriptors = 0, 0
            for _ in pairs(debug.getregistry()) do
                references = references + 1
            end
            for _ in pairs(process.descriptors()) do
                descriptors = descriptors + 1
            end
            return { references, descriptors, collectgarbage "count" }
        end
        local before, from, seconds
        runs(loop, function()
            -- all connections that there can be, so that none is opened after they were counted
            local late, left = { base_url = os.getenv "SENDGRID_BASE_URL" .. "/delay/0.3" }, 64
            for _ = 1, 64 do
                client:get_certificate(ID, late, function(value)
                    left = left - (value and 1 or 0)
                end)
            end
            until_so(loop, function()
                return left == 0
            end)
            burst(500)
            before, from = state(), process.now()
            for _ = 1, 10 do
                burst(500)
            end
            seconds = process.now() - from
        end)
        runs(loop, function()
            local after = state()
            print(("\n10,000 calls: %.1f s; descriptors %d, %d; references %d, %d; "
                .. "memory %.0f, %.0f kB"):format(seconds, before[2], after[2], before[1],
                after[1], before[3], after[3]))
            assert.is_true(after[1] <= before[1] + 8)
            assert.is_true(after[2] <= before[2])
            assert.is_true(after[3] < before[3] + 100)
        end)
    end)
end

local function gaps(it, loop)
    it("works for a millisecond at a time, at most", function()
        local methods, longest, steps = require("sso.core").client, 0, 0
        local step = methods._step
        methods._step = function(client, budget)
            steps, longest = steps + 1, math.max(longest, budget or math.huge)
            return step(client, budget)
        end
        local client = helper.client { base_url = helper.faults "delay-20" }
        local ok, why = pcall(runs, loop, function()
            client:get_certificate(1, helper.expect(function() end))
            assert(client:get_certificate(2))
            client:run()
        end)
        methods._step = step
        assert.is_true(ok, why)
        assert.is_true(steps > 0)
        assert.is_true(longest > 0 and longest <= 0.001, longest)
    end)

    it("ticks on while 64 TLS calls, a name look-up and a back-off are pending #timing", function()
        local done = helper.lua(([[
            require("support.loop_gap")(require "support.%s_loop")
        ]]):format(loop.name), { slow_names = true, timeout = 60 })
        assert.equal(0, done.status, done.output)
        local best, best_cpu, round
        local figures = "idle (%S+) busy (%S+) cpu (%S+) of (%S+)"
        for idle, busy, cpu, total in done.output:gmatch(figures) do
            best_cpu = math.min(best_cpu or 1, cpu / total)
            if not best or busy / idle < best then
                best = busy / idle
                round = ("ticker's longest gap: %.1f ms idle; %.1f ms (CPU: %.1f of %.0f ms) with "
                    .. "64 TLS calls, a look-up and a back-off"):format(
                    idle * 1000, busy * 1000, cpu * 1000, total * 1000)
            end
        end
        print(("\n%s: a call adds %.1f ms to 20 ms; %s"):format(loop.version,
            done.output:match "added (%S+)" * 1000, round))
        assert.is_true(best <= BOUND, done.output)
        assert.is_true(best_cpu <= PART, done.output)
    end)
end

--- Defines the cases, inside a describe.
return function(loop)
    local busted = require "busted"
    busted.setup(function() -- what a loop allocates once for good
        runs(loop, function()
            loop.pause(0.001)
            helper.client({ base_url = helper.faults "ok" }):get_certificate(ID)
        end)
    end)
    for _, rows in ipairs { waiting, keys, callbacks, endings, gaps } do
        rows(busted.it, loop)
    end
end
