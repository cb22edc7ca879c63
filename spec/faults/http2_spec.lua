-- Several calls on one connection of HTTP/2: each its own answer, in any order; what happens to
-- one of them is no other's affair; what happens to the connection is told of each.

local cjson = require "cjson"
local helper = require "helper"
local http = require "socket.http"
local loop = require "support.cqueues_loop"
local process = require "process"

require("cqueues").running() -- what it keeps from its first use on is its own affair

local PORT = "http2"

-- Requests that the client gave up: {on_connection, error}.
local function resets(base_url)
    local token = base_url:match "^%a+://[^/]+/[^/]+/([^/]+)"
    return cjson.decode((http.request(("http://127.0.0.1:%d/_resets/%s"):format(
        helper.fault_port "control", token))))
end

-- A client under "2" and the base URL it goes to.
local function at(scenario, options, port)
    local base_url = helper.faults(scenario, port or PORT)
    local all = { base_url = base_url, http_version = "2", max_retries = 0 }
    for name, value in pairs(options or {}) do
        all[name] = value
    end
    return helper.client(all), base_url
end

-- Starts n calls about certificates 1 to n. → function that waits for all and returns what came
-- of each, handles
local function start(client, n, operation)
    local got, handles = {}, {}
    for i = 1, n do
        local function callback(value, err, response)
            got[i] = { value = value, err = err, response = response }
            got.order = got.order or {}
            table.insert(got.order, i)
        end
        if operation == "create_certificate" then
            handles[i] = client:create_certificate({
                public_certificate = "certificate " .. i, enabled = true,
                integration_id = helper.INTEGRATION,
            }, helper.expect(callback))
        else
            handles[i] = client[operation or "get_certificate"](client, i, helper.expect(callback))
        end
    end
    return function()
        assert.equal(0, client:run(10 * helper.patience))
        return got
    end, handles
end

local function check_answer(result, i, attempts)
    assert.is_nil(result.err)
    assert.equal("2", result.response.http_version)
    assert.equal(i, result.value.id)
    assert.equal(attempts or 1, result.response.attempts)
end

-- On how many connections requests came.
local function connections(requests)
    local seen, n = {}, 0
    for _, request in ipairs(requests) do
        n = n + (seen[request.connection] and 0 or 1)
        seen[request.connection] = true
    end
    return n
end

-- How many results have these columns: kind, phase, maybe_applied.
local function count(got, kind, phase, maybe_applied)
    local n = 0
    for _, result in ipairs(got) do
        local err = result.err
        if err and err.kind == kind and err.phase == phase
            and (maybe_applied == nil or err.maybe_applied == maybe_applied) then
            n = n + 1
        end
    end
    return n
end

describe("HTTP/2 carries", function()
    helper.watch()

    it("64 calls at once on one connection, the last ones answered first", function()
        local before = helper.connections(PORT)
        local client, base_url = at "backwards-64"
        local got = start(client, 64)()
        for i = 1, 64 do
            check_answer(got[i], i)
        end
        for i = 1, 16 do -- several may come at once, and are then told in any order
            assert.is_true(got.order[i] > 32)
        end
        local requests = helper.requests(base_url)
        assert.equal(64, #requests)
        assert.equal(1, connections(requests))
        assert.equal(before + 1, helper.connections(PORT))
    end)

    -- Before it knows the server's limit libcurl takes it for 100.
    it("as many as max_in_flight says, once it has answered", function()
        local client, base_url = at("until-1-together-201-ok", { max_in_flight = 200 })
        assert(client:get_certificate "1")
        local got = start(client, 200)()
        for i = 1, 200 do
            check_answer(got[i], i)
        end
        assert.equal(1, connections(helper.requests(base_url)))
    end)

    it("calls one after the other, of a client and of those made of it", function()
        local client, base_url = at "ping"
        local other = helper.track(client:with { timeout = 5 })
        for i = 1, 3 do
            assert.equal(i, client:get_certificate(i).id)
            local value, err, response = other:get_certificate(i)
            check_answer({ value = value, err = err, response = response }, i)
            assert.is_true(response.timings.reused)
        end
        assert.equal(1, connections(helper.requests(base_url)))
    end)

    it("requests larger than a window", function()
        local client, base_url = at "ok"
        local got, text = {}, ("x"):rep(200000)
        for i = 1, 5 do
            client:update_certificate(i, { public_certificate = text }, helper.expect(
                function(value, err, response)
                    got[i] = { value = value, err = err, response = response }
                end))
        end
        assert.equal(0, client:run(10 * helper.patience))
        for i = 1, 5 do
            check_answer(got[i], i)
            assert.equal(text, got[i].value.public_certificate)
        end
        assert.equal(1, connections(helper.requests(base_url)))
    end)

    it("all calls to a server that takes one at a time", function()
        local client, base_url = at("delay-20", {}, "http2_one")
        local got = start(client, 10)()
        for i = 1, 10 do
            check_answer(got[i], i)
        end
        assert.equal(10, #helper.requests(base_url))
    end)

    it("calls through a proxy's tunnel", function()
        local client, base_url = at("ok", {
            proxy = "http://127.0.0.1:" .. helper.fault_port "proxy",
        })
        local value, err, response = client:get_certificate "5"
        check_answer({ value = value, err = err, response = response }, 5)
        assert.equal(1, #helper.requests(base_url))
    end)

    it("what the sandbox's nginx answers", function()
        helper.sandbox.reset()
        local client = helper.client {
            base_url = helper.sandbox_value "HTTP2", api_key = os.getenv "SENDGRID_API_KEY",
            ca_file = helper.sandbox_value "CA", http_version = "2",
        }
        local done = 0
        for _ = 1, 64 do
            client:update_certificate(helper.CERT_ID, { enabled = true }, helper.expect(
                function(value, err, response)
                    check_answer({ value = value, err = err, response = response }, helper.CERT_ID)
                    done = done + 1
                end))
        end
        assert.equal(0, client:run(10 * helper.patience))
        assert.equal(64, done)
        local log = helper.sandbox.log().requests
        assert.equal(64, #log)
        assert.equal(1, connections(log))
        for _, entry in ipairs(log) do
            assert.equal(2, entry.http_version)
            assert.equal("http2", entry.server)
        end
    end)
end)

describe("under HTTP/2", function()
    helper.watch()

    local function sandbox_client()
        return helper.client {
            base_url = helper.sandbox_value "HTTP2", api_key = os.getenv "SENDGRID_API_KEY",
            ca_file = helper.sandbox_value "CA", http_version = "2", max_retries = 0,
        }
    end

    it("the sandbox's faults are errors as ever, and its log has the request", function()
        helper.sandbox.reset()
        helper.sandbox.fault {
            { status = 503, headers = { ["Retry-After"] = "3" } },
            { close = "before", applied = false },
        }
        local client = sandbox_client()
        local _, err = client:get_certificate(helper.CERT_ID)
        assert.same({ "server", 503, 3 }, { err.kind, err.status, err.retry_after })
        _, err = client:update_certificate(helper.CERT_ID, { enabled = false })
        assert.same({ "network", true }, { err.kind, err.maybe_applied })
        assert(client:update_certificate(helper.CERT_ID, { enabled = true }))
        local log = helper.sandbox.log().requests
        assert.equal(3, #log)
        local names = {}
        for i, header in ipairs(log[3].headers) do
            names[i] = header[1]
        end
        assert.same({ "accept", "authorization", "content-length", "content-type", "host",
            "user-agent" }, names)
    end)

    -- To learn what became of a stream, libcurl is asked to talk; nobody else is to hear it.
    it("nothing is written anywhere", function()
        local done = helper.lua(([[
            local client = assert(require "sso".new {
                api_key = "SG.secret", http_version = "2", max_retries = 0, ca_file = %q,
            })
            for _, base_url in ipairs { %q, %q, %q } do
                client:get_certificate("1", { base_url = base_url })
            end
            client:close()
            io.stdout:write "done"
        ]]):format(helper.fault_ca(), helper.faults("ok", PORT), helper.faults("rst-7", PORT),
            helper.faults("garbage", PORT)))
        assert.equal("done", done.output)
        assert.equal(0, done.status)
    end)
end)

describe("HTTP/1.1 is spoken", function()
    helper.watch()

    local function version_of(options, scenario, port)
        local base_url = helper.faults(scenario or "ok", port)
        options.base_url = base_url
        local client = helper.client(options)
        local _, err, response = client:get_certificate "1"
        assert.is_nil(err)
        return response.http_version
    end

    it("where nothing else is asked for", function()
        assert.equal("1.1", version_of({}, "ok", PORT))
        assert.equal("1.1", version_of({ http_version = "1.1" }, "ok", PORT))
    end)

    it("without TLS", function()
        assert.equal("1.1", version_of({ http_version = "2" }, "ok", "http"))
    end)

    it("with servers that offer nothing else: a connection for each call at a time", function()
        local client, base_url = at("delay-50", {}, "http1_only")
        for _ = 1, 2 do
            local got = start(client, 10)()
            for i = 1, 10 do
                assert.is_nil(got[i].err)
                assert.equal(i, got[i].value.id)
                assert.equal("1.1", got[i].response.http_version)
            end
        end
        local requests = helper.requests(base_url)
        assert.equal(20, #requests)
        assert.equal(10, connections(requests))
    end)

    it("and an answer that nobody asked for is nobody's there either", function()
        local client = at("stray-answer", {}, "http1_only")
        assert.equal(1, client:get_certificate(1).id)
        assert.equal(2, client:get_certificate(2).id)
    end)

    it("and a kept connection that has died costs an attempt, not the call", function()
        local client, base_url = at("keepalive-then-close", { max_retries = 1 }, "http1_only")
        assert.equal(1, client:get_certificate(1).id)
        local value, _, response = client:get_certificate(2)
        assert.equal(2, value.id)
        assert.equal(2, response.attempts)
        assert.equal(2, connections(helper.requests(base_url)))
    end)
end)

describe("of calls on one connection,", function()
    helper.watch()

    it("one that is cancelled does no other any harm", function()
        local client, base_url = at "first-stall"
        local wait, handles = start(client, 10)
        client:get_certificate(11, helper.expect(function(value)
            assert.equal(11, value.id)
            assert.is_true(handles[1]:cancel())
        end))
        local got = wait()
        assert.equal(1, count(got, "cancelled", "first_byte", false))
        for i = 2, 10 do
            check_answer(got[i], i)
        end
        check_answer({ value = client:get_certificate(12), response = { http_version = "2",
            attempts = 1 } }, 12)
        assert.equal(1, connections(helper.requests(base_url)))
        assert.same({ { on_connection = 1, error = 5 } }, resets(base_url)) -- STREAM_CLOSED
    end)

    it("one whose deadline passes does not either", function()
        local client, base_url = at "first-stall-body"
        local err
        client:get_certificate(99, { timeout = 2 * helper.patience }, helper.expect(function(_, e)
            err = e
        end))
        local got = start(client, 10)()
        assert.equal("timeout", err.kind)
        assert.equal("body", err.phase)
        for i = 1, 10 do
            check_answer(got[i], i)
        end
        assert.equal(7, client:get_certificate(7).id) -- takes the reset along
        assert.equal(1, connections(helper.requests(base_url)))
        assert.equal(1, #resets(base_url))
    end)

    for _, scenario in ipairs { "endless", "oversized" } do
        it(("one that is too large does not either (%s)"):format(scenario), function()
            local client, base_url = at("together-10-first-" .. scenario)
            local got = start(client, 10)()
            assert.equal(1, count(got, "response", "body", false))
            for i = 2, 10 do
                check_answer(got[i], i)
            end
            check_answer({ value = client:get_certificate(12), response = { http_version = "2",
                attempts = 1 } }, 12)
            assert.equal(1, connections(helper.requests(base_url)))
        end)
    end

    it("one that the server breaks off does not either", function()
        local client, base_url = at "together-10-first-rst-2"
        local got = start(client, 10, "create_certificate")()
        assert.equal(1, count(got, "network", "first_byte", true))
        for i = 2, 10 do
            assert.is_nil(got[i].err)
            assert.equal("certificate " .. i, got[i].value.public_certificate)
        end
        assert.equal(1, connections(helper.requests(base_url)))
    end)

    it("those that a GOAWAY leaves out were not applied", function()
        local client, base_url = at "together-10-goaway-first"
        local got = start(client, 10, "create_certificate")()
        assert.is_nil(got[1].err)
        assert.equal(9, count(got, "network", "first_byte", false))
        assert.equal(10, #helper.requests(base_url))
    end)

    for _, scenario in ipairs { "goaway-first", "goaway-before", "rst-7" } do
        it(("those that are refused go out again together, once (%s)"):format(scenario), function()
            local before = helper.connections(PORT)
            local client, base_url = at("once-together-10-" .. scenario, { max_retries = 1 })
            local got = start(client, 10, "create_certificate")()
            local again = 0
            for i = 1, 10 do
                assert.is_nil(got[i].err)
                assert.equal("certificate " .. i, got[i].value.public_certificate)
                again = again + got[i].response.attempts - 1
            end
            assert.equal(scenario == "goaway-first" and 9 or 10, again)
            assert.equal(10 + again, #helper.requests(base_url))
            assert.is_true(helper.connections(PORT) <= before + 3) -- and not one each
        end)
    end

    it("each learns of a reset, and what does no harm twice goes out again", function()
        local client, base_url = at "together-10-reset"
        assert.equal(10, count(start(client, 10, "create_certificate")(), "network", "first_byte",
            true))
        assert.equal(10, #helper.requests(base_url))
        local before = helper.connections(PORT)
        client, base_url = at("once-together-10-reset-body", { max_retries = 1 })
        local got = start(client, 10)()
        for i = 1, 10 do
            check_answer(got[i], i, 2)
        end
        assert.equal(20, #helper.requests(base_url))
        assert.equal(before + 2, helper.connections(PORT))
    end)

    it("each ends when the connection is nonsense", function()
        local client = at("together-10-garbage", { timeout = 5 })
        local got = start(client, 10, "create_certificate")()
        local n = count(got, "protocol", "first_byte", true)
        assert.is_true(n >= 1)
        assert.equal(10, n + count(got, "network", "first_byte", true))
    end)

    it("those that wait for it learn why it does not come", function()
        for port, kind in pairs { expired = "tls", tls_reset = "tls", refused = "connect" } do
            local client = at("ok", {}, port)
            assert.equal(10, count(start(client, 10)(), kind, kind, false), port)
        end
    end)

    it("those that wait for it when the deadline passes were connecting", function()
        helper.patiently(function()
            local client = at("ok", { timeout = 0.3 * helper.patience }, "tls_stall")
            local got = start(client, 10)()
            assert.equal(1, count(got, "timeout", "tls", false))
            assert.equal(9, count(got, "timeout", "connect", false))
        end)
    end)

    it("nothing is left of any when the client is closed", function()
        local client, base_url = at "stall"
        local wait = start(client, 10, "create_certificate")
        client:run(0.05)
        while #helper.requests(base_url) < 10 do
            client:run(0.01)
        end
        client:close()
        assert.equal(10, count(wait(), "cancelled", "first_byte", true))
    end)
end)

describe("a connection of HTTP/2", function()
    helper.watch()

    it("that the server has given up is not used again", function()
        for _, scenario in ipairs { "goaway-after", "goaway-after-close" } do
            local client, base_url = at(scenario)
            for i = 1, 3 do -- POSTs, of which none is ever refused
                check_answer({ value = client:create_certificate {
                    public_certificate = "c", enabled = true,
                    integration_id = helper.INTEGRATION,
                }, response = { http_version = "2", attempts = 1 } }, helper.CERT_ID)
                assert.equal(i, connections(helper.requests(base_url)))
            end
        end
    end)

    -- What is known of a refused stream must not be said of the next one.
    it("that refused a call has not refused the next one, which failed otherwise", function()
        local client = at "ok"
        local fields = {
            public_certificate = "c", enabled = true, integration_id = helper.INTEGRATION,
        }
        assert(client:get_certificate "1")
        for _, row in ipairs {
            { "rst-7", "network", false }, { "garbage", "protocol", true },
            { "goaway-before", "network", false }, { "rst-2", "network", true },
            { "rst-7", "network", false }, { "end", "network", true },
        } do
            local _, err = client:create_certificate(fields, {
                base_url = helper.faults(row[1], PORT),
            })
            assert.same({ row[2], row[3] }, { err.kind, err.maybe_applied }, row[1])
        end
    end)

    it("is made anew in a child, whose parent's goes on", function()
        local client, base_url = at "ok"
        assert(client:get_certificate "1")
        local child = process.fork()
        if child == 0 then
            local value = client:get_certificate "2"
            process.exit(value and value.id == 2 and 0 or 1)
        end
        assert.equal(0, process.waitpid(child))
        assert.equal(3, client:get_certificate(3).id)
        assert.equal(2, connections(helper.requests(base_url)))
    end)
end)

describe("in cqueues, HTTP/2", function()
    helper.watch()

    it("carries the calls of many threads on one connection", function()
        local before = helper.connections(PORT)
        local client, base_url = at "backwards-20"
        local done = 0
        assert.same({}, loop.run(function()
            for i = 1, 20 do
                loop.spawn(function()
                    local value, err, response = client:get_certificate(i)
                    check_answer({ value = value, err = err, response = response }, i)
                    done = done + 1
                end)
            end
        end))
        assert.equal(20, done)
        assert.equal(20, #helper.requests(base_url))
        assert.equal(before + 1, helper.connections(PORT))
    end)
end)
