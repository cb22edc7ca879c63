--- The life of clients: closing, sharing, collection, the end of a state, fork, Ctrl-C, and the
--- default client.

local helper = require "helper"
local process = require "process"
local sso = require "sso"

local ID = "66138975"

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
        helper.patiently(function()
            local run = helper.lua([[
                local sso = require "sso"
                local client = assert(sso.new {
                    api_key = "SG.key", base_url = "https://slow-60000.test",
                })
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
            assert.is_true(run.elapsed < helper.patience, "cancelling waited for the resolver")
        end)
    end)
end)

describe("a script that waits", function()
    helper.watch()

    it("is interrupted by Ctrl-C at once", function()
        helper.patiently(function()
            local run = helper.lua(([[
                local sso = require "sso"
                local client = assert(sso.new {api_key = "SG.key", base_url = %q})
                io.stdout:write "waiting\n" io.stdout:flush()
                client:get_certificate(1)
            ]]):format(helper.faults "stall-headers"), { await = "waiting", signal = "INT" })
            assert.is_false(run.timed_out)
            assert.is_true(run.status ~= 0 or run.signal ~= nil)
            assert.is_true(run.after_signal < helper.patience)
        end)
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
        local client = helper.client { base_url = helper.faults "delay-1000" }
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
