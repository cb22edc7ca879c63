--- cqueues as the host: the real library's controllers, in this process.

local cqueues = require "cqueues"
local helper = require "helper"
local loop = require "support.cqueues_loop"

local ID = "66138975"

describe("in cqueues", function()
    helper.watch()

    setup(function()
        print("\n" .. loop.version)
    end)

    require "support.loop_cases"(loop)

    it("is polled itself, in a loop of the program's own", function()
        local client = helper.client { base_url = helper.faults "delay-20", host = "blocking" }
        local left = 3
        for i = 1, 3 do
            client:get_certificate(i, helper.expect(function()
                left = left - 1
            end))
        end
        local turns = 0
        assert.same({}, loop.run(function()
            while left > 0 do
                assert.equal(client, cqueues.poll(client, 5))
                client:step(0.001)
                turns = turns + 1
            end
        end))
        assert.is_true(turns < 1000)
    end)

    it("is polled beside the pump", function()
        assert.same({}, loop.run(function()
            local client = helper.client { base_url = helper.faults "delay-20" }
            local done = 0
            for i = 1, 5 do
                loop.spawn(function()
                    assert(client:get_certificate(i))
                    done = done + 1
                end)
            end
            while done < 5 do
                cqueues.poll(client, 0.01)
                client:step()
            end
        end))
    end)

    it("yields through coroutines that are resumed with cqueues.resume", function()
        assert.same({}, loop.run(function()
            local client = helper.client { base_url = helper.faults "delay-20" }
            local inner = coroutine.create(function()
                coroutine.yield(assert(client:get_certificate(ID)).id)
            end)
            local ok, id = require("cqueues.auxlib").resume(inner)
            assert.is_true(ok)
            assert.equal(66138975, id)
        end))
    end)

    it("serves two controllers with one client", function()
        local client, done = helper.client { base_url = helper.faults "delay-30" }, {}
        local outer = cqueues.new()
        for name = 1, 2 do
            local inner = cqueues.new()
            inner:wrap(function()
                client:get_certificate(name, helper.expect(function()
                    assert.equal(inner, cqueues.running())
                end))
                assert.equal(name, assert(client:get_certificate(name)).id)
                done[#done + 1] = name
            end)
            outer:wrap(function()
                assert(inner:loop(10))
            end)
        end
        assert(outer:loop(10))
        table.sort(done)
        assert.same({ 1, 2 }, done)
    end)

    it("lets the controller end by itself when the last call has ended", function()
        local client = helper.client { base_url = helper.faults "ok" }
        local controller = cqueues.new()
        controller:wrap(function()
            client:get_certificate(ID, helper.expect(function() end))
        end)
        assert(controller:loop(10))
        assert.equal(0, controller:count())
    end)

    it("may be closed from outside of a controller", function()
        local client = helper.client { base_url = helper.faults "stall-headers" }
        local controller, kinds = cqueues.new(), {}
        controller:wrap(function()
            local _, err = client:get_certificate(ID)
            kinds[1] = err.kind
        end)
        assert(controller:loop(0.05))
        client:close()
        assert(controller:loop(10))
        assert.same({ "cancelled" }, kinds)
    end)
end)
