-- What nobody does on purpose: methods on other values, fields of other names, calls from where
-- no Lua code is, text that is no text. Nothing of it crashes, each has one answer.

local core = require "sso.core"
local helper = require "helper"
local sso = require "sso"

local sandbox = helper.sandbox

local function client(options)
    local all = {
        base_url = helper.sandbox_value "HTTP", api_key = os.getenv "SENDGRID_API_KEY",
    }
    for name, value in pairs(options or {}) do
        all[name] = value
    end
    return helper.client(all)
end

-- A call that is answered by a fault of the sandbox.
local function answered_by(fault, options)
    fault.path = "/v3/sso/certificates/777"
    sandbox.fault { fault }
    return client(options):get_certificate(777)
end

describe("odd uses", function()
    helper.watch()

    before_each(function()
        sandbox.reset()
    end)

    teardown(function()
        sandbox.reset()
    end)

    it("methods refuse what is not theirs", function()
        local handle = client():get_certificate(helper.CERT_ID, helper.expect(function() end))
        for _, value in ipairs { 1, "text", {}, print, io.stdout, client() } do
            assert.has_error(function() handle.cancel(value) end)
            assert.has_error(function() handle.done(value) end)
        end
        for _, value in ipairs { 1, "text", {}, print, io.stdout, handle } do
            assert.has_error(function() core.client.close(value) end)
            assert.has_error(function() core.client.step(value) end)
        end
        handle:wait()
    end)

    it("a call under way has no result yet", function()
        local c = client()
        local handle = c:get_certificate(helper.CERT_ID, function() end)
        assert.equal(0, select("#", handle:_take()))
        assert.equal(0, select("#", handle:_result()))
        assert.is_false(handle:done())
        local id
        handle:_discard()
        handle = c:get_certificate(helper.CERT_ID, helper.expect(function(value)
            id = value.id
        end))
        handle:wait()
        assert.equal(helper.CERT_ID, id)
        assert.is_true(handle:done())
    end)

    it("an answer has no fields of other names", function()
        local _, _, response = client():get_certificate(helper.CERT_ID)
        for _, name in ipairs { 1, 1.5, true, "nonsense", "" } do
            assert.is_nil(response[name])
        end
        assert.is_nil(response.rate_limit)
        assert.is_table(response.headers)
    end)

    it("numbers in headers are whole, or not there", function()
        for _, text in ipairs { "", "x", "1x", "-1", "1.5", ("9"):rep(16) } do
            local _, _, response = answered_by {
                status = 200, headers = { ["X-RateLimit-Limit"] = text }, body = '{"id":777}',
            }
            assert.is_nil(response.rate_limit, text)
        end
        local _, _, response = answered_by {
            status = 200, body = '{"id":777}', headers = {
                ["X-RateLimit-Limit"] = "600", ["X-RateLimit-Reset"] = ("9"):rep(15),
                ["X-Message-Id"] = "m-1",
            },
        }
        assert.same({ limit = 600, reset = 999999999999999 }, response.rate_limit)
        assert.equal("m-1", response.request_id)
    end)

    it("mistakes called from C have no position", function()
        local made, thread = pcall(coroutine.create, core.new)
        if not made then
            return -- Lua 5.1 wants a Lua function there
        end
        local ok, message = coroutine.resume(thread, { timeout = "long" })
        assert.is_false(ok)
        assert.equal("sso.new: option 'timeout'", message:match "^sso.new: option 'timeout'")
    end)

    it("an unknown kind of failure is one of HTTP", function()
        assert.equal("http", core.failure("nonsense", "words").kind)
        assert.equal("saml", core.failure("saml", "words", "parse").kind)
        assert.equal("parse", core.failure("saml", "words", "parse").operation)
    end)

    it("a certificate whose subject was taken away shows as one", function()
        local list = assert(sso.certificate.parse((helper.certificate { key = "ec" })))
        list[1].subject = nil
        assert.equal("sso.certificate (?)", tostring(list[1]))
    end)

    it("a handle is asked again after it told", function()
        local c = client()
        local handle = c:get_certificate(helper.CERT_ID, helper.expect(function() end))
        handle:wait()
        assert.equal(helper.CERT_ID, (handle:_result()).id)
        assert.equal(helper.CERT_ID, (handle:_result()).id)
        assert.equal(0, select("#", handle:_take())) -- that was done
        handle:_watch()
        assert.is_nil(c:_next()) -- nobody waits for what was told
        assert.has_error(function() handle:_key(true, "SG.late") end)
    end)

    it("an event of a handle that was handed out is nobody's", function()
        local c = client()
        local events = 0
        local handle = c:get_certificate(helper.CERT_ID, { on_event = function()
            events = events + 1
        end }, function() end)
        repeat
            local done = c:_wait(1, handle)
        until done
        assert.equal(handle, c:_next())
        assert.is_nil(c:_next_event()) -- there were start, attempt and finish
        assert.equal(0, events)
        assert.equal(helper.CERT_ID, (handle:_take()).id)
    end)

    it("waits are as long as they can be", function()
        local c = client { base_url = helper.faults "delay-300" }
        local handle = c:get_certificate(helper.CERT_ID, helper.expect(function() end))
        for _, seconds in ipairs { 0, -1, 0 / 0 } do
            assert.is_false((c:_wait(seconds, handle)))
        end
        assert.has_error(function() c:_wait("long") end)
        assert.equal(0, c:run(60))
        for _, seconds in ipairs { 1e9, math.huge, 3601 } do
            assert.is_true((c:_wait(seconds, handle)))
        end
        for _, budget in ipairs { -1, 3601, 0 / 0, math.huge } do
            assert.has_error(function() c:_step(budget) end)
        end
        for _, budget in ipairs { 0, 0.5, 3600 } do
            c:_step(budget)
        end
    end)

    it("there are no other operations", function()
        local c = client()
        assert.is_nil(core.nonsense)
        assert.is_nil(core[1])
        for _, number in ipairs { -2, 1000, "x" } do
            assert.has_error(function() c:_begin(number, helper.CERT_ID) end)
        end
    end)

    it("a client that was collected is used no more", function()
        local c = assert(sso.new {
            base_url = helper.sandbox_value "HTTP", api_key = os.getenv "SENDGRID_API_KEY",
        })
        local collect = debug.getmetatable(c).__gc
        collect(c)
        collect(c)
        for _, use in ipairs { "_active", "_step", "_next", "pollfd", "timeout" } do
            assert.has_error(function() c[use](c) end)
        end
    end)

    it("a response without its headers has none", function()
        local _, _, response = client():get_certificate(helper.CERT_ID)
        response.raw_headers = nil
        assert.is_nil(response.headers)
        assert.is_nil(response.rate_limit)
    end)

    it("blanks around a value are no part of it", function()
        local c = client { api_key = " \t" .. os.getenv "SENDGRID_API_KEY" .. "\t " }
        assert(c:get_certificate(helper.CERT_ID))
        local base = helper.faults "ok"
        assert(client { base_url = base }:get_certificate(1, { headers = {
            ["X-A"] = " \tone two\t ", ["X-B"] = " \t", ["X-C"] = "",
        } }))
        local sent = helper.requests(base)[1].header
        assert.same({ "one two", "", "" }, { sent["x-a"], sent["x-b"], sent["x-c"] })
    end)

    it("a call without fields takes none in their place", function()
        local c = client()
        for _, none in ipairs { {}, false } do
            local value, err, response = c:get_certificate(helper.CERT_ID, none or nil,
                { timeout = 9 })
            assert(value, tostring(err))
            assert.equal(helper.CERT_ID, value.id)
            assert.equal(200, response.status)
        end
    end)

    it("the box of read certificates empties itself alone", function()
        local box = debug.getregistry()["sso.certificate.list"]
        for _, value in ipairs { 1, "text", {}, io.stdout, client() } do
            assert.has_error(function() box.__gc(value) end)
        end
    end)

    it("a program that is not there does not take this one's place", function()
        local done = helper.lua [[
            local core = require "sso.core"
            print(core.replace("/nowhere/at/all", "an argument"))
            print(pcall(core.replace))
        ]]
        assert.equal(0, done.status, done.output)
        assert.truthy(done.output:find("^No such file or directory\nfalse\t"), done.output)
    end)

    it("the key of a file that cannot be read is an error", function()
        for _, path in ipairs { "/", "/dev/full/x", "/dev/zero", "/nowhere/at/all" } do
            local c, err = sso.new { api_key_file = path }
            assert.is_nil(c)
            assert.equal("config", err.kind)
        end
    end)

    -- What a server says, and what of it is shown.
    local texts = {
        { "three bytes, none of them a control", "あ€", "あ€" },
        { "four bytes", "\240\159\144\177", "\240\159\144\177" },
        { "a byte order mark and marks of direction", "a\226\128\142b\226\129\166c", "abc" },
        { "a third byte that is wrong", "a\226\128Xb", nil },
        { "surrogates", "a\237\160\128b", nil },
        { "what is above all characters", "a\244\144\128\128b", nil },
        { "overlong forms", "a\224\128\128\240\128\128\128b", nil },
        { "controls of Latin-1", "a\194\155b", "ab" },
    }
    for _, row in ipairs(texts) do
        it("the text of an error may hold " .. row[1], function()
            local value, err = answered_by {
                status = 400, body = '{"errors":[{"message":"' .. row[2] .. '"}]}',
            }
            assert.is_nil(value)
            assert.equal("invalid_request", err.kind)
            if row[3] then
                local shown = tostring(err):gsub("[%z\1-\32?]", ""):gsub("\239\191\189", "")
                assert.truthy(shown:find(row[3], 1, true), tostring(err))
            end
            assert.falsy(tostring(err):find "\194\155")
            assert.falsy(tostring(err):find "\226\128\142")
        end)
    end

    it("a server is reached by IPv6", function()
        local base = helper.sandbox_value("HTTPS"):gsub("localhost", "[::1]")
        local c = client { base_url = base, ca_file = helper.sandbox_value "CA" }
        for _ = 1, 2 do
            local value, err, response = c:get_certificate(helper.CERT_ID)
            assert.equal(helper.CERT_ID, assert(value, tostring(err)).id)
            assert.is_string(response.http_version)
        end
    end)

    it("whole numbers may be floats", function()
        local c = client()
        local list = assert(c:list_teammates { limit = 2.0, offset = 0.0 })
        assert.is_table(list)
        assert.has_error(function() c:list_teammates { limit = 2.5 } end)
    end)
end)
