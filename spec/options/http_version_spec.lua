-- The option http_version: what it may be, where it may stand, and that what is made of a client
-- speaks as it does.

local helper = require "helper"
local shared = require "support.options"
local sso = require "sso"

local PORT = "http2"

shared.options(function()
    local function at(options)
        options.base_url = options.base_url or helper.faults("ok", PORT)
        return helper.client(options)
    end

    local function version(client)
        local _, err, response = client:get_certificate(helper.CERT_ID)
        assert.is_nil(err)
        return response.http_version
    end

    local function refused(why, f, ...)
        local ok, raised = pcall(f, ...)
        assert.is_false(ok)
        assert.truthy(raised:find(why, 1, true), raised)
    end

    it("http_version is 1.1 unless it is said to be 2", function()
        assert.equal("1.1", version(at {}))
        assert.equal("1.1", version(at { http_version = "1.1" }))
        assert.equal("2", version(at { http_version = "2" }))
    end)

    it("http_version is one of two strings", function()
        for value, shown in pairs {
            ["3"] = "'3'", [""] = "''", ["1.0"] = "'1.0'", ["h2"] = "'h2'", ["2\27"] = "'2",
        } do
            refused("sso.new: option 'http_version' must be \"1.1\" or \"2\", not " .. shown,
                sso.new, { api_key = "SG.k", http_version = value })
        end
        for value, shown in pairs { [2] = "2", [true] = "boolean" } do
            refused("sso.new: option 'http_version' must be \"1.1\" or \"2\", not " .. shown,
                sso.new, { api_key = "SG.k", http_version = value })
        end
        refused("option 'http_version' holds a zero byte", sso.new,
            { api_key = "SG.k", http_version = "2\0" })
        refused("did you mean 'http_version'?", sso.new, { api_key = "SG.k", htp_version = "2" })
    end)

    it("http_version is for sso.new alone, and holds for what is made of the client", function()
        local client = at { http_version = "2" }
        refused("option 'http_version' can only be given to sso.new", client.with, client,
            { http_version = "1.1" })
        refused("option 'http_version' can only be given to sso.new", client.get_certificate,
            client, "1", { http_version = "2" })
        assert.equal("2", version(helper.track(client:with { api_key = "SG.other" })))
        local _, err, response = client:get_certificate(helper.CERT_ID, { timeout = 5 })
        assert.is_nil(err)
        assert.equal("2", response.http_version)
    end)

    it("http_version does not matter without TLS", function()
        assert.equal("1.1", version(at { base_url = shared.base(), http_version = "2" }))
    end)

    it("http_version goes with a key that is asked for at each call", function()
        local n = 0
        local client = at {
            http_version = "2",
            api_key = function()
                n = n + 1
                return "SG.key" .. n
            end,
        }
        for _ = 1, 3 do
            assert.equal("2", version(client))
        end
        assert.equal(3, n)
    end)
end)
