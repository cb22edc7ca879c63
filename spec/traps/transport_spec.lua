-- What went wrong in clients that came before about time, connections, retries and secrets: one
-- case each that shows that this client does not have it. docs/comparison.md tells the stories.

local calls = require "support.calls"
local core = require "sso.core"
local helper = require "helper"
local process = require "process"
local sso = require "sso"

local never_contains = require("support.failing").never_contains
local sandbox = helper.sandbox
local KEY = helper.key
local CERTIFICATE = { public_certificate = "c", integration_id = "i" }

local function count(requests, method)
    local n = 0
    for _, request in ipairs(requests) do
        n = n + (request.method == method and 1 or 0)
    end
    return n
end

-- A port of loopback where nobody answers.
local function nobody()
    return "http://127.0.0.1:" .. helper.fault_port "refused"
end

-- A client of the fault server in this scenario, and the server's address.
local function at(scenario, options)
    local base = helper.faults(scenario)
    local all = { base_url = base }
    for name, value in pairs(options or {}) do
        all[name] = value
    end
    return helper.client(all), base
end

describe("a fault of others about secrets:", function()
    helper.watch()

    it("the key is in no error, event or printed client", function()
        local seen = {}
        local options = { max_retries = 1, timeout = 2 * helper.patience, on_event = function(event)
            seen[#seen + 1] = event
        end }
        local failing = { "status-401-echo", "status-400-echo-escaped", "echo-reason",
            "status-403-echo-html", "echo-location-302", "close-before-answer", "garbage" }
        for _, scenario in ipairs(failing) do
            local client = at(scenario, options)
            local _, err = client:get_certificate "1"
            seen[#seen + 1] = err
            seen[#seen + 1] = tostring(err) .. err .. err.message .. tostring(client)
        end
        options.base_url = nobody()
        local client = helper.client(options)
        seen[#seen + 1] = select(2, client:get_certificate "1")
        local ok, why = pcall(client.get_certificate, client, "1", { api_key = { KEY } })
        assert.is_false(ok)
        seen[#seen + 1] = why
        assert.is_true(#seen > 25)
        never_contains(seen, KEY, "seen")
    end)

    it("white space around a key is dropped, inside it is refused", function()
        local client, base = at("ok", { api_key = " " .. KEY .. "\r\n" })
        assert.is_table(client:get_certificate "1")
        assert.equal("Bearer " .. KEY, helper.requests(base)[1].header.authorization)
        local other, err = sso.new { api_key = "SG.a\r\nX-Evil: 1" }
        assert.is_nil(other)
        assert.equal("config", err.kind)
    end)

    it("without a key nothing is sent", function()
        local base = helper.faults "ok"
        local ran = helper.lua([[
            local sso = require "sso"
            local client, err = sso.new()
            assert(client == nil and err.kind == "config")
            local value, why = sso.get_certificate("1")
            assert(value == nil and why.kind == "config")
            io.write(tostring(why))
        ]], { env = { "SENDGRID_API_KEY", "SENDGRID_API_KEY_FILE", "SENDGRID_BASE_URL=" .. base } })
        assert.equal(0, ran.status)
        assert.truthy(ran.output:find("no API key", 1, true))
        assert.equal(0, #helper.requests(base))
    end)

    it("the key does not travel in the clear", function()
        for _, url in ipairs { "http://api.sendgrid.com", "http://10.0.0.1",
            "http://localhost.x" } do
            local ok, why = pcall(sso.new, { api_key = KEY, base_url = url })
            assert.is_false(ok)
            assert.truthy(why:find("in the clear", 1, true))
        end
    end)

    it("TLS is verified, and no option turns that off", function()
        for _, name in ipairs { "insecure", "verify", "ssl_verify", "verify_peer" } do
            local ok, why = pcall(sso.new, { api_key = KEY, [name] = false })
            assert.is_false(ok)
            assert.truthy(why:find("unknown option", 1, true))
        end
        local base = helper.faults("ok", "https")
        local client = helper.client { base_url = base, ca_file = helper.sandbox_value "CA" }
        local value, err = client:get_certificate "1"
        assert.is_nil(value)
        assert.equal("tls", err.kind)
        assert.equal(0, #helper.requests(base))
    end)
end)

describe("a fault of others about options:", function()
    helper.watch()

    it("the server of a client is not reset by setting something else", function()
        local client, base = at "ok"
        local other = helper.track(client:with { api_key = "SG.other" })
        assert.is_table(other:get_certificate "1")
        assert.is_table(client:get_certificate("1", { api_key = "SG.third", timeout = 5 }))
        assert.is_table(client:with({ on_behalf_of = "sub" }):get_certificate "1")
        assert.equal(3, #helper.requests(base))
        assert.equal(tostring(client), tostring(other))
    end)

    it("what is changed in a table later changes nothing", function()
        local base = helper.faults "ok"
        local options = { api_key = KEY, base_url = base, headers = { ["X-A"] = "1" } }
        local client = helper.track(sso.new(options))
        options.base_url, options.api_key, options.headers["X-A"] = nobody(), "SG.x", "2"
        assert.is_table(client:get_certificate "1")
        local request = helper.requests(base)[1]
        assert.equal("Bearer " .. KEY, request.header.authorization)
        assert.equal("1", request.header["x-a"])
    end)

    it("headers of one call do not stick to the next", function()
        local client, base = at "ok"
        client:get_certificate("1", { headers = { ["X-Once"] = "1" }, on_behalf_of = "sub" })
        client:get_certificate "1"
        local requests = helper.requests(base)
        assert.equal("1", requests[1].header["x-once"])
        assert.is_nil(requests[2].header["x-once"])
        assert.is_nil(requests[2].header["on-behalf-of"])
    end)

    it("the European server is an option", function()
        local eu = helper.track(sso.new { api_key = KEY, region = "eu" })
        assert.truthy(tostring(eu):find("https://api.eu.sendgrid.com", 1, true))
        local global = helper.track(sso.new { api_key = KEY, region = "global" })
        assert.truthy(tostring(global):find("https://api.sendgrid.com", 1, true))
    end)
end)

describe("a fault of others about waiting:", function()
    helper.watch()

    it("nothing waits for ever by itself", function()
        local standards = {}
        for _, option in ipairs(core.options) do
            standards[option.name] = option.default or option.standard
        end
        assert.equal("30", tostring(standards.timeout))
        assert.equal("5", tostring(standards.connect_timeout))
    end)

    it("a silent server ends with the deadline, and the error says where it was", function()
        helper.patiently(function()
            local phases = { ["stall-headers"] = "first_byte", ["stall-body"] = "body" }
            for scenario, phase in pairs(phases) do
                local client = at(scenario, { timeout = 0.3 * helper.patience })
                local began = process.now()
                local value, err = client:get_certificate "1"
                local took = process.now() - began
                assert.is_nil(value)
                assert.equal("timeout", err.kind)
                assert.equal(phase, err.phase)
                took = took / helper.patience
                assert.is_true(took >= 0.29 and took < 0.6, took)
            end
        end)
    end)

    it("429 is tried again by itself, once the server's header says, in any spelling", function()
        for _, name in ipairs { "X-RateLimit-Reset", "x-ratelimit-reset", "X-Ratelimit-Reset" } do
            sandbox.reset()
            sandbox.fault { { status = 429, headers = { [name] = "now+0" } } }
            local client = calls.client { max_retries = 2 }
            local value, err, response = client:get_certificate(66138975)
            assert.is_nil(err)
            assert.is_table(value)
            assert.equal(2, response.attempts)
        end
        local client = at "flaky-1-ratelimit-reset-2"
        local began = process.now()
        assert.is_table(client:get_certificate "1")
        assert.is_true(process.now() - began >= 0.9) -- the server's clock has whole seconds
        sandbox.reset()
    end)

    it("the wait is judged by the server's clock, not ours", function()
        for _, skew in ipairs { "7200", "-7200" } do
            local client = at("flaky-1-ratelimit-reset-1-skew-" .. skew)
            local began = process.now()
            local value, _, response = client:get_certificate "1"
            assert.is_table(value)
            assert.equal(2, response.attempts)
            assert.is_true(process.now() - began < 5 * helper.patience)
        end
    end)

    it("a wait that does not fit is not begun", function()
        local client = at("retry-after-3600", { timeout = 20 })
        local began = process.now()
        local value, err, response = client:get_certificate "1"
        assert.is_nil(value)
        assert.equal("rate_limited", err.kind)
        assert.equal(3600, err.retry_after)
        assert.equal(1, err.attempts)
        assert.equal(429, response.status)
        assert.is_true(process.now() - began < 2 * helper.patience)
    end)

    it("nobody sleeps through a cancellation", function()
        local retried, ended = false, nil
        local client = at("retry-after-8", { on_event = function(event)
            retried = retried or event.event == "retry"
        end })
        local handle = client:get_certificate("1", helper.expect(function(value, err)
            ended = process.now()
            assert.is_nil(value)
            assert.equal("cancelled", err.kind)
            assert.equal("backoff", err.phase)
        end))
        while not retried do
            assert.equal(1, client:run(0.01))
        end
        local began = process.now()
        assert.is_true(handle:cancel())
        client:run()
        assert.is_true(ended - began < 0.5 * helper.patience)
        assert.is_false(handle:cancel())
    end)

    it("the last answer survives the last attempt", function()
        sandbox.reset()
        sandbox.fault {
            { status = 503, headers = { ["Retry-After"] = "0" } },
            { status = 503, headers = { ["Retry-After"] = "0" },
                body = '{"errors":[{"message":"the last word","field":null}]}' },
        }
        local _, err, response = calls.client({ max_retries = 1 }):get_certificate "1"
        assert.equal(2, err.attempts)
        assert.equal(503, err.status)
        assert.equal("the last word", err.errors[1].message)
        assert.truthy(tostring(err):find("the last word", 1, true))
        assert.truthy(response.body:find("the last word", 1, true))
        sandbox.reset()
    end)
end)

describe("a fault of others about connections:", function()
    helper.watch()

    it("a POST that was cut off is not sent twice, and the error says so", function()
        for _, scenario in ipairs { "close-before-answer", "reset-before-answer", "reset-mid-body",
            "status-500-object" } do
            local client, base = at(scenario, { max_retries = 3 })
            local value, err = client:create_certificate(CERTIFICATE)
            assert.is_nil(value)
            assert.is_true(err.maybe_applied)
            assert.equal(1, #helper.requests(base))
        end
    end)

    it("libcurl does not send anything again behind our back", function()
        for _, scenario in ipairs { "keepalive-then-close", "keepalive-then-reset" } do
            local client, base = at(scenario, { max_retries = 0 })
            assert.is_table(client:get_certificate "1")
            client:create_certificate(CERTIFICATE)
            assert.equal(1, count(helper.requests(base), "POST"))
            client:update_certificate("1", { enabled = true })
            client:update_certificate("1", { enabled = true })
            assert.is_true(count(helper.requests(base), "PATCH") <= 2)
        end
    end)

    it("a DELETE whose answer was lost is done when nothing is left", function()
        sandbox.reset()
        sandbox.fault { { method = "DELETE", close = "before", applied = true } }
        local client = calls.client { max_retries = 2 }
        local value, err, response = client:delete_certificate(66138975)
        assert.is_true(value)
        assert.is_nil(err)
        assert.equal(2, response.attempts)
        assert.same({}, sandbox.state().certificates)
        sandbox.reset()
    end)

    it("a refused connection is an error, not a crash", function()
        local client = helper.client { base_url = nobody(), max_retries = 0 }
        for _, call in ipairs(calls.rows) do
            local value, err, response = calls.call(client, call.name, call.full)
            assert.is_nil(value)
            assert.is_nil(response)
            assert.equal("connect", err.kind)
            assert.is_nil(err.status)
        end
    end)

    it("a redirect is not followed, and the key stays here", function()
        for _, status in ipairs { 301, 302, 303, 307, 308 } do
            local client, base = at("redirect-" .. status)
            local value, err = client:update_certificate("1", { enabled = true })
            assert.is_nil(value)
            assert.equal(status, err.status)
            assert.equal(1, #helper.requests(base)) -- the other server would log there too
        end
    end)

    it("an answer without an end is cut at 1 MiB", function()
        for _, scenario in ipairs { "oversized-body", "oversized-chunked", "gzip-bomb" } do
            local value, err = at(scenario):get_certificate "1"
            assert.is_nil(value)
            assert.equal("response", err.kind)
        end
    end)

    it("connections are kept, and the response tells", function()
        local client, base = at "ok"
        local _, _, first = client:get_certificate "1"
        local _, _, second = client:get_certificate "1"
        assert.is_false(first.timings.reused)
        assert.is_true(second.timings.reused)
        local requests = helper.requests(base)
        assert.equal(requests[1].connection, requests[2].connection)
    end)

    it("headers are found in any spelling", function()
        local _, _, response = at("headers"):get_certificate "1"
        assert.equal("600", response.headers["x-ratelimit-limit"])
        assert.equal(598, response.rate_limit.remaining)
        assert.equal("f3a1c0de", response.request_id)
    end)

    it("what a callback raises is heard, and stops no other call", function()
        local client = at "ok"
        client:get_certificate("1", helper.expect(function()
            error("mine", 0)
        end))
        client:get_certificate("2", helper.expect(function(value)
            assert.equal(2, value.id)
        end))
        local ok, why = pcall(client.run, client)
        assert.is_false(ok)
        assert.truthy(why:find "^mine")
        client:run()
    end)

    it("closing with calls in flight tells each of them, once", function()
        local client, base = at "stall-headers"
        for _ = 1, 3 do
            client:create_certificate(CERTIFICATE, nil, helper.expect(function(value, err)
                assert.is_nil(value)
                assert.equal("cancelled", err.kind)
                assert.is_true(err.maybe_applied)
            end))
        end
        while #helper.requests(base) < 3 do
            client:run(0.01)
        end
        client:close()
        client:close()
        local value, err = client:get_certificate "1"
        assert.is_nil(value)
        assert.equal("cancelled", err.kind)
    end)
end)
