-- Nothing that is given to one call sticks to the next, nor what a relative has to its client; and
-- tables of options are read once and left as they were.

local helper = require "helper"
local shared = require "support.options"

local ID, KEY = helper.CERT_ID, helper.key
local file_with, new, seen, works = shared.file_with, shared.new, shared.seen, shared.works

shared.options(function(base)
    describe("of one call", function()
        it("do not stick to the next", function()
            local client = new({ api_key = KEY, base_url = base(), user_agent = "parent" })
            local plain = { "authorization", "accept", "user-agent", "on-behalf-of", "x-own" }
            local function shape(request)
                local values = {}
                for i, name in ipairs(plain) do
                    values[i] = request.header[name] or ""
                end
                return values
            end
            works(client)
            works(client, {
                api_key = "SG.call", on_behalf_of = "sub", headers = { ["X-Own"] = "1" },
                user_agent = "call", timeout = 9, connect_timeout = 1, max_retries = 0,
            })
            works(client)
            local requests = helper.requests(base())
            assert.same(shape(requests[1]), shape(requests[3]))
            local other = shape(requests[2])
            for i, value in ipairs(shape(requests[1])) do
                if plain[i] ~= "accept" then
                    assert.not_equal(value, other[i])
                end
            end
            assert.equal(requests[1].connection, requests[2].connection)
            assert.equal(requests[1].connection, requests[3].connection)
        end)

        it("set time-outs and retries for it alone", function()
            local client = new({ api_key = KEY, base_url = helper.faults("delay-150") })
            local silent = helper.faults("stall-headers")
            local _, err = client:get_certificate(ID, { base_url = silent, timeout = 0.05 })
            assert.equal("timeout", err.kind)
            assert.is_table(client:get_certificate(ID))
            local hasty = helper.track(client:with({ timeout = 0.05 }))
            _, err = hasty:get_certificate(ID, { base_url = silent })
            assert.equal("timeout", err.kind)
            assert.is_table(hasty:get_certificate(ID, { timeout = 5 }))

            local broken = helper.faults("status-500")
            _, err = client:get_certificate(ID, { base_url = broken, max_retries = 0 })
            assert.equal(1, err.attempts)
            assert.equal(1, #helper.requests(broken))
        end)

        it("set validate for it alone", function()
            local client = new({ api_key = KEY, base_url = base() })
            local fields = { public_certificate = "anything" }
            local _, err = client:update_certificate(ID, fields)
            assert.equal("certificate", err.kind)
            assert.is_table(client:update_certificate(ID, fields, { validate = false }))
            _, err = client:update_certificate(ID, fields)
            assert.equal("certificate", err.kind)
            local lenient = helper.track(client:with({ validate = false }))
            assert.is_table(lenient:update_certificate(ID, fields))
            _, err = lenient:update_certificate(ID, fields, { validate = true })
            assert.equal("certificate", err.kind)
            assert.equal(2, #helper.requests(base()))
        end)
    end)

    describe("of a relative", function()
        it("are its own, and the connection is shared", function()
            local client = new({ api_key = KEY, base_url = base(), headers = { ["X-Own"] = "a" } })
            local relative = helper.track(client:with({
                on_behalf_of = "sub", api_key = "SG.relative", headers = { ["X-Own"] = "b" },
            }))
            works(client)
            works(relative)
            works(client)
            works(relative, { on_behalf_of = "call" })
            works(relative)
            assert.same({ "", "sub", "", "call", "sub" }, seen("on-behalf-of"))
            assert.same({ "a", "b", "a", "b", "b" }, seen("x-own"))
            assert.same({
                "Bearer " .. KEY, "Bearer SG.relative", "Bearer " .. KEY, "Bearer SG.relative",
                "Bearer SG.relative",
            }, seen("authorization"))
            local requests = helper.requests(base())
            for _, request in ipairs(requests) do
                assert.equal(requests[1].connection, request.connection)
            end
        end)

        it("may be none", function()
            local client = new({ api_key = KEY, base_url = base() })
            assert.equal(tostring(client), tostring(helper.track(client:with({}))))
            assert.equal(tostring(client), tostring(helper.track(client:with())))
        end)

        it("go on working when the first client is closed", function()
            local client = new({ api_key = KEY, base_url = base() })
            local relative = helper.track(client:with({ on_behalf_of = "sub" }))
            client:close()
            works(relative)
            local again, err = client:with({})
            assert.is_nil(again)
            assert.equal("cancelled", err.kind)
            assert.equal("the client is closed", err.message)
        end)
    end)

    describe("as tables", function()
        it("are read once", function()
            local headers = { ["X-Own"] = "before" }
            local options = {
                api_key = "SG.before", base_url = base(), on_behalf_of = "before",
                headers = headers, timeout = 9, validate = false,
            }
            local client = new(options)
            options.api_key, options.base_url, options.on_behalf_of = "SG.after", "x", "after"
            options.timeout, options.unknown, headers["X-Own"] = "x", true, "after"
            headers["X-New"], options.validate = "after", true
            works(client)
            assert.is_table(client:update_certificate(ID, { public_certificate = "any" }))
            for name, value in pairs({
                authorization = "Bearer SG.before", ["on-behalf-of"] = "before",
                ["x-own"] = "before", ["x-new"] = "",
            }) do
                assert.same({ value, value }, seen(name))
            end
        end)

        it("of a call are read before it returns", function()
            local client = new({ api_key = KEY, base_url = base() })
            local headers = { ["X-Own"] = "before" }
            local options = { headers = headers, on_behalf_of = "before" }
            client:get_certificate(ID, options, helper.expect(function(certificate)
                assert.equal(ID, certificate.id)
            end))
            options.on_behalf_of, headers["X-Own"] = "after", "after"
            client:run()
            assert.same({ "before" }, seen("on-behalf-of"))
            assert.same({ "before" }, seen("x-own"))
        end)

        it("are left as they were", function()
            local options = { api_key = " " .. KEY, base_url = base() .. "/", region = "eu" }
            local copy = { api_key = " " .. KEY, base_url = base() .. "/", region = "eu" }
            local client = new(options)
            assert.same(copy, options)
            local own = { api_key_file = file_with("SG.file"), headers = { A = "b" } }
            local name = own.api_key_file
            works(client, own)
            assert.same({ api_key_file = name, headers = { A = "b" } }, own)
        end)

        it("may have a metatable, which is not asked", function()
            local function never()
                error("a metamethod was called")
            end
            local mt = {
                __index = never, __newindex = never, __pairs = never, __len = never, __call = never,
            }
            local client = new(setmetatable({ api_key = KEY, base_url = base() }, mt))
            works(client, setmetatable({
                on_behalf_of = "sub", headers = setmetatable({ ["X-Own"] = "1" }, mt),
            }, mt))
            works(client:with(setmetatable({ on_behalf_of = "two" }, mt)))
            assert.same({ "sub", "two" }, seen("on-behalf-of"))
            assert.same({ "1", "" }, seen("x-own"))
        end)
    end)
end)
